import { describe, expect, test } from 'vitest';
import { pageView } from '../../../src/page/page-view.ts';
import { evening, madeUpFacts } from '../../support/made-up-page.ts';

const { status } = madeUpFacts();
const nothing = { hour: [], day: [], all: [] };

describe('the page says', () => {
  test('how much of requests, bytes and files is upstairs', () => {
    const { fields, meters } = pageView(madeUpFacts());
    expect(fields).toMatchObject({
      ...{ 'requests.percent': '96.4%', 'requests.before': 'last 24 h 93.1%, in all 79.5%' },
      ...{ 'bytes.percent': '59.6%', 'bytes.amount': '967 GB of 1.6 TB' },
      ...{ 'files.percent': '56.0%', 'files.amount': '512,100 of 914,256' },
    });
    expect(meters.requests).toBeCloseTo(0.964, 3);
    expect(meters.files).toBeCloseTo(512_100 / 914_256, 6);
  });

  test('that it does not know how much there is, before the first plan, and shows no meter then', () => {
    const { fields, meters } = pageView(madeUpFacts({ backfill: undefined, tiers: nothing }));
    expect(meters).toEqual({ requests: null, bytes: null, files: null });
    expect(fields['files.amount']).toBe('of how many is not known before the first plan');
    expect([fields['requests.percent'], fields['requests.words']]).toEqual(['no reader', 'asked in the last hour']);
  });

  test('nothing left and nothing above is no division by nothing', () => {
    const left = { files: 0, bytes: 0 };
    const empty = madeUpFacts({
      ...{ weights: [], byStatus: { copied: 0, wanted: 0, superseded: 0, refused: 0 } },
      backfill: { state: 'done', left, eta: undefined },
    });
    expect(pageView(empty).meters).toMatchObject({ bytes: null, files: null });
    expect(JSON.stringify(pageView(empty))).not.toContain('NaN');
  });

  test('what speaks against unplugging each source, and what its disk takes and cannot do', () => {
    const { fields, lists, moods } = pageView(madeUpFacts());
    expect(fields['source.0.verdict']).toBe('safe to unplug: no, because');
    expect(lists['source.0.why']?.[0]).toBe('it was never verified: run upstairs verify');
    expect(fields['source.0.latency']).toBe('41.3 ms');
    expect(fields['source.0.errors']).toBe('1 in the last hour, 1 in the last 24 h');
    expect(fields['source.1.verdict']).toContain('yes, retired since 2026-02-28');
    expect([moods['source.0'], moods['source.1']]).toEqual(['bad', 'good']);
  });

  test('who answered, what is upstairs first, and all together last', () => {
    const rows = pageView(madeUpFacts()).tables.tiers ?? [];
    expect(rows.map(({ key }) => key)).toEqual(['cache', 'bucket', 'attic', 'basement', '']);
    expect(rows[1]?.cells.slice(0, 3)).toEqual(['bucket', '70.8%', '70.8%']);
    expect(pageView(madeUpFacts({ tiers: nothing })).tables.tiers).toEqual([]);
  });

  test('failures by reason with what to do, or that they are still being counted', () => {
    const { tables, fields } = pageView(madeUpFacts());
    expect(tables.failures?.[0]).toMatchObject({ key: 'damaged given-up' });
    expect(tables.failures?.[0]?.cells[3]).toContain('To do: save what can be saved');
    expect(fields['failures.sum']).toBe('31 given up, 4 tried again by themselves.');
    expect(pageView(madeUpFacts({}, { failures: undefined })).fields['failures.sum']).toBe('being counted');
  });

  test('what the backfill does, and why it waits', () => {
    const told = (state: string) => {
      const { backfill } = madeUpFacts();
      return pageView(madeUpFacts({}, { backfill: { ...backfill, drain: { ...backfill.drain!, state } } }));
    };
    expect(told('copying').fields['copy.state']).toBe('Carrying up');
    expect(told('slowed-down').moods.backfill).toBe('bad');
    expect(told('done').fields['copy.eta']).toBe('nothing');
    const front = pageView(madeUpFacts({}, { backfill: { ...madeUpFacts().backfill, drain: undefined } }));
    expect(front.fields['copy.state']).toBe('Nothing is carried up in phase: front');
  });

  test('that a source is left alone, until when and why', () => {
    const { backfill } = madeUpFacts();
    const sources = [{ source: 'basement', concurrency: 0, pausedUntilMs: evening, why: 'damaged' }];
    const { fields } = pageView(madeUpFacts({}, { backfill: { ...backfill, drain: { ...backfill.drain!, sources } } }));
    expect(fields['source.0.pace']).toBe('left alone until 2026-03-01 20:14 UTC (damaged)');
    expect(status.sources).toHaveLength(2);
  });
});
