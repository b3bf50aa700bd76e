import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameRelay } from '../../../src/http/frame-relay.ts';

const frames = fc.array(
  fc.record({
    opcode: fc.constantFrom(0, 1, 2, 9, 10),
    size: fc.oneof(fc.integer({ min: 0, max: 130 }), fc.constantFrom(125, 126, 65_535, 65_536, 70_000)),
    masked: fc.boolean(),
  }),
  { minLength: 1, maxLength: 6 },
);

function frame({ opcode, size, masked }: { opcode: number; size: number; masked: boolean }): Buffer {
  const bit = masked ? 0x80 : 0;
  const length =
    size < 126 ? [size | bit] : size < 65_536 ? [126 | bit, size >> 8, size & 0xff] : [127 | bit, ...long(size)];
  return Buffer.from([0x80 | opcode, ...length, ...(masked ? [1, 2, 3, 4] : []), ...new Uint8Array(size).fill(0x88)]);
}

function long(size: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(size));
  return bytes;
}

/** In pieces of these sizes, again and again; in larger ones where there would be too many. */
function* pieces(bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  for (let at = 0, n = 0; at < bytes.length; n++) {
    const size = Math.max(sizes[n % sizes.length] ?? 1, Math.floor(bytes.length / 200));
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

const sizes = fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 5 });
const close = Buffer.from([0x88, 2, 0x03, 0xe9]);

describe('one direction of a WebSocket', () => {
  it('passes every byte, however it comes', async () => {
    await fc.assert(
      fc.asyncProperty(frames, sizes, async (all, cut) => {
        const bytes = Buffer.concat(all.map(frame));
        const relay = new FrameRelay({ masked: false });
        const out = buffer(relay);
        for (const piece of pieces(bytes, cut)) relay.write(piece);
        relay.end();
        expect((await out).equals(bytes)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('goes away behind a whole frame, wherever it is told to', async () => {
    await fc.assert(
      fc.asyncProperty(frames, sizes, fc.nat(), async (all, cut, when) => {
        const parts = all.map(frame);
        const bytes = Buffer.concat(parts);
        const relay = new FrameRelay({ masked: false });
        const out = buffer(relay);
        const chunks = [...pieces(bytes, cut)];
        const at = when % (chunks.length + 1);
        for (const [n, piece] of chunks.entries()) {
          if (n === at) relay.goAway();
          // What waits to be looked at has not gone by.
          await new Promise((taken) => relay.write(piece, taken));
        }
        if (at === chunks.length) relay.goAway();
        const passed = await out;
        const told = chunks.slice(0, at).reduce((sum, { length }) => sum + length, 0);
        let end = 0;
        for (const { length } of parts) if (end < told) end += length;
        expect(passed.equals(Buffer.concat([bytes.subarray(0, end), close]))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('says 1001 to a server under a mask', async () => {
    const relay = new FrameRelay({ masked: true });
    relay.goAway();
    const [first, second, a = 0, b = 0, , , x = 0, y = 0] = await buffer(relay);
    expect([first, second, ((x ^ a) << 8) | (y ^ b)]).toEqual([0x88, 0x82, 1001]);
  });

  it('says nothing more behind a Close frame', async () => {
    const relay = new FrameRelay({ masked: false });
    const out = buffer(relay);
    relay.write(Buffer.from([0x88, 2, 0x03, 0xe8]));
    relay.goAway();
    expect(await out).toEqual(Buffer.from([0x88, 2, 0x03, 0xe8]));
  });

  it('ends once, when it is told to go away twice or has ended', async () => {
    const relay = new FrameRelay({ masked: false });
    const out = buffer(relay);
    relay.goAway();
    relay.goAway();
    relay.end();
    expect(await out).toEqual(close);
    const ended = new FrameRelay({ masked: false });
    const nothing = buffer(ended);
    ended.end();
    await nothing;
    ended.goAway();
  });
});
