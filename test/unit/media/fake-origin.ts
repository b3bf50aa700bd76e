import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import type { ByteRange } from '../../../src/lib/byte-range.ts';
import type { Origin } from '../../../src/media/shared-body.ts';

/** Bytes in which no two positions near each other look alike. */
export function pattern(size: number, seed = 0): Buffer {
  const bytes = Buffer.alloc(size);
  for (let i = 0; i < size; i++) bytes[i] = (i * 31 + (i >> 8) * 7 + seed) & 0xff;
  return bytes;
}

export function md5Of(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex');
}

/** A stream that gives what the test pushes, when it pushes it. */
export class Tap extends Readable {
  override _read(): void {}

  give(bytes: Uint8Array): void {
    this.push(bytes);
  }

  end(): void {
    this.push(null);
  }
}

/** An origin whose bytes the test gives out by hand. */
export class FakeOrigin implements Origin {
  readonly tier: string = 'basement';
  readonly meta: Origin['meta'];
  readonly fromSource: NonNullable<Origin['fromSource']> = { mtime: '1614834367.5', private: false };
  readonly tap: Readable;
  readonly content: Buffer;
  closed = 0;
  farReads: ByteRange[] = [];
  verified = 0;
  verify: () => Promise<void> = async () => {
    this.verified += 1;
  };

  constructor(content: Buffer, tap: Readable = new Tap()) {
    this.content = content;
    this.meta = { size: content.length, mtimeMs: 0, headers: {} };
    this.tap = tap;
  }

  bytes(): Readable {
    return this.tap;
  }

  /** All that is left. */
  giveFrom(offset = 0): void {
    (this.tap as Tap).give(this.content.subarray(offset));
    (this.tap as Tap).end();
  }

  give(first: number, last: number): void {
    (this.tap as Tap).give(this.content.subarray(first, last + 1));
  }

  async openFar(range: ByteRange): Promise<Readable> {
    this.farReads.push(range);
    return Readable.from([this.content.subarray(range.first, range.last + 1)]);
  }

  close(): void {
    this.closed += 1;
  }
}

/** Lets everything happen that waits for nothing but its turn. */
export async function settle(turns = 8): Promise<void> {
  for (let i = 0; i < turns; i++) await turn();
}

/** What came before a stream ended or broke. */
export async function bytesAndError(stream: Readable): Promise<{ bytes: Buffer; error: unknown }> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    return { bytes: Buffer.concat(chunks), error: undefined };
  } catch (error) {
    return { bytes: Buffer.concat(chunks), error };
  }
}
