import { codeOf } from './error-code.ts';
import { type Problem, shownPath } from './problems.ts';

/** Where `${...}` takes its text from. */
export interface InterpolationSources {
  env: Readonly<Record<string, string | undefined>>;
  /** Text of a file; throws if it can't be read. */
  readFile: (path: string) => string;
}

const expression = /\$\$\{|\$\{([^}]*)(\})?/g;
const variable = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;
const forms = `write \${NAME}, \${NAME:-default} or \${file:/absolute/path}, or $\${ where a plain \${ is meant`;

/**
 * Replaces, in every text value of a parsed file: `${NAME}` by that variable; `${NAME:-default}` likewise, by the
 * default if it is unset or empty; `${file:/path}` by a file's text without the newline at its end; `$${` by `${`.
 * It works on values and never looks at its own output, so nothing that comes in can become structure or another `${`.
 * A value that can't be made is undefined in the result, and a problem; problems name variables, never values.
 */
export function interpolate(value: unknown, from: InterpolationSources): { value: unknown; problems: Problem[] } {
  const problems: Problem[] = [];
  return { value: walk(value, [], from, problems), problems };
}

function walk(value: unknown, path: string[], from: InterpolationSources, problems: Problem[]): unknown {
  if (typeof value === 'string') return expand(value, path, from, problems);
  if (Array.isArray(value)) return value.map((item, i) => walk(item, [...path, String(i)], from, problems));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, walk(inner, [...path, key], from, problems)]),
  );
}

function expand(text: string, path: string[], from: InterpolationSources, problems: Problem[]): string | undefined {
  const found: Problem[] = [];
  const result = text.replace(expression, (match: string, inner: string | undefined, end: string | undefined) => {
    if (match === '$${') return '${';
    const outcome = end === undefined ? { problem: `has a \${ without its }: ${forms}` } : look(inner ?? '', from);
    if ('text' in outcome) return outcome.text;
    found.push({ path: shownPath(path), message: outcome.problem });
    return '';
  });
  problems.push(...found);
  return found.length > 0 ? undefined : result;
}

function look(inner: string, { env, readFile }: InterpolationSources): { text: string } | { problem: string } {
  if (inner.startsWith('file:')) return lookInFile(inner.slice('file:'.length), readFile);
  const [, name, fallback] = variable.exec(inner) ?? [];
  if (name === undefined) return { problem: `has a \${...} that is not understood: ${forms}` };
  const set = Object.hasOwn(env, name) ? env[name] : undefined;
  const text = fallback === undefined ? set : set || fallback;
  return text === undefined ? { problem: `the environment variable ${name} is not set` } : { text };
}

function lookInFile(path: string, readFile: (path: string) => string): { text: string } | { problem: string } {
  if (!path.startsWith('/')) return { problem: `the path in \${file:...} must be absolute` };
  try {
    return { text: readFile(path).replace(/[\r\n]+$/, '') };
  } catch (error) {
    return { problem: `the file in \${file:...} can't be read (${codeOf(error)})` };
  }
}
