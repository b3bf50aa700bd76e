import { type Colour, mosaic } from './mosaic.ts';
import { seededText } from './seeded.ts';

/** ITU-T T.81, K.3: the usual codes for differences of DC values; index is the difference's bit length. */
const dcCounts = [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0];
const dcCodes = [
  '00',
  '010',
  '011',
  '100',
  '101',
  '110',
  '1110',
  '11110',
  '111110',
  '1111110',
  '11111110',
  '111111110',
];
/** The only AC symbol here is "end of block", as the code 0: each 8x8 block has one colour. */
const acCounts = [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

interface JpegOptions {
  /** In pixels, rounded up to whole tiles of 8. */
  width?: number;
  height?: number;
  /** The exact size of the file: comments fill it up. */
  bytes?: number;
}

/** A valid baseline JPEG: a mosaic of 8x8 tiles. The same for the same arguments. */
export function jpeg(seed: number, { width = 64, height = 48, bytes }: JpegOptions = {}): Buffer {
  const columns = Math.ceil(width / 8);
  const rows = Math.ceil(height / 8);
  const head = [
    Buffer.from([0xff, 0xd8]),
    segment(0xe0, Buffer.from('4a46494600010100000100010000', 'hex')), // JFIF 1.1, no thumbnail
  ];
  const tail = [
    segment(0xdb, Buffer.from([0, ...Array(64).fill(8)])), // quantization: 8, so that a DC step is one level
    segment(0xc0, Buffer.from([8, rows >> 5, (rows * 8) & 255, columns >> 5, (columns * 8) & 255, 3, ...components])),
    segment(0xc4, Buffer.from([0x00, ...dcCounts, ...dcCodes.keys()])),
    segment(0xc4, Buffer.from([0x10, ...acCounts, 0x00])),
    segment(0xda, Buffer.from([3, 1, 0, 2, 0, 3, 0, 0, 63, 0])),
    scan(mosaic(seed, columns, rows)),
    Buffer.from([0xff, 0xd9]),
  ];
  const size = Buffer.concat([...head, ...tail]).length;
  return Buffer.concat([...head, ...comments(seed, (bytes ?? size) - size), ...tail]);
}

/** Y, Cb and Cr: one sample a pixel each (4:4:4), quantization table 0. */
const components = [1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0];

function segment(marker: number, payload: Buffer): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0]);
  head.writeUInt16BE(payload.length + 2, 2);
  return Buffer.concat([head, payload]);
}

/** COM segments of `bytes` in all: 4 to 65,537 each. */
function comments(seed: number, bytes: number): Buffer[] {
  if (bytes < 0 || (bytes > 0 && bytes < 4)) throw new RangeError(`a JPEG cannot be filled up by ${bytes} bytes`);
  const segments: Buffer[] = [];
  for (let left = bytes; left > 0; ) {
    const size = left <= 65_537 ? left : Math.min(65_537, left - 4);
    segments.push(segment(0xfe, seededText(seed + segments.length, size - 4)));
    left -= size;
  }
  return segments;
}

/** The entropy-coded data, filled up with ones, and a zero after each 0xff (T.81, F.1.2.3). */
function scan(tiles: Colour[]): Buffer {
  const before = [0, 0, 0];
  let bits = '';
  for (const colour of tiles) {
    for (const [i, value] of dcValues(colour).entries()) {
      bits += `${difference(value - before[i]!)}0`;
      before[i] = value;
    }
  }
  bits += '1'.repeat((8 - (bits.length % 8)) % 8);
  const bytes: number[] = [];
  for (let at = 0; at < bits.length; at += 8) {
    const byte = Number.parseInt(bits.slice(at, at + 8), 2);
    bytes.push(byte);
    if (byte === 0xff) bytes.push(0);
  }
  return Buffer.from(bytes);
}

/** JFIF's YCbCr; a block of one level L has the DC value 8·(L − 128), divided by the quantizer 8. */
function dcValues([r, g, b]: Colour): [number, number, number] {
  const y = 0.299 * r + 0.587 * g + 0.114 * b;
  return [Math.round(y) - 128, Math.round(0.564 * (b - y)), Math.round(0.713 * (r - y))];
}

function difference(value: number): string {
  if (value === 0) return dcCodes[0]!;
  const bits = Math.abs(value).toString(2);
  const code = value > 0 ? bits : bits.replace(/./g, (bit) => (bit === '1' ? '0' : '1'));
  return dcCodes[bits.length]! + code;
}
