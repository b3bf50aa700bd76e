import { Readable } from 'node:stream';
import type { Bucket, BucketHead, BucketRead, RangeHint } from '../../../src/bucket/bucket.ts';

/** A bucket that answers what the test says, and counts. */
export class FakeBucket implements Bucket {
  asked = 0;
  answer: () => Promise<BucketHead> | BucketHead = () => ({ kind: 'missing' });

  async get(_key: string, _hint: RangeHint | undefined, _signal: AbortSignal): Promise<BucketRead> {
    const answer = await this.head();
    return answer.kind === 'found' ? { ...answer, bytes: Readable.from([]) } : answer;
  }

  async head(): Promise<BucketHead> {
    this.asked += 1;
    return await this.answer();
  }
}

export const found: BucketHead = { kind: 'found', meta: { size: 0, mtimeMs: 0, headers: {} } };
