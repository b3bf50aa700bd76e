import { expect, it } from 'vitest';
import { clientHeaders } from '../../../src/gateway/response-headers.ts';

it("a client sees the object's headers, and none of the store or the program", () => {
  const object = {
    'content-type': 'image/png',
    'content-length': '3',
    'content-range': 'bytes 0-2/9',
    etag: '"abc"',
    'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT',
    'accept-ranges': 'bytes',
    'cache-control': 'public',
    expires: '0',
    'x-amz-meta-mtime': '1',
    'x-amz-mp-parts-count': '2',
  };
  const store = {
    server: 'store',
    date: 'x',
    connection: 'close',
    'set-cookie': ['a=b'],
    'content-security-policy': "default-src 'none'",
    'x-rgw-object-type': 'Normal',
    'x-amz-id-2': 'x',
    'x-amz-request-id': 'x',
    'x-amz-version-id': 'null',
    'x-amz-meta-upstairs-copy': '7',
    'x-amz-meta-upstairs_intent': '8',
  };
  expect(clientHeaders({ ...object, ...store })).toEqual(object);
});
