import { describe, expect, onTestFinished, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { needs } from '../support/left-out.ts';
import { basement, jpeg, mastodonKey } from '../support/media-files.ts';
import { objectFacts, sharedRgw } from '../support/rgw.ts';
import { scratch } from '../support/scratch.ts';
import { baseConfig, startUpstairs } from '../support/upstairs.ts';

describe.skipIf(needs('ceph').skip)('a file that is only on the disk', () => {
  test('is served, is in the bucket within two seconds with everything it had, and comes from above the next time', async () => {
    const rgw = sharedRgw();
    const bucket = await rgw.freshBucket();
    const root = await scratch('root');
    const key = mastodonKey(1, 'jpg');
    const bytes = jpeg(1, { bytes: 100_000 });
    await basement(root, { [key]: bytes });
    const upstairs = await startUpstairs({ config: baseConfig({ endpoint: rgw.endpoint, bucket, root }) });
    onTestFinished(() => upstairs.dispose());
    const first = await upstairs.get(`/${key}`);
    console.log(first.status, first.headers, upstairs.output());
    expect(first.status).toBe(200);
    await eventually(async () => expect(await objectFacts(rgw.client, bucket, key)).toBeDefined(), { withinMs: 2000 });
    console.log(await objectFacts(rgw.client, bucket, key));
    const second = await upstairs.get(`/${key}`);
    console.log(second.status, second.headers);
    console.log((await upstairs.kill()), upstairs.output());
  });
});
