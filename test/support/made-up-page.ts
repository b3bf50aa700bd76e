import type { Sample } from '../../src/history/history.ts';
import type { PageFacts } from '../../src/page/page-facts.ts';
import type { SourceStatus, Status } from '../../src/status/status.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const gib = 2 ** 30;

/** A Sunday evening, in the middle of a move. */
export const evening = Date.UTC(2026, 2, 1, 20, 14);

const basement: SourceStatus = {
  name: 'basement',
  retiredMs: undefined,
  use: { watchedMs: evening - 90 * hourMs, lastMs: evening - 4000, quietMs: 4000 },
  verification: undefined,
  latencyMs: 41.25,
  unplug: {
    safe: false,
    reasons: [
      { code: 'not-verified', why: 'it was never verified', todo: 'run upstairs verify' },
      { code: 'copies-wanted', why: '12 copies are still to be made', todo: 'let them end (upstairs list wanted)' },
    ],
  },
};

const attic: SourceStatus = {
  name: 'attic',
  retiredMs: evening - 30 * hourMs,
  use: { watchedMs: evening - 900 * hourMs, lastMs: undefined, quietMs: 400 * hourMs },
  verification: {
    ...{ beganMs: evening - 40 * hourMs, endedMs: evening - 39 * hourMs, mode: 'recorded', percent: 0 },
    ...{ sources: ['attic'], clean: true, stateHash: '' },
    counts: { equal: 90_000, onlyBelow: 0, onlyAbove: 12, different: 0, error: 0, excepted: 3 },
  },
  latencyMs: undefined,
  unplug: { safe: true, reasons: [] },
};

/** Facts of a move, for pages that no program has to run for. */
export function madeUpFacts(change: Partial<Status> = {}, others: Partial<Omit<PageFacts, 'status'>> = {}): PageFacts {
  const eta = { ms: 52 * hourMs, assuming: 'it goes on as in the last ten minutes; no new files, no pauses' };
  const left = { files: 402_113, bytes: 611 * gib };
  return {
    status: {
      ...{ atMs: evening, phase: 'move', servingMs: evening - 76 * hourMs },
      weights: [
        { status: 'copied', class: 'media', objects: 512_004, bytes: 901 * gib },
        { status: 'wanted', class: 'media', objects: 12, bytes: 2_000_000 },
        { status: 'refused', class: 'media', objects: 31, bytes: 70_000_000 },
      ],
      byStatus: { copied: 512_004, wanted: 12, superseded: 96, refused: 31 },
      ...{ openAttempts: 1, openIntents: 0, oldestWantedMs: evening - 8000, oldestFailure: undefined },
      tiers: {
        hour: [tier('basement', 310), tier('bucket', 6120), tier('cache', 2210), tier('none', 40)],
        day: [tier('attic', 12), tier('basement', 14_310), tier('bucket', 142_120), tier('cache', 52_210)],
        all: [tier('attic', 91_012), tier('basement', 604_310), tier('bucket', 1_942_120), tier('cache', 752_210)],
      },
      rate: { objectsPerSecond: 3.2, bytesPerSecond: 3.4e6, overMs: 10 * minuteMs },
      backfill: { state: 'copying', left, eta },
      sources: [basement, attic],
      ...change,
    },
    backfill: {
      ...{ run: 'running', by: 'configuration', why: 'backfill.enabled is true', limitsBy: 'timetable' },
      ...{ limits: { bytesPerSecond: 5 * 2 ** 20 }, timetableChangesMs: evening + 4 * hourMs },
      drain: {
        ...{ state: 'copying', waiting: 48, copied: { files: 12_404, bytes: 19 * gib }, left, eta },
        sources: [{ source: 'basement', concurrency: 3, pausedUntilMs: undefined, why: undefined }],
      },
    },
    failures: [
      { reason: 'damaged', state: 'given-up', keys: 31 },
      { reason: 'source-unavailable', state: 'waiting', keys: 4 },
    ],
    hour: madeUpSamples(hourMs, 60),
    day: madeUpSamples(24 * hourMs, 96),
    ...others,
  };
}

function tier(name: string, requests: number) {
  return { tier: name, requests, bytes: requests * 91_000 };
}

/** So many spans up to the evening, in which readers come and go, the sources are needed less and less, and one night the program did not run. */
export function madeUpSamples(backMs: number, count: number): Sample[] {
  const spanMs = backMs / count;
  return Array.from({ length: count }, (_, i): Sample => {
    const endMs = evening - backMs + (i + 1) * spanMs;
    const wave = 1.4 + Math.sin((endMs / hourMs / 24) * 2 * Math.PI) + 0.2 * Math.sin(i * 1.7);
    const done = (i + 1) / count;
    const requests = Math.round(wave * spanMs * 0.004);
    const part = (of: number) => Math.round(requests * of);
    return {
      ...{ endMs, spanMs, failed: i % 17 === 0 ? 1 : 0, storeErrors: i === count - 3 ? 2 : 0 },
      answered: [
        tier('cache', part(0.25)),
        tier('bucket', part(0.25 + 0.4 * done)),
        tier('basement', part(0.4 - 0.35 * done)),
        tier('attic', part(0.1 - 0.1 * done)),
      ],
      copied: { files: Math.round(spanMs * 0.003 * wave), bytes: Math.round(spanMs * 3400 * wave) },
      sources: [
        { source: 'basement', latencyMs: 12 + 30 * wave + (i % 13 === 0 ? 60 : 0), errors: i === count - 2 ? 1 : 0 },
        { source: 'attic', latencyMs: i % 3 === 0 ? undefined : 8 + 3 * wave, errors: 0 },
      ],
      above: { files: 500_000, bytes: 901 * gib },
      below: { files: 402_113, bytes: 611 * gib },
    };
  }).filter(({ endMs }) => backMs <= hourMs || Math.abs(endMs - (evening - 15 * hourMs)) > 1.2 * hourMs);
}
