import { crc32, deflateSync } from 'node:zlib';
import { mosaic } from './mosaic.ts';
import { seededText } from './seeded.ts';

interface PngOptions {
  width?: number;
  height?: number;
  /** The exact size of the file: a comment fills it up. */
  bytes?: number;
}

/** A valid PNG in 8-bit colour. The same for the same arguments. */
export function png(seed: number, { width = 32, height = 24, bytes }: PngOptions = {}): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8); // 8 bits, RGB, deflate, filters, not interlaced

  const pixels = mosaic(seed, width, height);
  const lines = Array.from({ length: height }, (_, y) => [0, ...pixels.slice(y * width, (y + 1) * width).flat()]);
  const head = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), chunk('IHDR', header)]);
  const tail = Buffer.concat([chunk('IDAT', deflateSync(Buffer.from(lines.flat()))), chunk('IEND', Buffer.alloc(0))]);
  const missing = (bytes ?? head.length + tail.length) - head.length - tail.length;
  return Buffer.concat([head, comment(seed, missing), tail]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const whole = Buffer.alloc(body.length + 8);
  whole.writeUInt32BE(data.length, 0);
  whole.set(body, 4);
  whole.writeUInt32BE(crc32(body), body.length + 4);
  return whole;
}

/** A tEXt chunk of `bytes` in all: 12 for the chunk, 8 for the keyword and its end, then text. */
function comment(seed: number, bytes: number): Buffer {
  if (bytes === 0) return Buffer.alloc(0);
  if (bytes < 20) throw new RangeError(`a PNG cannot be filled up by ${bytes} bytes`);
  return chunk('tEXt', Buffer.concat([Buffer.from('Comment\0', 'latin1'), seededText(seed, bytes - 20)]));
}
