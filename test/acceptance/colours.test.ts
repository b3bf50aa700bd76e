import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BoundState, boundState } from '../support/bound-state.ts';
import { programEnv } from '../support/program-env.ts';
import { runProgram } from '../support/run-program.ts';
import { fileOf } from '../support/told-error.ts';

const program = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const terminal = fileURLToPath(new URL('../support/terminal.py', import.meta.url));
const python = '/usr/bin/python3';
const csi = '\u001b[';
const red = `${csi}31m`;

const run = promisify(execFile);

/** What a person sees. */
async function onTerminal(
  words: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number; written: string }> {
  const { stdout } = await run(python, [terminal, execPath, program, ...words], {
    env: { ...programEnv, TERM: 'xterm-256color', ...env },
  });
  return JSON.parse(stdout);
}

let bound: BoundState;
let c: string[];
beforeAll(async () => {
  bound = await boundState({});
  c = ['-c', fileOf(bound.config)];
  expect((await runProgram(['scan', ...c])).code).toBe(0);
}, 60_000);
afterAll(() => bound[Symbol.asyncDispose]());

describe.skipIf(!existsSync(python))('on a terminal', () => {
  test('an error begins in red, and so does what is wrong with the machine', async () => {
    expect((await onTerminal(['statsu'])).written).toContain(`${red}upstairs:`);
    expect((await onTerminal(['check', '-c', '/no/such.yaml'])).written).toContain(`${red}error`);
  });

  test('how it stands is told by a colour: safe to unplug, clean', async () => {
    expect((await onTerminal(['status', ...c])).written).toContain(`safe to unplug: ${csi}33mno`);
    const verified = await onTerminal(['verify', ...c]);
    expect(verified.written).toContain(`${red}not clean`);
    expect(verified.code).toBe(2);
  });

  test('nothing is coloured with NO_COLOR, by a terminal that has no colours, or in JSON', async () => {
    for (const words of [['statsu'], ['check', '-c', '/no/such.yaml'], ['status', ...c]]) {
      expect((await onTerminal(words, { NO_COLOR: '1' })).written).not.toContain(csi);
      expect((await onTerminal(words, { TERM: 'dumb' })).written).not.toContain(csi);
    }
    expect((await onTerminal(['status', '--json', ...c], { FORCE_COLOR: '1' })).written).not.toContain(csi);
    expect((await onTerminal(['list', 'lost', '--json', ...c], { FORCE_COLOR: '1' })).written).not.toContain(csi);
  });
});

describe('without a terminal', () => {
  test('nothing is coloured, unless FORCE_COLOR asks for it', async () => {
    const plain = [
      await runProgram(['statsu']),
      await runProgram(['status', ...c]),
      await runProgram(['verify', ...c]),
    ];
    for (const { stdout, stderr } of plain) expect(stdout + stderr).not.toContain(csi);
    const forced = await runProgram(['status', ...c], { env: { FORCE_COLOR: '1' } });
    expect(forced.stdout).toContain(`safe to unplug: ${csi}33mno`);
    expect((await runProgram(['statsu'], { env: { FORCE_COLOR: '1' } })).stderr).toContain(`${red}upstairs:`);
  });
});
