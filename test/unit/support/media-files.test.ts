import { execFileSync } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32, inflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { basement, jpeg, mastodonKey, mp4, png, writeMedia } from '../../support/media-files.ts';
import { scratch } from '../../support/scratch.ts';

const md5s = (...files: Buffer[]) => new Set(files.map((file) => file.toString('base64'))).size;

describe('media for tests', () => {
  test.each([undefined, 1000, 70_000, 500_003])(
    'a JPEG of %s bytes is a row of segments that ends with EOI',
    (bytes) => {
      const file = jpeg(1, bytes === undefined ? {} : { bytes });
      if (bytes !== undefined) expect(file.length).toBe(bytes);
      expect(file.subarray(0, 2).toString('hex')).toBe('ffd8');
      const markers: string[] = [];
      let at = 2;
      while (markers.at(-1) !== 'da') {
        expect(file[at]).toBe(0xff);
        markers.push(file.subarray(at + 1, at + 2).toString('hex'));
        at += 2 + file.readUInt16BE(at + 2);
      }
      expect(markers.filter((marker) => marker !== 'fe')).toEqual(['e0', 'db', 'c0', 'c4', 'c4', 'da']);
      while (!(file[at] === 0xff && file[at + 1] !== 0)) at += 1;
      expect(file.subarray(at).toString('hex')).toBe('ffd9');
    },
  );

  test.each([undefined, 3000, 300_001])('a PNG of %s bytes has right checksums and whole lines', (bytes) => {
    const file = png(1, bytes === undefined ? {} : { bytes });
    if (bytes !== undefined) expect(file.length).toBe(bytes);
    const types: string[] = [];
    for (let at = 8; at < file.length; ) {
      const length = file.readUInt32BE(at);
      const type = file.toString('latin1', at + 4, at + 8);
      const data = file.subarray(at + 8, at + 8 + length);
      expect(file.readUInt32BE(at + 8 + length)).toBe(crc32(file.subarray(at + 4, at + 8 + length)));
      if (type === 'IDAT') expect(inflateSync(data).length).toBe(24 * (1 + 32 * 3));
      types.push(type);
      at += 12 + length;
    }
    expect(types.filter((type) => type !== 'tEXt')).toEqual(['IHDR', 'IDAT', 'IEND']);
  });

  test.each([2000, 5_000_001])(
    'an MP4 has exactly %s bytes, all of them in boxes, and its sample is where it says',
    (bytes) => {
      const file = mp4(1, bytes);
      expect(file.length).toBe(bytes);
      const types: string[] = [];
      for (let at = 0; at < file.length; at += file.readUInt32BE(at))
        types.push(file.toString('latin1', at + 4, at + 8));
      expect(types).toEqual(['ftyp', 'moov', 'mdat']);
      const offset = file.readUInt32BE(file.indexOf('stco') + 12);
      const size = file.readUInt32BE(file.indexOf('stsz') + 16);
      expect(file.subarray(offset, offset + size)).toEqual(jpeg(1));
    },
  );

  test('a size that cannot be had is refused', () => {
    expect(() => mp4(1, 100)).toThrow(RangeError);
    expect(() => jpeg(1, { bytes: 100 })).toThrow(RangeError);
    expect(() => png(1, { bytes: png(1).length + 5 })).toThrow(RangeError);
  });

  test('the same seed makes the same file, another one another', () => {
    expect(md5s(jpeg(1), jpeg(1), jpeg(2), png(1), png(1), png(2), mp4(1, 3000), mp4(1, 3000), mp4(2, 3000))).toBe(6);
  });

  test('file(1) knows them', async ({ skip }) => {
    const root = scratch('media');
    await basement(root, { a: jpeg(3, { bytes: 90_000 }), b: png(3, { bytes: 9000 }), c: mp4(3, 9000) });
    let said = '';
    try {
      said = execFileSync('file', ['-b', '--mime-type', 'a', 'b', 'c'], { cwd: root, encoding: 'utf8' });
    } catch {
      skip('file(1) is not installed');
    }
    expect(said.trim().split('\n')).toEqual(['image/jpeg', 'image/png', 'video/mp4']);
  });

  test('files lie where Mastodon puts them, with the date and the mode that were asked for', async () => {
    const root = scratch('media');
    expect(mastodonKey(7, 'jpg')).toMatch(
      /^media_attachments\/files\/109\/412\/345\/678\/901\/207\/original\/[0-9a-f]{16}\.jpg$/,
    );
    const file = await writeMedia(root, mastodonKey(7, 'jpg'), 'x', { mode: 0o600 });
    expect(file).toBe(join(root, mastodonKey(7, 'jpg')));
    const { mtimeNs, mode } = await stat(file, { bigint: true });
    expect(mtimeNs / 1000n).toBe(1_614_834_367_123_456n);
    expect(mode & 0o777n).toBe(0o600n);
  });
});
