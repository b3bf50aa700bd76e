import { type Forge, type ForgeContext, pathTo, present } from '../forge.ts';
import { badName, type ForgedRequest, noSuchBucket, refused } from './forged-request.ts';
import { deleteXml } from './xml-bodies.ts';

/** Paths that a lenient reader, the store or `new URL`, would take for another object. */
export const forgedPaths: readonly ForgedRequest[] = [
  ...[
    '/BUCKET/../OTHER/secret',
    '/BUCKET/%2e%2e/OTHER/secret',
    '/BUCKET/.%2E/OTHER/secret',
    '/BUCKET/a%2F..%2F..%2FOTHER%2Fsecret',
    '/BUCKET/%2F..%2FOTHER%2Fsecret',
    '/BUCKET/..',
    '/BUCKET/../BUCKET/PRESENT',
    '/BUCKET/./PRESENT',
    '/BUCKET/kept/./picture.jpg',
    '/BUCKET/kept/%2e/picture.jpg',
    '/BUCKET/kept//picture.jpg',
    '/BUCKET//PRESENT',
    '/BUCKET/%2FPRESENT',
    '/BUCKET/kept/..%5c..%5csecret',
    '/BUCKET/kept%5Cpicture.jpg',
    '/BUCKET/%252e%252e/OTHER/secret',
    '/BUCKET/%c0%ae%c0%ae/OTHER/secret',
    '/BUCKET/kept%00.jpg',
    '/BUCKET/new%0d%0aX-Amz-Acl:%20public-read',
    '/BUCKET/%ff%fe.jpg',
    '/BUCKET/%zz.jpg',
    '/BUCKET/new.jpg%2',
    '/BUCKET%2FPRESENT',
    '/../BUCKET/PRESENT',
    '/./BUCKET/PRESENT',
    '/%2e%2e/OTHER/secret',
    '//OTHER/secret',
    '//BUCKET/PRESENT',
  ].flatMap((path) => [
    refused(`GET ${path}`, (c) => ({ path: filled(path, c) }), misnamed(path)),
    refused(`PUT ${path}`, (c) => ({ method: 'PUT', path: filled(path, c), body: 'forged' }), misnamed(path)),
  ]),
  refused('DELETE by dot-dot', (c) => ({ method: 'DELETE', path: `/${c.bucket}/../${c.otherBucket}/secret` }), badName),
  refused(
    'presigned GET by dot-dot',
    (c) => ({ presigned: '60', path: `/${c.bucket}/../${c.otherBucket}/secret` }),
    badName,
  ),
  refused(
    'dot-dot on a virtual host',
    (c) => ({ host: `${c.bucket}.${c.host}`, path: `/../${c.otherBucket}/secret` }),
    badName,
  ),
  refused('double slash on a virtual host', (c) => ({ host: `${c.bucket}.${c.host}`, path: `//${present}` }), badName),
  refused('a fragment', (c) => ({ path: `${pathTo(c.bucket, present)}#x` }), badName),
  refused(
    'a key of 1025 bytes',
    { method: 'PUT', key: `${'a/'.repeat(512)}b`, body: '' },
    { status: 400, code: 'KeyTooLongError' },
  ),
  refused('a deleted key by dot-dot', (c) => deleteXml(c, [`../${c.otherBucket}/secret`]), {
    status: [200, 400],
    code: [...badName.code, 'MalformedXML'],
  }),
];

function filled(path: string, { bucket, otherBucket }: ForgeContext): NonNullable<Forge['path']> {
  return path.replaceAll('BUCKET', bucket).replaceAll('OTHER', otherBucket).replaceAll('PRESENT', present);
}

/** Where the bucket's own name is what is wrong, saying that there is none such is as good. */
function misnamed(path: string) {
  if (path.startsWith('/BUCKET/')) return badName;
  return { status: [400, 403, 404], code: [...badName.code, ...noSuchBucket.code] };
}
