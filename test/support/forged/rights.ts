import { type Forge, pathTo, present } from '../forge.ts';
import { accessDenied, badName, type ForgedRequest, refused } from './forged-request.ts';
import { deleteXml } from './xml-bodies.ts';

const put: Forge = { method: 'PUT', key: 'new.jpg', body: 'new' };
const del: Forge = { method: 'DELETE' };

/** Clients that ask for what their rights do not hold. */
const rights: readonly ForgedRequest[] = [
  refused('PUT by a reader', { ...put, by: 'reader' }, accessDenied),
  refused('DELETE by a reader', { ...del, by: 'reader' }, accessDenied),
  refused('delete of many by a reader', (c) => ({ ...deleteXml(c, [present]), by: 'reader' }), accessDenied),
  refused('copy by a reader', (c) => ({ ...copyFrom(c.bucket, present), by: 'reader' }), accessDenied),
  refused(
    'ACL by a reader',
    { method: 'PUT', query: 'acl', headers: { 'X-Amz-Acl': 'public-read' }, by: 'reader' },
    accessDenied,
  ),
  refused(
    'multipart begun by a reader',
    { method: 'POST', key: 'new.jpg', query: 'uploads', by: 'reader' },
    accessDenied,
  ),
  refused(
    'part by a reader',
    (c) => ({ ...put, key: c.upload.key, query: `partNumber=2&uploadId=${c.upload.id}`, by: 'reader' }),
    accessDenied,
  ),
  refused(
    'multipart completed by a reader',
    (c) => ({
      method: 'POST',
      key: c.upload.key,
      query: `uploadId=${c.upload.id}`,
      body: '<CompleteMultipartUpload/>',
      by: 'reader',
    }),
    accessDenied,
  ),
  refused(
    'multipart given up by a reader',
    (c) => ({ ...del, key: c.upload.key, query: `uploadId=${c.upload.id}`, by: 'reader' }),
    accessDenied,
  ),
  refused('GET by a writer', { by: 'writer' }, accessDenied),
  refused('HEAD by a writer', { method: 'HEAD', by: 'writer' }, { status: 403 }),
  refused('ACL read by a writer', { query: 'acl', by: 'writer' }, accessDenied),
  refused('list by a writer', (c) => ({ path: `/${c.bucket}`, query: 'list-type=2', by: 'writer' }), accessDenied),
  refused('presigned GET by a writer', { presigned: '60', by: 'writer' }, accessDenied),
  refused('DELETE by a writer', { ...del, by: 'writer' }, accessDenied),
  refused(
    'copy by a writer, who may not read',
    (c) => ({ ...copyFrom(c.bucket, present), by: 'writer' }),
    accessDenied,
  ),
  refused(
    'part copied by a writer',
    (c) => ({
      ...copyFrom(c.bucket, present),
      key: c.upload.key,
      query: `partNumber=2&uploadId=${c.upload.id}`,
      by: 'writer',
    }),
    accessDenied,
  ),
  refused('GET by a deleter', { by: 'deleter' }, accessDenied),
  refused('PUT by a deleter', { ...put, by: 'deleter' }, accessDenied),
  refused(
    'ACL by a deleter',
    { method: 'PUT', query: 'acl', headers: { 'X-Amz-Acl': 'private' }, by: 'deleter' },
    accessDenied,
  ),
  refused('list by a deleter', (c) => ({ path: `/${c.bucket}`, by: 'deleter' }), accessDenied),
];

/** A client of `scoped/` that looks elsewhere. */
const prefixes: readonly ForgedRequest[] = [
  refused('GET outside the prefix', { by: 'scoped' }, accessDenied),
  refused('PUT outside the prefix', { ...put, by: 'scoped' }, accessDenied),
  refused('DELETE outside the prefix', { ...del, by: 'scoped' }, accessDenied),
  refused(
    'ACL outside the prefix',
    { method: 'PUT', query: 'acl', headers: { 'X-Amz-Acl': 'private' }, by: 'scoped' },
    accessDenied,
  ),
  refused('presigned GET outside the prefix', { presigned: '60', by: 'scoped' }, accessDenied),
  refused('a name that only begins like the prefix', { ...put, key: 'scopedx/new.jpg', by: 'scoped' }, accessDenied),
  refused(
    'out of the prefix by dot-dot',
    (c) => ({ path: `/${c.bucket}/scoped/../${present}`, by: 'scoped' }),
    badName,
  ),
  refused(
    'out of the prefix by an encoded slash',
    (c) => ({ path: `/${c.bucket}/scoped%2F..%2F${present}`, by: 'scoped' }),
    badName,
  ),
  refused(
    'copy from outside the prefix',
    (c) => ({ ...copyFrom(c.bucket, present), key: 'scoped/new.jpg', by: 'scoped' }),
    accessDenied,
  ),
  refused(
    'copy to outside the prefix',
    (c) => ({ ...copyFrom(c.bucket, 'scoped/own.jpg'), by: 'scoped' }),
    accessDenied,
  ),
  refused(
    'multipart outside the prefix',
    { method: 'POST', key: 'new.jpg', query: 'uploads', by: 'scoped' },
    accessDenied,
  ),
  refused('list of everything', (c) => ({ path: `/${c.bucket}`, query: 'list-type=2', by: 'scoped' }), accessDenied),
  refused(
    'list of another prefix',
    (c) => ({ path: `/${c.bucket}`, query: 'list-type=2&prefix=kept%2F', by: 'scoped' }),
    accessDenied,
  ),
  refused(
    'list of a shorter prefix',
    (c) => ({ path: `/${c.bucket}`, query: 'list-type=2&prefix=scoped', by: 'scoped' }),
    accessDenied,
  ),
  refused(
    'list in version 1 of another prefix',
    (c) => ({ path: `/${c.bucket}`, query: 'prefix=kept%2F', by: 'scoped' }),
    accessDenied,
  ),
  refused('uploads of everybody', (c) => ({ path: `/${c.bucket}`, query: 'uploads', by: 'scoped' }), accessDenied),
  refused('delete of many, one outside the prefix', (c) => ({ ...deleteXml(c, [present]), by: 'scoped' }), {
    status: [200, 403],
    code: 'AccessDenied',
  }),
];

export const forgedRights: readonly ForgedRequest[] = [...rights, ...prefixes];

function copyFrom(bucket: string, key: string): Forge {
  return { method: 'PUT', key: 'new.jpg', headers: { 'X-Amz-Copy-Source': pathTo(bucket, key) } };
}
