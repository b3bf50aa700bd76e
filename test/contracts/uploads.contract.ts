import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { PendingUpload, Uploads } from '../../src/marks/uploads.ts';

/** One place for multipart uploads, where they can be opened again and again. */
export interface UploadsFixture {
  open(): Promise<{ readonly uploads: Uploads; close(): Promise<void> }>;
}

const dayMs = 24 * 3600 * 1000;

/** What every store of multipart uploads owes the write host. */
export function uploadsContract(name: string, makeFixture: () => UploadsFixture): void {
  describe(`${name} of multipart uploads`, () => {
    let fixture: UploadsFixture;
    let opened: Awaited<ReturnType<UploadsFixture['open']>>;
    let uploads: Uploads;

    const open = async () => {
      opened = await fixture.open();
      uploads = opened.uploads;
    };
    beforeEach(async () => {
      fixture = makeFixture();
      await open();
    });
    afterEach(() => opened.close());

    const video: PendingUpload = { key: 'media/video.mp4', intentId: 'video', acl: 'public' };
    const archive: PendingUpload = { key: 'backups/archive.zip', intentId: 'archive', acl: 'private' };
    const plain: PendingUpload = { key: 'media/plain', intentId: 'plain', acl: undefined };

    test('knows nothing of an upload that nobody began', async () => {
      expect(await uploads.find('2~x')).toBeUndefined();
    });

    test('remembers each with its key, its name and its ACL, over a restart', async () => {
      await uploads.begin('2~x', video, 1000);
      await uploads.begin('2~y', archive, 1000);
      await uploads.begin('2~z', plain, 1000);
      for (const restarted of [false, true]) {
        if (restarted) {
          await opened.close();
          await open();
        }
        expect(await uploads.find('2~x')).toEqual(video);
        expect(await uploads.find('2~y')).toEqual(archive);
        expect(await uploads.find('2~z')).toEqual(plain);
        expect(await uploads.find('2~X')).toBeUndefined();
      }
    });

    test('has it on the disk when that is acknowledged: another reader sees it', async () => {
      const other = await fixture.open();
      await uploads.begin('2~x', video, 1000);
      expect(await other.uploads.find('2~x')).toEqual(video);
      await other.close();
    });

    test('keeps two uploads of one key apart', async () => {
      await uploads.begin('2~x', video, 1000);
      await uploads.begin('2~y', { ...video, intentId: 'again' }, 2000);
      await uploads.end('2~x');
      expect(await uploads.find('2~x')).toBeUndefined();
      expect(await uploads.find('2~y')).toMatchObject({ intentId: 'again' });
    });

    test('forgets what has ended, for good, and does not mind being told twice', async () => {
      await uploads.begin('2~x', video, 1000);
      await uploads.end('2~x');
      await uploads.end('2~x');
      await opened.close();
      await open();
      expect(await uploads.find('2~x')).toBeUndefined();
    });

    test('has what was said last of an upload whose name comes again', async () => {
      await uploads.begin('2~x', video, 1000);
      await uploads.begin('2~x', archive, 2000);
      expect(await uploads.find('2~x')).toEqual(archive);
    });

    test('forgets what was begun more than 31 days ago, and nothing younger', async () => {
      await uploads.begin('2~old', video, 0);
      await uploads.begin('2~younger', video, dayMs);
      await uploads.begin('2~b', plain, 31 * dayMs);
      expect(await uploads.find('2~old')).toEqual(video);
      await uploads.begin('2~c', plain, 31 * dayMs + 1);
      expect(await uploads.find('2~old')).toBeUndefined();
      expect(await uploads.find('2~younger')).toEqual(video);
    });

    test('of which one was begun anew counts its days from then', async () => {
      await uploads.begin('2~x', video, 0);
      await uploads.begin('2~x', video, 20 * dayMs);
      await uploads.begin('2~y', plain, 40 * dayMs);
      expect(await uploads.find('2~x')).toEqual(video);
    });
  });
}
