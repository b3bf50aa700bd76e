import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { stringify } from 'yaml';
import { errorShape } from '../../docs/generate/json-shapes.ts';
import type { PlainConfig } from './base-config.ts';
import type { CommandRun } from './run-command.ts';
import { type RunOptions, runProgram } from './run-program.ts';
import { scratch } from './scratch.ts';

/** Stands in configurations of these tests wherever a secret stands: it is told nowhere. */
export const secret = 'keep-me-out-of-everything';

/** What is wrong, and how it is to be told. */
export interface Wrong extends RunOptions {
  readonly words: readonly string[];
  /** Default: 1. */
  readonly exit?: number;
  /** As `--json` tells it. Of `serve`, which has no `--json`, it is not seen. */
  readonly code: string;
  /** In what was found, expected, or to be done. */
  readonly says: RegExp;
}

const parts = /(?:^|\n)upstairs: (?<found>[\s\S]+?)\n {2}expected: (?<expected>.+)\n {2}to do: (?<todo>.+)\n$/;

/** Runs it for people and for programs: both are told what was found, what was expected, what to do; and nothing that they must not see. */
export async function expectTold({ words, exit = 1, code, says, ...options }: Wrong): Promise<void> {
  const run = await runProgram(words, options);
  expectDecent(run);
  const { found = '', expected = '', todo = '' } = parts.exec(run.stderr)?.groups ?? {};
  expect([run.code, found, expected, todo], run.stderr).toEqual([
    exit,
    ...[found, expected, todo].map(() => expect.stringMatching(/\S.{6,}/s)),
  ]);
  // A code of the system's alone says nothing to anybody.
  expect(found).not.toMatch(/^(E[A-Z]+|SQLITE\w*|Error|\w+Error)\b/);
  expect(`${found}\n${expected}\n${todo}`).toMatch(says);
  if (words[0] === 'serve') return;

  expect(run.stdout).toBe('');
  const end = words.findIndex((word) => word.startsWith('-'));
  const told = await runProgram(words.toSpliced(end === -1 ? words.length : end, 0, '--json'), options);
  expectDecent(told);
  const last = told.stderr.trimEnd().split('\n').at(-1) ?? '';
  const { error } = errorShape.parse(JSON.parse(last));
  expect([told.code, told.stdout, error.code]).toEqual([exit, '', code]);
  expect(error.todo).toMatch(/\S.{6,}/);
  expect(`${error.message}\n${error.expected}\n${error.todo}`).toMatch(says);
}

/** No stack, no secret, no control characters; and only log lines on the standard output of `serve`. */
function expectDecent({ stdout, stderr }: CommandRun): void {
  const all = stdout + stderr;
  expect(all).not.toMatch(/\n\s+at .+[:(]|node:internal|ERR_SQLITE_ERROR|Warning:/);
  expect(all).not.toContain(secret);
  expect(stderr.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  for (const line of stdout.split('\n').filter(Boolean)) expect(line).toMatch(/^\{/);
}

/** The file of a configuration. */
export function fileOf(config: PlainConfig): string {
  const path = join(scratch('config'), 'upstairs.yaml');
  writeFileSync(path, stringify(config));
  return path;
}

/** Runs it on this configuration; `code` is what `--json` tells. */
export async function told(config: PlainConfig, words: readonly string[], code: string, says: RegExp): Promise<void> {
  await expectTold({ words: [...words, '-c', fileOf(config)], code, says });
}
