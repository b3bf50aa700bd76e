import { PutObjectAclCommand } from '@aws-sdk/client-s3';
import { expect, onTestFinished, test } from 'vitest';
import { hostileServer } from '../support/hostile-web-server.ts';
import { needs } from '../support/left-out.ts';
import { jpeg } from '../support/media-files.ts';
import { clientBucket, writeWorld } from '../support/write-world.ts';

test.skipIf(needs('ceph').skip)(
  'a suspension while another site answers for a basement without a canary still hides the file when the basement is back',
  async () => {
    const picture = jpeg(1, { bytes: 3000 });
    let back = false;
    await using server = await hostileServer((socket) => {
      if (!back) return socket.write('HTTP/1.1 404 None\r\nContent-Length: 0\r\n\r\n');
      const date = 'Last-Modified: Thu, 04 Mar 2021 05:06:07 GMT';
      socket.write(`HTTP/1.1 200 OK\r\n${date}\r\nContent-Length: ${picture.length}\r\n\r\n`);
      socket.write(picture);
    });
    const sources = [{ type: 'http', name: 'basement', url: `${server.url}/` }];
    const at = await writeWorld({
      files: {},
      config: { sources },
      atEnd: (end) => onTestFinished(async () => void (await end())),
    });
    await at.client().send(new PutObjectAclCommand({ Bucket: clientBucket, Key: 'a.jpg', ACL: 'private' }));
    back = true;
    expect((await at.upstairs.get('/a.jpg')).status).toBe(404);
    expect((await at.upstairs.get('/b.jpg')).body.equals(picture)).toBe(true);
  },
);
