import { jpeg } from './jpeg.ts';
import { seededBytes } from './seeded.ts';

/**
 * A valid MP4 (ISO/IEC 14496-12) of exactly `bytes`: one second of one picture (a JPEG), and after
 * it, in the same box, data that no sample refers to. The same for the same arguments.
 */
export function mp4(seed: number, bytes: number): Buffer {
  const frame = jpeg(seed, { width: 64, height: 48 });
  const ftyp = box('ftyp', text('isom'), u32(512), text('isomiso2mp41'));
  const size = ftyp.length + movie(frame.length, 0).length + 8 + frame.length;
  if (bytes < size) throw new RangeError(`an MP4 has ${size} bytes or more, not ${bytes}`);
  const moov = movie(frame.length, size - frame.length);
  return Buffer.concat([ftyp, moov, box('mdat', frame, seededBytes(seed, bytes - size))]);
}

/** The moov box: one video track with one sample of `frameSize` bytes at `offset` of the file. */
function movie(frameSize: number, offset: number): Buffer {
  const matrix = u32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000);
  const second = 1000;
  const mvhd = full(
    'mvhd',
    0,
    u32(0, 0, 1000, second, 0x10000),
    u16(0x100, 0),
    u32(0, 0),
    matrix,
    u32(0, 0, 0, 0, 0, 0, 2),
  );
  const tkhd = full('tkhd', 3, u32(0, 0, 1, 0, second, 0, 0), u16(0, 0, 0, 0), matrix, u32(64 << 16, 48 << 16));
  const mdhd = full('mdhd', 0, u32(0, 0, 1000, second), u16(0x55c4, 0)); // language: und
  const hdlr = full('hdlr', 0, u32(0), text('vide'), u32(0, 0, 0), text('video\0'));
  const dinf = box('dinf', full('dref', 0, u32(1), full('url ', 1))); // the data is in this file
  const look = Buffer.concat([u16(64, 48), u32(0x480000, 0x480000, 0), u16(1), Buffer.alloc(32), u16(24, 0xffff)]);
  const stsd = full('stsd', 0, u32(1), box('jpeg', u16(0, 0, 0, 1), Buffer.alloc(16), look));
  const stbl = box(
    'stbl',
    stsd,
    full('stts', 0, u32(1, 1, second)),
    full('stsc', 0, u32(1, 1, 1, 1)),
    full('stsz', 0, u32(0, 1, frameSize)),
    full('stco', 0, u32(1, offset)),
  );
  const minf = box('minf', full('vmhd', 1, u16(0, 0, 0, 0)), dinf, stbl);
  return box('moov', mvhd, box('trak', tkhd, box('mdia', mdhd, hdlr, minf)));
}

function box(type: string, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([u32(body.length + 8), text(type), body]);
}

/** A box with a version (0) and flags. */
function full(type: string, flags: number, ...parts: Buffer[]): Buffer {
  return box(type, u32(flags), ...parts);
}

function text(value: string): Buffer {
  return Buffer.from(value, 'latin1');
}

function u32(...values: number[]): Buffer {
  const out = Buffer.alloc(values.length * 4);
  for (const [i, value] of values.entries()) out.writeUInt32BE(value, i * 4);
  return out;
}

function u16(...values: number[]): Buffer {
  const out = Buffer.alloc(values.length * 2);
  for (const [i, value] of values.entries()) out.writeUInt16BE(value, i * 2);
  return out;
}
