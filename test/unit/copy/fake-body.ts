import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { SourceBody } from '../../../src/media/body.ts';

/** A body from a source that counts how it is used. */
export interface FakeBody extends SourceBody {
  released: number;
}

export function fakeBody(content: string, change: Partial<SourceBody & { mtimeMs: number }> = {}): FakeBody {
  const bytes = Buffer.from(content);
  const { mtimeMs = 0, ...rest } = change;
  const body: FakeBody = {
    meta: { size: bytes.length, mtimeMs, headers: {} },
    bytes,
    source: 'basement',
    mtime: '1614834367.5',
    private: false,
    released: 0,
    open: async () => Readable.from([bytes]),
    release() {
      body.released += 1;
    },
    whole: async () => ({ md5: createHash('md5').update(bytes).digest('hex') }),
    ...rest,
  };
  return body;
}
