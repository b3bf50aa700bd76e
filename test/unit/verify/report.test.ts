import { describe, expect, test } from 'vitest';
import type { Noted } from '../../../src/verify/outcome.ts';
import type { Proof } from '../../../src/verify/proof.ts';
import { reportLines } from '../../../src/verify/report.ts';
import { jsonPieces, summaryLines } from '../../../src/verify/summary.ts';
import { Tally } from '../../../src/verify/tally.ts';
import { gathered } from '../../support/gathered.ts';

const one: Noted = {
  key: 'a/1.jpg',
  source: 'attic',
  sign: '+',
  reason: 'not-copied',
  detail: 'damaged: EIO at byte 4096',
  excepted: undefined,
  hidden: undefined,
  size: 1234,
  mtimeUs: 1_614_834_367_123_456,
};
const odd: Noted = { ...one, key: 'a/`x`\n.jpg', sign: '!', reason: 'finding', detail: 'odd-name', mtimeUs: undefined };
const deleted: Noted = { ...one, key: 'a/2.jpg', reason: undefined, detail: undefined, excepted: 'mark-gone' };
const secret: Noted = { ...one, key: 'a/3.jpg', sign: '!', reason: 'exposed', detail: undefined, hidden: 'mark' };

function proof(change: Partial<Proof> = {}): Proof {
  const tally = new Tally();
  tally.add('a', { sign: '=' }, 2_500_000);
  tally.add('a', { sign: '+', reason: 'not-copied' }, 1234);
  tally.add('b', { sign: '+', excepted: 'mark-gone' }, 5);
  const scan = { source: 'attic', by: 'walk', beganMs: 1_700_000_000_000, endedMs: 1_700_000_060_000 } as const;
  return {
    ways: { percent: 0, source: false, askedAcls: false },
    seed: 'seed',
    sources: ['attic'],
    leftOut: ['basement'],
    beganMs: 1_700_000_100_000,
    endedMs: 1_700_000_200_000,
    scans: [{ ...scan, files: 3, bytes: 9, added: 3, changed: 0, vanished: 0, findings: 1 }],
    listing: { beganMs: 1_700_000_090_000, endedMs: 1_700_000_095_000, objects: 1, bytes: 2_500_000 },
    newsMs: {},
    uses: [{ source: 'attic', watchedMs: 1_699_000_000_000, lastMs: undefined }],
    tally,
    keys: 3,
    exceptions: 3,
    changedMeanwhile: 0,
    acknowledged: { given: 1, unused: ['a/typing-error'] },
    read: { objects: 0, objectBytes: 0, fileBytes: 0 },
    stateHash: 'ab'.repeat(32),
    about: {
      ...{ version: '1.2.3', node: 'v26', configFingerprint: 'f00' },
      ...{ endpoint: 'http://s3', bucket: 'media', ledger: 'an-id' },
    },
    ...change,
  };
}

async function* all(...noted: Noted[]): AsyncGenerator<Noted> {
  yield* noted;
}

const page = async (given: Proof, ...noted: Noted[]) =>
  (await gathered(reportLines(given, () => all(...noted)))).join('\n');

describe('the page to keep', () => {
  test('names each exception with its reason, and what is private as what it is', async () => {
    const text = await page(proof(), one, odd, deleted, secret);
    const [, exceptions, excepted] = /## Exceptions\n([^#]*)## Excepted\n([^#]*)/.exec(text) ?? [];
    expect(exceptions?.trim().split('\n')).toEqual([
      '- `+` `a/1.jpg`: it was not copied; `damaged: EIO at byte 4096` (attic, 1234 bytes, mtime 1614834367.123456)',
      '- `!` `` "a/`x`\\n.jpg" ``: a scan found it, and it is no file that can be moved; `odd-name` (attic, 1234 bytes)',
      '- `!` `a/3.jpg`: it is private, and everybody can read the object (attic, 1234 bytes, mtime 1614834367.123456, private by its mark)',
    ]);
    expect(excepted).toContain('`a/2.jpg`: deleted through the write host, and not in the bucket');
  });

  test('says whether it is clean, what it rests on, and when a source last had to answer', async () => {
    const text = await page(proof(), one);
    expect(text).toContain('**Not clean.** 3 exceptions');
    expect(text).toContain('| a | 1 (2500000 B) | 0 | 1 (1234 B) | 0 | 0 | 0 |');
    expect(text).toContain('Scan of attic (walk), 2023-11-14T22:13:20Z to 2023-11-14T22:14:20Z: 3 files');
    expect(text).toContain('attic has answered no reader since');
    expect(text).toContain('Not looked at: basement');
    expect(text).toContain('`a/typing-error`');
    expect(text).toContain('ab'.repeat(32));
    expect(await page(proof({ exceptions: 0 }))).toContain('**Clean.** Every file of attic');
  });

  test('says what each way of looking cannot find, and no more than that', async () => {
    const recorded = await page(proof());
    expect(recorded).toContain('size and mtime kept as they were');
    expect(recorded).toContain('bytes went bad in the store');
    expect(recorded).toContain('no ACL was asked for');
    const whole = await page(proof({ ways: { percent: 100, source: true, askedAcls: true } }));
    for (const blind of ['size and mtime kept', 'bytes went bad', 'no ACL was asked for'])
      expect(whole).not.toContain(blind);
    const sample = await page(proof({ ways: { percent: 5, source: false, askedAcls: true } }));
    expect(sample).toContain('beyond the sample');
    expect(sample).toContain('5 % of the objects were read again and hashed (seed `seed`)');
  });
});

describe('what is printed', () => {
  test('the summary names the first exceptions, and counts the others', async () => {
    const many = Array.from({ length: 30 }, (_, n) => ({ ...one, key: `a/${n}` }));
    const lines = await gathered(summaryLines(proof({ exceptions: 30 }), all(deleted, ...many), (_, text) => text));
    expect(lines).toContain('+ a/19: it was not copied (damaged: EIO at byte 4096)');
    expect(lines).toContain('… and 10 more: --report names all of them');
    expect(lines.at(-1)).toBe('not clean: 30 exceptions among 3 keys of attic');
  });

  test.each([[[]], [[one, deleted]]])('the JSON is whole with %j', async (noted) => {
    const text = (await gathered(jsonPieces(proof(), all(...noted)))).join('');
    const parsed = JSON.parse(text) as { clean: boolean; counts: unknown; noted: unknown[] };
    expect(parsed).toMatchObject({
      clean: false,
      counts: { equal: 1, onlyBelow: 1, onlyAbove: 0, different: 0, error: 0, excepted: 1 },
    });
    expect(parsed.noted).toHaveLength(noted.length);
  });
});
