import { expect, test } from 'vitest';
import type { Listing } from '../../../src/ledger/objects.ts';
import { Acknowledged } from '../../../src/verify/acknowledged.ts';
import { ExceptionSpool } from '../../../src/verify/exception-spool.ts';
import { type Noted, Outcome } from '../../../src/verify/outcome.ts';
import { verificationOf } from '../../../src/verify/proof.ts';
import { type ProveOptions, prove } from '../../../src/verify/prove.ts';
import { scratch } from '../../support/scratch.ts';

const hour = 3600 * 1000;
const nowMs = 1_700_000_000_000;
const none = { files: 0, bytes: 0, added: 0, changed: 0, vanished: 0, findings: 0 };
const scan = { source: 'attic', by: 'walk', beganMs: nowMs - 2 * hour, endedMs: nowMs - hour, ...none } as const;

/** Proves something of an empty attic, and tells how often the bucket was listed for it. */
async function proven(last: Listing) {
  let listing: Listing = last;
  let listings = 0;
  const noted = await ExceptionSpool.in<Noted>(scratch('verify'));
  const acknowledged = new Acknowledged([]);
  const options: ProveOptions = {
    files: { scans: async () => [{ last: scan, open: undefined, newsMs: scan.beganMs + 1 }] },
    objects: { listings: async () => ({ last: listing, open: undefined }) },
    configured: ['attic'],
    only: undefined,
    acceptOldScan: false,
    confirmBucket: async () => undefined,
    list: async () => {
      listings += 1;
      listing = { ...last, beganMs: nowMs, endedMs: nowMs };
    },
    useOf: async () => undefined,
    begin: () => undefined,
    verify: { run: async () => undefined, changedMeanwhile: 0 },
    outcome: new Outcome({ classOf: () => '', acknowledged, noted, combined: async () => undefined }),
    acknowledged,
    read: { objects: 0, objectBytes: 0, fileBytes: 0 },
    ways: { percent: 0, source: false, askedAcls: false },
    seed: '',
    about: { version: '', node: '', configFingerprint: '', endpoint: '', bucket: '', ledger: '' },
    now: () => nowMs,
  };
  const proof = await prove(options, new AbortController().signal);
  await noted.close();
  return { listings, proof };
}

const listed = (beganMs: number) => ({ beganMs, endedMs: beganMs + 1, objects: 0, bytes: 0 });

test('the bucket is listed anew where the last listing is old, or of a time that is still to come', async () => {
  expect((await proven(listed(nowMs - 60_000))).listings).toBe(0);
  expect((await proven(listed(nowMs - hour))).listings).toBe(1);
  // The clock was set back since.
  expect((await proven(listed(nowMs + 300 * hour))).listings).toBe(1);
});

test('what scans had found until then is kept with the result', async () => {
  const { proof } = await proven(listed(nowMs));
  expect(verificationOf(proof).newsMs).toEqual({ attic: scan.beganMs + 1 });
});
