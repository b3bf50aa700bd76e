import { describe, expect, test } from 'vitest';
import { type Area, examine } from '../../../src/doctor/area.ts';
import { error, ok, warning, worstOf } from '../../../src/doctor/finding.ts';

const never = new AbortController().signal;
const area = (name: string, run: Area['run'], limitMs = 1000): Area => ({ name, limitMs, run });

describe('examining areas', () => {
  test('one that breaks off keeps what it found, says with what code, and hides no other', async () => {
    const found = await examine(
      [
        area('a', async function* () {
          yield ok('a.first', 'yes');
          throw Object.assign(new Error('with a secret in it'), { code: 'ECONNRESET' });
        }),
        area('b', async function* () {
          yield ok('b.only', 'yes');
        }),
      ],
      never,
    );
    expect(found.map(({ check, level }) => [check, level])).toEqual([
      ['a.first', 'ok'],
      ['a', 'error'],
      ['b.only', 'ok'],
    ]);
    expect(JSON.stringify(found)).toContain('ECONNRESET');
    expect(JSON.stringify(found)).not.toContain('secret');
  });

  test('one that hangs is told so when its time is up, and may tidy up', async () => {
    let tidied = false;
    const found = await examine(
      [
        area(
          'slow',
          async function* (signal) {
            yield ok('slow.first', 'yes');
            try {
              await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
            } finally {
              tidied = true;
            }
          },
          20,
        ),
      ],
      never,
    );
    expect(found.map(({ check }) => check)).toEqual(['slow.first', 'slow']);
    expect(tidied).toBe(true);
  });
});

test('all that is broken off stops at once, may tidy up, and keeps what it found so far', async () => {
  const stop = new AbortController();
  let tidied = 0;
  const one = (name: string) =>
    area(
      name,
      async function* (signal) {
        yield ok(`${name}.first`, 'yes');
        try {
          await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
        } finally {
          tidied += 1;
        }
      },
      60_000,
    );
  setTimeout(() => stop.abort(), 10);
  const found = await examine([one('a'), one('b')], stop.signal);
  expect(found.map(({ check, level }) => [check, level])).toEqual([
    ['a.first', 'ok'],
    ['b.first', 'ok'],
  ]);
  expect(tidied).toBe(2);
});

test('the worst finding is an error, else a warning, else nothing is wrong', () => {
  const [e, w, o] = [error('a', '', '', ''), warning('b', '', '', ''), ok('c', '')];
  expect([worstOf([]), worstOf([o]), worstOf([o, w]), worstOf([w, e, o])]).toEqual(['ok', 'ok', 'warning', 'error']);
});
