import { pathTo, present, withLine } from '../forge.ts';
import { accessDenied, type ForgedRequest, refused } from './forged-request.ts';
import { deleteXml } from './xml-bodies.ts';

/** The program's own objects. */
export const forgedReserved: readonly ForgedRequest[] = [
  refused("GET of the bucket's identity", { key: '_upstairs/identity' }, accessDenied),
  refused("HEAD of the bucket's identity", { method: 'HEAD', key: '_upstairs/identity' }, { status: 403 }),
  refused("PUT of the bucket's identity", { method: 'PUT', key: '_upstairs/identity', body: 'mine' }, accessDenied),
  refused("DELETE of the bucket's identity", { method: 'DELETE', key: '_upstairs/identity' }, accessDenied),
  refused(
    "the identity's ACL",
    { method: 'PUT', key: '_upstairs/identity', query: 'acl', headers: { 'X-Amz-Acl': 'public-read' } },
    accessDenied,
  ),
  refused('PUT of the reserved folder', { method: 'PUT', key: '_upstairs', body: '' }, accessDenied),
  refused(
    'PUT under an encoded reserved folder',
    (c) => ({ method: 'PUT', path: `/${c.bucket}/%5fupstairs%2fx`, body: '' }),
    accessDenied,
  ),
  refused(
    'PUT under the reserved folder, virtual host',
    (c) => ({ method: 'PUT', host: `${c.bucket}.${c.host}`, path: '/_upstairs/x', body: '' }),
    accessDenied,
  ),
  refused('presigned GET under the reserved folder', { presigned: '60', key: '_upstairs/identity' }, accessDenied),
  refused(
    'copy from the reserved folder',
    (c) => ({ method: 'PUT', key: 'new.jpg', headers: { 'X-Amz-Copy-Source': `/${c.bucket}/_upstairs/identity` } }),
    accessDenied,
  ),
  refused(
    'copy to the reserved folder',
    (c) => ({ method: 'PUT', key: '_upstairs/x', headers: { 'X-Amz-Copy-Source': pathTo(c.bucket, present) } }),
    accessDenied,
  ),
  refused('multipart in the reserved folder', { method: 'POST', key: '_upstairs/x', query: 'uploads' }, accessDenied),
  refused('delete of many in the reserved folder', (c) => deleteXml(c, ['_upstairs/identity']), {
    status: [200, 403],
    code: 'AccessDenied',
  }),
  refused('two lines that name two hosts', (c) => ({ tamper: withLine('Host', `${c.bucket}.${c.host}`) }), {
    status: 400,
  }),
];
