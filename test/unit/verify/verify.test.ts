import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { decimalSeconds } from '../../../src/lib/decimal-seconds.ts';
import { Acknowledged } from '../../../src/verify/acknowledged.ts';
import { unmarked } from './facts.ts';
import { md5Of, mtimeNs, VerifyWorld } from './verify-world.ts';

let world: VerifyWorld;

beforeEach(() => {
  world = new VerifyWorld();
  onTestFinished(() => world.close());
});

const gone = { ...unmarked, below: 'closed', shown: 'gone' } as const;

describe('a verification by the record', () => {
  test('asks nothing of the store where ledger, scan and listing agree', async () => {
    await world.copied('a/1');
    await world.copied('a/2');
    await world.scan();
    await world.list();
    const { lines, exceptions } = await world.verify();
    expect([lines, exceptions, world.asked]).toEqual([['= a/1', '= a/2'], [], []]);
  });

  test('names every file that is not proven, with its reason', async () => {
    await world.copied('a/equal');
    await world.copied('a/lost-above', 'x', ['above']);
    await world.copied('a/never', 'x', ['above', 'ledger']);
    await world.copied('a/replaced', 'old');
    world.bucket.set('a/replaced', { bytes: 'new' });
    await world.copied('a/rclone', 'same', ['ledger']);
    await world.copied('a/rclone-other', 'longer', ['ledger']);
    world.bucket.set('a/rclone-other', { bytes: 'short' });
    await world.copied('a/moved', 'x', ['below']);
    await world.copied('a/lost', 'x', ['below', 'above']);
    await world.copied('cache/left', 'x', ['above', 'ledger']);
    await world.scan();
    await world.list();
    const { exceptions, lines, outcome } = await world.verify();
    expect(exceptions).toEqual([
      '! a/lost lost',
      '+ a/lost-above missing-above',
      '+ a/never not-copied',
      '! a/rclone unproven',
      '* a/rclone-other different',
      '* a/replaced changed-above',
    ]);
    expect(lines.toSorted()).toEqual([
      '! a/lost',
      '! a/rclone',
      '* a/rclone-other',
      '* a/replaced',
      '+ a/lost-above',
      '+ a/never',
      '+ cache/left',
      '- a/moved',
      '= a/equal',
    ]);
    expect([outcome.exceptions, outcome.tally.excepted['rule-skip']]).toEqual([6, 1]);
  });

  test('asks for the MD5 of objects that came in parts, and believes no ETag that is none', async () => {
    await world.copied('a/parts', 'many bytes');
    world.bucket.set('a/parts', { bytes: 'many bytes', etag: `${'a'.repeat(32)}-3`, md5chksum: md5Of('many bytes') });
    await world.copied('a/unknown', 'many bytes');
    world.bucket.set('a/unknown', { bytes: 'many bytes', etag: `${'a'.repeat(32)}-3` });
    await world.scan();
    await world.list();
    const { exceptions, lines } = await world.verify();
    expect([lines[0], exceptions]).toEqual(['= a/parts', ['! a/unknown no-md5-above']]);
  });

  test('takes what a crash kept out of the ledger from an object of our own, and from no other', async () => {
    const mtime = decimalSeconds(mtimeNs);
    for (const [key, object] of [
      ['a/ours', { ours: true, mtime }],
      ['a/older', { ours: true, mtime: '1614834360.5' }],
      ['a/rclones', { ours: false, mtime }],
    ] as const) {
      await world.copied(key, 'x', ['ledger']);
      world.bucket.set(key, { bytes: 'x', ...object });
      await world.ledger.change(key, { status: 'copied' }, {}, 1);
    }
    await world.scan();
    await world.list();
    const { exceptions, lines } = await world.verify();
    expect([lines[0], exceptions]).toEqual(['= a/ours', ['! a/older changed-below', '! a/rclones unproven']]);
  });

  test('what was copied, deleted or replaced while it ran is judged as it is in the end', async () => {
    await world.copied('a/copied-late', 'x', ['above', 'ledger']);
    await world.copied('a/deleted-late', 'x');
    await world.copied('b/wrong', 'x', ['ledger']);
    await world.scan();
    await world.list();
    world.marks.set('a/deleted-late', gone);
    world.bucket.delete('a/deleted-late');
    let copy: Promise<void> | undefined;
    const { exceptions, changed } = await world.verify({
      // The last key of the first pass.
      isSkipped: (key) => {
        if (key === 'b/wrong') copy ??= world.copied('a/copied-late', 'x');
        return false;
      },
    });
    await copy;
    expect([exceptions, changed]).toEqual([['! b/wrong unproven'], 2]);
  });

  test('does not ask the store about files that nobody has copied yet', async () => {
    for (let n = 0; n < 50; n += 1) await world.copied(`a/${n}`, 'x', ['above', 'ledger']);
    await world.scan();
    await world.list();
    const { outcome } = await world.verify();
    expect([outcome.exceptions, world.asked]).toEqual([50, []]);
  });

  test('a key that the operator acknowledged keeps nothing from being clean, and neither does a finding', async () => {
    await world.copied('a/bad', 'x', ['above', 'ledger']);
    await world.copied('a/worse', 'x', ['above', 'ledger']);
    await world.copied('a/equal');
    await world.scan([
      { path: 'odd\\xff.jpg', kind: 'odd-name', detail: undefined },
      { path: 'closed', kind: 'unlistable', detail: undefined },
    ]);
    await world.list();
    const acknowledged = new Acknowledged(['a/bad', 'odd\\xff.jpg', 'a/typing-error', 'a/equal']);
    const { exceptions, outcome } = await world.verify({ acknowledged });
    expect(exceptions).toEqual(['+ a/worse not-copied', '! closed finding']);
    expect([outcome.tally.excepted.acknowledged, acknowledged.unused]).toEqual([2, ['a/typing-error', 'a/equal']]);
  });

  test('gives the same state hash for the same state, and another one for another', async () => {
    await world.copied('a/1');
    await world.copied('a/2', 'x', ['above', 'ledger']);
    await world.scan();
    await world.list();
    const first = (await world.verify()).hash;
    const second = (await world.verify()).hash;
    expect(second).toBe(first);
    await world.ledger.change('a/1', {}, { md5: md5Of('another') }, 1);
    expect((await world.verify()).hash).not.toBe(first);
  });

  test('with one source alone, files of the others are not judged, and not taken for missing', async () => {
    await world.copied('a/1', 'x', ['above', 'ledger']);
    await world.copied('a/2', 'x');
    await world.scan();
    await world.list();
    const { lines, exceptions } = await world.verify({ isAbout: (source) => source === 'elsewhere' });
    expect([lines, exceptions]).toEqual([[], []]);
  });

  test('what was copied from a source that is retired since, and is gone above, is lost', async () => {
    await world.copied('a/kept');
    await world.copied('a/lost', 'x', ['above']);
    await world.copied('a/let-go', 'x', ['above', 'ledger']);
    await world.scan();
    await world.list();
    const nowhere = { isAbout: (source: string) => source === 'elsewhere', isThere: () => false };
    const { lines, exceptions } = await world.verify(nowhere);
    expect(exceptions).toEqual(['! a/lost lost']);
    expect(lines.toSorted()).toEqual(['! a/lost', '- a/kept']);
  });
});

describe('a verification that reads again', () => {
  test('finds objects whose bytes went bad, and what the listing only remembers', async () => {
    await world.copied('a/bad', 'bytes');
    world.bucket.set('a/bad', { bytes: 'bytEs', etag: md5Of('bytes') });
    await world.copied('a/good', 'bytes');
    await world.copied('a/removed', 'bytes');
    await world.scan();
    await world.list();
    world.bucket.delete('a/removed');
    expect((await world.verify()).exceptions).toEqual([]);
    const { exceptions } = await world.verify({ inSample: () => true });
    expect(exceptions).toEqual(['* a/bad corrupt-above', '+ a/removed missing-above']);
  });

  test('finds files that changed with size and mtime as they were, and proves what others put there', async () => {
    await world.copied('a/faked', 'bytes');
    await world.copied('a/rclone', 'same', ['ledger']);
    await world.copied('a/whole', 'bytes');
    await world.copied('a/deleted', 'bytes');
    await world.scan();
    await world.list();
    world.disk.set('a/faked', 'bytEs');
    world.disk.delete('a/deleted');
    const { exceptions, lines } = await world.verify({ reread: true });
    expect(exceptions).toEqual(['* a/faked changed-below']);
    expect(lines).toEqual(['- a/deleted', '= a/rclone', '= a/whole', '* a/faked']);
  });

  test('a damaged file is read once, and its neighbours go on', async () => {
    await world.copied('a/1', 'bytes');
    await world.copied('a/damaged', 'bytes');
    await world.copied('a/3', 'bytes');
    await world.scan();
    await world.list();
    world.disk.set('a/damaged', { kind: 'damaged', cause: new Error('EIO') });
    const { noted, lines } = await world.verify({ reread: true });
    expect(noted).toMatchObject([{ key: 'a/damaged', sign: '!', reason: 'damaged-below', detail: 'EIO' }]);
    expect(lines).toEqual(['= a/1', '= a/3', '! a/damaged']);
    expect(world.asked.filter((question) => question === 'READ a/damaged')).toHaveLength(1);
  });

  test('what is deleted, replaced or skipped is not read from the disk', async () => {
    for (const key of ['a/deleted', 'a/replaced', 'cache/x']) await world.copied(key, 'x');
    world.marks.set('a/deleted', gone);
    world.marks.set('a/replaced', { ...unmarked, below: 'closed' });
    world.bucket.delete('a/deleted');
    await world.scan();
    await world.list();
    const { exceptions } = await world.verify({ reread: true });
    expect([exceptions, world.asked.filter((question) => question.startsWith('READ'))]).toEqual([[], []]);
  });

  test('what is private by mark, prefix or mode must be so in the bucket', async () => {
    for (const key of ['a/mark', 'backups/prefix', 'a/mode', 'a/shown', 'a/closed', 'a/public'])
      await world.copied(key, 'x');
    world.modes.set('a/mode', 0o600).set('a/shown', 0o600);
    world.marks.set('a/mark', { ...unmarked, shown: 'private' }).set('a/shown', { ...unmarked, shown: 'public' });
    world.marks.set('a/closed', { ...unmarked, shown: 'private' });
    world.bucket.set('a/closed', { bytes: 'x', acl: 'private' });
    await world.scan();
    await world.list();
    const { exceptions, outcome } = await world.verify({ askAcls: true });
    expect(exceptions).toEqual(['! a/mark exposed', '! a/mode exposed', '! backups/prefix exposed']);
    expect(outcome.tally.hidden).toEqual({ mark: 2, prefix: 1, mode: 1 });
    expect(world.asked).not.toContain('ACL a/public');
  });

  test('an outage is no million of exceptions: it ends, and proves nothing', async () => {
    for (let n = 0; n < 60; n += 1) await world.copied(`a/${n}`, 'x');
    await world.scan();
    await world.list();
    world.meanwhile = () => Promise.reject(new Error('the store answered 503 (SlowDown)'));
    await expect(world.verify({ inSample: () => true })).rejects.toMatchObject({ code: 'NO_ANSWER' });
    world.meanwhile = async () => undefined;
    for (const key of world.disk.keys()) world.disk.set(key, { kind: 'unavailable', trouble: 'timeout' });
    await expect(world.verify({ reread: true })).rejects.toThrow(/the source disk did not answer/);
  });
});
