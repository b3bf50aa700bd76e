import { type ErrorCode, LineCounter, parseDocument } from 'yaml';
import type { Problem } from './problems.ts';

/** Words for some of the parser's codes; its own messages quote the file, which may hold secrets. */
const words: Partial<Record<ErrorCode, string>> = {
  BAD_INDENT: 'the indentation is wrong',
  BLOCK_AS_IMPLICIT_KEY:
    'a section begins inside of a line: put its options on lines of their own, or the value in quotes',
  DUPLICATE_KEY: 'the same option is given twice: remove one',
  MISSING_CHAR: 'something is missing: a quote, a bracket, a comma, or a space after ":"',
  MULTIPLE_DOCS: 'there is a second document ("---"): only one is allowed',
  MULTILINE_IMPLICIT_KEY: 'an option without ":", or with its value on the wrong line',
  NON_STRING_KEY: 'the name of an option must be plain text',
  TAB_AS_INDENT: 'tabs must not indent: use spaces',
  TAG_RESOLVE_FAILED: 'the tag ("!...") is not known: put the value in quotes',
};

/**
 * The value that a YAML text holds, or what is wrong with the text, with line and column.
 * Duplicate keys, unknown tags and second documents are problems.
 */
export function parseYaml(text: string): { value: unknown; problems: Problem[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
  });
  const problems = [...document.errors, ...document.warnings].map(({ code, pos }) => {
    const { line, col } = lines.linePos(pos[0]);
    return { path: '', message: `line ${line}, column ${col}: ${words[code] ?? 'this is not YAML'}` };
  });
  if (problems.length > 0) return { value: undefined, problems };
  try {
    return { value: document.toJS(), problems };
  } catch {
    return { value: undefined, problems: [{ path: '', message: 'an alias ("*...") is unknown, or used too often' }] };
  }
}
