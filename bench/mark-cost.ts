import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { SqliteMarks } from '../src/marks/sqlite-marks.ts';
import { marked } from '../src/protocol/marking.ts';
import { mastodonKey } from '../test/support/media-files.ts';
import { scratch } from '../test/support/scratch.ts';
import { median, quantile } from './median.ts';
import { inMemory } from './writing.ts';

export interface MarkCost {
  /** On the disk, or in memory (tmpfs). */
  readonly where: string;
  /** Milliseconds. */
  readonly median: number;
  readonly p95: number;
}

/** What a PUT's two marks cost by themselves, one PUT after the other: the intent durable before it, and its end durable after it. */
export async function measureMarks(puts: number): Promise<MarkCost[]> {
  const costs: MarkCost[] = [];
  for (const [where, dir] of [
    ['a file', scratch('marks')],
    ['memory', inMemory()],
  ] as const) {
    const marks = new SqliteMarks(join(dir, 'marks.db'));
    const times: number[] = [];
    for (let n = 0; n < puts; n++) {
      const key = mastodonKey(n, 'jpg');
      const id = randomUUID();
      const beganMs = performance.now();
      await marks.update(
        [key],
        (record) => marked(record, { type: 'intend', intent: { id, kind: 'put' } }),
        Date.now(),
      );
      await marks.update([key], (record) => marked(record, { type: 'settle', id }), Date.now());
      times.push(performance.now() - beganMs);
    }
    await marks.close();
    costs.push({ where, median: median(times), p95: quantile(times, 0.95) });
  }
  return costs;
}
