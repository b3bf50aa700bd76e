import { contentMd5, type Forge, type ForgeContext, pathTo, present } from './forge.ts';
import { deleteXml } from './forged/xml-bodies.ts';

/** A request that S3 grants: what is forged elsewhere differs from one of these in one thing. */
export interface HonestRequest {
  readonly name: string;
  readonly make: (context: ForgeContext) => Forge;
  readonly status: number;
}

const put: Forge = { method: 'PUT', key: 'new.jpg', body: 'new', headers: { 'Content-Type': 'image/jpeg' } };

export const honestRequests: readonly HonestRequest[] = [
  honest('GET', {}),
  honest('HEAD', { method: 'HEAD' }),
  honest('GET of a range', { headers: { Range: 'bytes=0-1' } }, 206),
  honest('GET, presigned', { presigned: '600' }),
  honest('GET, presigned for seven days', { presigned: '604800' }),
  honest('GET, presigned nearly too long ago', { presigned: '600', clockAhead: -590 }),
  honest('GET with a clock that is 14 minutes ahead', { clockAhead: 14 * 60 }),
  honest('GET with a clock that is 14 minutes behind', { clockAhead: -14 * 60 }),
  honest('PUT', put),
  honest('PUT of nothing', { ...put, body: '' }),
  honest('PUT with its MD5', { ...put, headers: { 'Content-Md5': contentMd5('new') } }),
  honest('PUT with an ACL', { ...put, headers: { 'X-Amz-Acl': 'public-read' } }),
  honest('PUT with grants', {
    ...put,
    headers: { 'X-Amz-Grant-Read': 'uri="http://acs.amazonaws.com/groups/global/AllUsers"' },
  }),
  honest('PUT with metadata', { ...put, headers: { 'X-Amz-Meta-A': 'b', 'Cache-Control': 'public, max-age=60' } }),
  honest('PUT with an unsigned header that is none of S3', { ...put, headers: { 'X-Request-Id': 'x' } }),
  honest('PUT of an odd key', { ...put, key: "odd/é ü+~'()*!@$&=;:,% 100.jpg" }),
  honest('ACL', { ...put, query: 'acl', body: '', headers: { 'X-Amz-Acl': 'private' } }),
  honest('ACL read', { query: 'acl' }),
  honest('copy', (c) => ({
    method: 'PUT',
    key: 'copy.jpg',
    headers: { 'X-Amz-Copy-Source': pathTo(c.bucket, present) },
  })),
  honest('a part', (c) => ({ ...put, key: c.upload.key, query: `partNumber=2&uploadId=${c.upload.id}` })),
  honest('a part copied', (c) => ({
    method: 'PUT',
    key: c.upload.key,
    query: `partNumber=3&uploadId=${c.upload.id}`,
    body: '', // the store wants a length here, though not of a copy
    headers: { 'X-Amz-Copy-Source': pathTo(c.bucket, present) },
  })),
  honest('parts', (c) => ({ key: c.upload.key, query: `uploadId=${c.upload.id}` })),
  honest('list', (c) => ({ path: `/${c.bucket}`, query: 'list-type=2&prefix=kept%2F' })),
  honest('list in version 1', (c) => ({ path: `/${c.bucket}/`, query: 'max-keys=10' })),
  honest('uploads', (c) => ({ path: `/${c.bucket}`, query: 'uploads' })),
  honest('HEAD of the bucket', (c) => ({ method: 'HEAD', path: `/${c.bucket}` })),
  honest("the bucket's location", (c) => ({ path: `/${c.bucket}`, query: 'location' })),
  honest('delete of many', (c) => deleteXml(c, ['new.jpg', 'copy.jpg'])),
  honest('DELETE', { method: 'DELETE', key: 'new.jpg' }, 204),
];

/** What the write host takes beyond what its store does. */
export const honestHere: readonly HonestRequest[] = [
  honest('GET on a virtual host', (c) => ({ host: `${c.bucket}.${c.host}`, path: `/${present}` })),
  honest('GET on a host with a port', (c) => ({ host: `${c.host}:8081` })),
  honest('GET on a host in capitals', (c) => ({ host: c.host.toUpperCase() })),
  honest('GET by a reader', { by: 'reader' }),
  honest('PUT by a writer', { ...put, by: 'writer' }),
  honest('DELETE by a deleter', { method: 'DELETE', key: 'new.jpg', by: 'deleter' }, 204),
  honest('PUT within the prefix', { ...put, key: 'scoped/new.jpg', by: 'scoped' }),
  honest('GET within the prefix', { key: 'scoped/new.jpg', by: 'scoped' }),
  honest('list within the prefix', (c) => ({
    path: `/${c.bucket}`,
    query: 'list-type=2&prefix=scoped%2F',
    by: 'scoped',
  })),
  honest('copy within the prefix', (c) => ({
    method: 'PUT',
    key: 'scoped/copy.jpg',
    by: 'scoped',
    headers: { 'X-Amz-Copy-Source': pathTo(c.bucket, 'scoped/new.jpg') },
  })),
];

function honest(name: string, made: Forge | ((context: ForgeContext) => Forge), status = 200): HonestRequest {
  return { name, make: typeof made === 'function' ? made : () => made, status };
}
