import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Files, SourceFile } from '../../src/ledger/files.ts';
import type { OpenScan, ScanWriter, SeenFile, SeenFinding } from '../../src/ledger/scan-writer.ts';

/** One place where what scans tell is written and read, at once. */
export interface FilesFixture {
  openFiles(): Files;
  openWriter(): ScanWriter;
}

export function seenFile(key: string, change: Partial<SeenFile> = {}): SeenFile {
  return { key, size: 100, mtimeUs: 1_600_000_000_123_456, mode: 0o644, ...change };
}

/** What every store of files owes scans, and those who read. */
export function filesContract(name: string, makeFixture: () => FilesFixture): void {
  describe(`${name} as a store of files`, () => {
    let files: Files;
    let writer: ScanWriter;
    let nowMs = 1000;
    beforeEach(() => {
      const fixture = makeFixture();
      files = fixture.openFiles();
      writer = fixture.openWriter();
      nowMs = 1000;
    });
    afterEach(async () => {
      await writer.close();
      await files.close();
    });

    const begin = (
      source = 'disk',
      options: { fresh?: boolean; by?: 'walk' | 'manifest'; fingerprint?: string | undefined } = {},
    ) => {
      const { by = 'walk', ...rest } = { fresh: false, fingerprint: 'this disk', ...options };
      return writer.begin(source, by, { ...rest, nowMs: nowMs++ });
    };
    const put = (scan: OpenScan, seen: SeenFile[], findings: SeenFinding[] = [], cursor?: string) =>
      writer.put(scan, { files: seen, findings, cursor, nowMs });
    const end = (scan: OpenScan, signal = new AbortController().signal) =>
      writer.end(scan, { nowMs: () => nowMs++, signal });
    const whole = async (source: string, seen: SeenFile[], findings: SeenFinding[] = []) => {
      const scan = await begin(source);
      await put(scan, seen, findings);
      return await end(scan);
    };
    const all = async (limit = 1000) => {
      const seen: SourceFile[] = [];
      for (let page = await files.page(undefined, limit); page.length > 0; page = await files.page(seen.at(-1), limit))
        seen.push(...page);
      return seen;
    };
    const keys = async () => (await all()).map(({ key }) => key);

    test('tells nothing before a scan', async () => {
      expect(await all()).toEqual([]);
      expect(await files.scans()).toEqual([]);
      expect(await files.totals()).toEqual([]);
      expect(await files.findings(0, 10)).toEqual([]);
    });

    test('tells when a scan last met something new or changed, whatever later scans met', async () => {
      const newsMs = async () => (await files.scans())[0]?.newsMs;
      await whole('disk', [seenFile('a'), seenFile('b')]);
      const first = await newsMs();
      expect(first).toBeGreaterThanOrEqual(1000);
      await whole('disk', [seenFile('a')]);
      expect(await newsMs()).toBe(first);
      await put(await begin(), [seenFile('a', { size: 77 })]);
      const second = await newsMs();
      expect(second).toBeGreaterThan(first ?? 0);
      await whole('disk', [seenFile('a', { size: 77 })]);
      expect(await newsMs()).toBe(second);
    });

    test('keeps what a scan saw, and what it amounts to', async () => {
      const record = await whole('disk', [seenFile('b', { size: 5, mode: 0o600 }), seenFile('a', { mtimeUs: -1 })]);
      expect(record).toEqual({
        source: 'disk',
        by: 'walk',
        beganMs: 1000,
        endedMs: 1001,
        files: 2,
        bytes: 105,
        added: 2,
        changed: 0,
        vanished: 0,
        findings: 0,
      });
      expect(await all()).toEqual([
        { ...seenFile('a', { mtimeUs: -1 }), source: 'disk' },
        { ...seenFile('b', { size: 5, mode: 0o600 }), source: 'disk' },
      ]);
      expect(await files.scans()).toMatchObject([{ last: record, open: undefined }]);
      expect(await files.totals()).toEqual([{ source: 'disk', files: 2, bytes: 105 }]);
    });

    test('gives pages in order of the key’s bytes, then the source’s name, whatever the limit', async () => {
      const odd = ['a', 'a-b', 'a/b', 'a0', 'Z', 'ä', '\u{1F600}', '\uFB01', 'a/b/c'];
      for (const source of ['z-disk', 'm-disk', 'a-disk'])
        await whole(
          source,
          odd.map((key) => seenFile(key)),
        );
      const expected = odd
        .toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
        .flatMap((key) => ['a-disk', 'm-disk', 'z-disk'].map((source) => [key, source]));
      for (const limit of [1, 2, 3, 4, 5, 7, 1000])
        expect((await all(limit)).map(({ key, source }) => [key, source])).toEqual(expected);
      expect((await files.of('a')).map(({ source }) => source)).toEqual(['a-disk', 'm-disk', 'z-disk']);
      expect(await files.of('none')).toEqual([]);
    });

    test('a later scan tells what is new, what changed and what vanished', async () => {
      await whole('disk', [seenFile('a'), seenFile('b'), seenFile('c'), seenFile('d'), seenFile('e')]);
      await whole('other', [seenFile('a')]);
      const again = [seenFile('a'), seenFile('b', { size: 1 }), seenFile('c', { mode: 0o600 }), seenFile('f')];
      const record = await whole('disk', again);
      expect(record).toMatchObject({ files: 4, bytes: 301, added: 1, changed: 2, vanished: 2 });
      expect(await keys()).toEqual(['a', 'a', 'b', 'c', 'f']);
      expect(await files.totals()).toEqual([
        { source: 'disk', files: 4, bytes: 301 },
        { source: 'other', files: 1, bytes: 100 },
      ]);
    });

    test('a scan that has not ended takes nothing out, and stands beside the last one', async () => {
      const last = await whole('disk', [seenFile('a'), seenFile('b')]);
      const scan = await begin();
      await put(scan, [seenFile('a'), seenFile('c')], [], 'c');
      expect(await keys()).toEqual(['a', 'b', 'c']);
      const open = await writer.record(scan);
      expect(open).toMatchObject({ files: 2, added: 1, endedMs: undefined });
      expect(await files.scans()).toMatchObject([{ last, open }]);
    });

    test('a scan that was broken off goes on at its last batch, and what was put twice counts once', async () => {
      await whole('disk', [seenFile('gone')]);
      const first = await begin();
      await put(first, [seenFile('a')], [{ path: '.x', kind: 'odd-name', detail: 'dot-file' }], 'a');
      const second = await begin();
      expect(second).toEqual({ ...first, cursor: 'a' });
      const twice = [seenFile('a', { size: 7 }), seenFile('b')];
      await put(second, twice, [{ path: '.x', kind: 'odd-name', detail: 'dot-file' }], 'b');
      expect(await end(second)).toMatchObject({ files: 2, bytes: 107, added: 2, vanished: 1, findings: 1 });
      expect(await keys()).toEqual(['a', 'b']);
    });

    test('begins anew where that is asked, another way is gone, or there is no cursor', async () => {
      const first = await begin();
      await put(first, [seenFile('a')], [], 'a');
      const fresh = await begin('disk', { fresh: true });
      expect(fresh.id).not.toBe(first.id);
      expect(fresh.cursor).toBeUndefined();
      await put(fresh, [seenFile('b')], [], 'b');
      const manifest = await begin('disk', { by: 'manifest' });
      expect(manifest.cursor).toBeUndefined();
      await put(manifest, [seenFile('b')]);
      expect((await begin('disk', { by: 'manifest' })).id).not.toBe(manifest.id);
    });

    test('begins anew where what is scanned is another thing than before, or nobody knows', async () => {
      for (const [before, now] of [
        ['this disk', 'that disk'],
        ['this disk', undefined],
        [undefined, undefined],
      ] as const) {
        const first = await begin('disk', { fingerprint: before, fresh: true });
        await put(first, [seenFile('a')], [], 'a');
        const second = await begin('disk', { fingerprint: now });
        expect(second.id).not.toBe(first.id);
        expect(second.cursor).toBeUndefined();
      }
    });

    test('what only a dropped scan saw has vanished once a later one ended', async () => {
      await put(await begin(), [seenFile('a'), seenFile('b')], [], 'b');
      const fresh = await begin('disk', { fresh: true });
      await put(fresh, [seenFile('b')]);
      expect(await end(fresh)).toMatchObject({ files: 1, added: 0, vanished: 1 });
      expect(await keys()).toEqual(['b']);
    });

    test('what lies where a scan could not look stays, and nothing beside it', async () => {
      const below = Array.from({ length: 2500 }, (_, n) => seenFile(`lost/${n}`, { size: 1 }));
      await whole('disk', [...below, seenFile('lost'), seenFile('lost-not'), seenFile('lost0'), seenFile('lostx/a')]);
      await whole('other', [seenFile('lost/1')]);
      const scan = await begin();
      await put(scan, [seenFile('lost/7', { size: 1 })], [], 'lost/7');
      await writer.keep(scan, 'lost');
      await writer.keep(scan, 'lost');
      const record = await end(scan);
      expect(record).toMatchObject({ files: 2501, bytes: 2600, vanished: 3 });
      expect((await files.totals())[0]).toEqual({ source: 'disk', files: 2501, bytes: 2600 });
      expect((await keys()).filter((key) => !key.startsWith('lost/'))).toEqual(['lost']);
    });

    test('many that vanish are taken out to the last one', async () => {
      const many = Array.from({ length: 3456 }, (_, n) => seenFile(`k/${n}`));
      await whole('disk', [...many, seenFile('z')]);
      expect(await whole('disk', [seenFile('z')])).toMatchObject({ vanished: 3456, files: 1 });
      expect(await keys()).toEqual(['z']);
    });

    test('an end that is broken off leaves the scan open, and its next end does the rest', async () => {
      await whole(
        'disk',
        Array.from({ length: 2000 }, (_, n) => seenFile(`k/${n}`)),
      );
      const scan = await begin();
      await put(scan, [seenFile('z')], [], 'z');
      await expect(end(scan, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
      expect(await writer.record(scan)).toMatchObject({ endedMs: undefined });
      expect(await end(await begin())).toMatchObject({ vanished: 2000, files: 1 });
    });

    test('findings are those of the newest whole scan, in order of source and path, in pages', async () => {
      const finding = (path: string, kind: SeenFinding['kind'] = 'odd-name') => ({ path, kind, detail: undefined });
      await whole('z-disk', [], [finding('b'), finding('a', 'symlink'), finding('a', 'loop')]);
      await whole('a-disk', [], [finding('old')]);
      await whole('a-disk', [], [{ path: 'x', kind: 'unlistable', detail: 'EIO' }]);
      const open = await begin('a-disk');
      await put(open, [], [finding('not told yet')], 'x');
      const told = await files.findings(0, 100);
      expect(told).toEqual([
        { source: 'a-disk', path: 'x', kind: 'unlistable', detail: 'EIO' },
        { source: 'z-disk', ...finding('a', 'loop') },
        { source: 'z-disk', ...finding('a', 'symlink') },
        { source: 'z-disk', ...finding('b') },
      ]);
      for (let offset = 0; offset < 6; offset++)
        expect(await files.findings(offset, 2)).toEqual(told.slice(offset, offset + 2));
    });

    test('findings of the first scan are told while it is under way', async () => {
      await put(await begin(), [], [{ path: 'x', kind: 'unlistable', detail: 'EIO' }], 'x');
      expect(await files.findings(0, 10)).toHaveLength(1);
    });
  });
}
