import type { z } from 'zod';
import { OperatorError } from '../lib/operator-error.ts';

/** One thing that is wrong. `path` is the option's place (`bucket.name`, `sources.0.root`), or '' for the whole file. */
export interface Problem {
  path: string;
  message: string;
}

/**
 * The configuration can't be used. Holds every problem that could be found, and never a value: it may be a secret.
 * For the same reason it has no `cause`. `message` has a problem a line.
 */
export class ConfigError extends OperatorError<'CONFIG_INVALID'> {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[], file: string) {
    const lines = problems.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('\n');
    const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
    super('CONFIG_INVALID', {
      found: `the configuration ${file} cannot be used: ${count}\n${lines}`,
      expected: 'options as docs/reference/configuration.md has them, and `upstairs schema` for an editor',
      todo: `correct ${problems.length === 1 ? 'it' : 'these'} in ${file}; \`upstairs check -c ${file}\` looks at everything else too`,
    });
    this.message = lines;
    this.problems = problems;
  }
}

const kinds: Record<string, string> = {
  string: 'must be text: if it looks like a number, put it in quotes',
  object: 'must be a section: its options on lines of their own below it, indented',
  array: 'must be a list',
};

/** Words for what zod found wrong. zod's own may tell what was received, so none of them is passed on. */
export function wording(issue: z.core.$ZodRawIssue): string {
  if (issue.input === undefined) return 'is required';
  if (issue.input === null) return 'is empty: give it a value, or remove the line';
  switch (issue.code) {
    case 'invalid_type':
      return kinds[issue.expected] ?? `must be a ${issue.expected}`;
    case 'invalid_value':
      return `must be one of: ${issue.values.join(', ')}`;
    case 'invalid_union':
      return Array.isArray(issue.options) ? `must be one of: ${issue.options.join(', ')}` : 'is not valid';
    case 'too_small':
      return issue.origin === 'array' ? 'must have at least one entry' : 'is too small';
    default:
      return 'is not valid';
  }
}

/** A flow mapping such as `{hunter2}` makes a key out of a value, so only what looks like an option's name is shown. */
const looksLikeOption = /^[A-Za-z][\w-]{0,30}$/;

/** An option's place, with a `?` for each name that may be a value gone astray. */
export function shownPath(path: readonly string[]): string {
  return path.map((name) => (looksLikeOption.test(name) || /^\d+$/.test(name) ? name : '?')).join('.');
}

/** The problems in a zod error; each unknown key is one of its own. `meant`: the option that an unknown one was probably meant to be. */
export function problemsIn(error: z.ZodError, meant: (path: readonly string[]) => string | undefined): Problem[] {
  return error.issues.flatMap((issue) => {
    const section = issue.path.map(String);
    if (issue.code !== 'unrecognized_keys') return [{ path: section.join('.'), message: issue.message }];
    return issue.keys.map((key) => unknownOption(section, key, meant));
  });
}

function unknownOption(
  section: string[],
  key: string,
  meant: (path: readonly string[]) => string | undefined,
): Problem {
  if (!looksLikeOption.test(key))
    return {
      path: section.join('.'),
      message: 'has an option whose name is not a word: check its quotes and its indentation',
    };
  const path = [...section, key];
  const near = meant(path);
  const todo = near === undefined ? 'check its spelling and its indentation' : `did you mean ${near}?`;
  return { path: path.join('.'), message: `is not a known option: ${todo}` };
}
