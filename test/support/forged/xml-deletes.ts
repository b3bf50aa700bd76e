import { contentMd5, present } from '../forge.ts';
import { sha256Hex } from '../sigv4.ts';
import { type ForgedRequest, refused } from './forged-request.ts';
import { deleteBody, deleteXml } from './xml-bodies.ts';

const malformed = { status: 400, code: 'MalformedXML' };
const tooLarge = { status: [400, 413], code: ['MalformedXML', 'EntityTooLarge', 'MaxMessageLengthExceeded'] };
const root = 'Delete';
const victim = `<Object><Key>${present}</Key></Object>`;

/** Ten entities, each ten of the one before: a gigabyte from one kilobyte. */
const laughs = Array.from({ length: 9 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`).join('');

const bombs = [
  [
    'a billion laughs',
    `<!DOCTYPE ${root} [<!ENTITY l0 "lol">${laughs}]><${root}>${victim.replace(present, '&l9;')}</${root}>`,
  ],
  [
    'an external entity',
    `<!DOCTYPE ${root} [<!ENTITY x SYSTEM "file:///etc/hostname">]><${root}>${victim.replace(present, '&x;')}</${root}>`,
  ],
  ['an external DTD', `<!DOCTYPE ${root} SYSTEM "http://127.0.0.1:1/x.dtd"><${root}>${victim}</${root}>`],
  [
    'an entity that names the victim',
    `<!DOCTYPE ${root} [<!ENTITY x "${present}">]><${root}>${victim.replace(present, '&x;')}</${root}>`,
  ],
  ['an entity that is not known', `<${root}>${victim.replace(present, '&nbsp;')}</${root}>`],
  ['100,000 levels', `<${root}>${'<a>'.repeat(100_000)}${'</a>'.repeat(100_000)}${victim}</${root}>`],
  [
    '10,000 attributes',
    `<${root} ${Array.from({ length: 10_000 }, (_, i) => `a${i}="x"`).join(' ')}><Unknown>${victim}</Unknown></${root}>`,
  ],
] as const;

const nonsense = [
  ['no XML', 'delete everything'],
  ['an empty body', ''],
  ['an open end', `<${root}>${victim}`],
  ['tags that cross', `<${root}><Object><Key>${present}</Object></Key></${root}>`],
  ['two roots', `<${root}>${victim}</${root}><${root}>${victim}</${root}>`],
  ['another root', `<CreateBucketConfiguration>${victim}</CreateBucketConfiguration>`],
  ['no keys', `<${root}></${root}>`],
  ['a key without an object', `<${root}><Key>${present}</Key></${root}>`],
  ['an object without a key', `<${root}><Object></Object></${root}>`],
  ['a NUL', `<${root}>${victim.replace('kept', '\0')}</${root}>`],
  ['a character that XML forbids', `<${root}>${victim.replace('kept', '&#1;')}</${root}>`],
] as const;

export const forgedDeletes: readonly ForgedRequest[] = [
  ...[...bombs, ...nonsense].map(([what, xml]) =>
    refused(`delete of many: ${what}`, (c) => deleteBody(c, xml), malformed),
  ),
  refused(
    'delete of many: bytes that are not UTF-8',
    (c) => deleteBody(c, Buffer.from(`<${root}>${victim.replace('kept', '\xff')}</${root}>`, 'latin1')),
    malformed,
  ),
  refused(
    'delete of many: UTF-16',
    (c) => deleteBody(c, Buffer.from(`\ufeff<${root}>${victim}</${root}>`, 'utf16le')),
    malformed,
  ),
  refused(
    'delete of many: 10 MB',
    (c) => deleteBody(c, `<${root}>${' '.repeat(10_000_000)}${victim}</${root}>`),
    tooLarge,
    { mayClose: true },
  ),
  refused(
    'delete of many: 1001 keys',
    (c) => deleteXml(c, [present, ...Array.from({ length: 1000 }, (_, i) => `gone/${i}`)]),
    malformed,
  ),
  refused(
    'delete of many: wrong MD5',
    (c) => ({ ...deleteXml(c, [present]), headers: { 'Content-Md5': contentMd5('x') } }),
    { status: 400, code: 'BadDigest' },
  ),
  refused(
    'delete of many: wrong SHA-256',
    (c) => ({ ...deleteXml(c, [present]), headers: { 'X-Amz-Content-Sha256': sha256Hex('x') } }),
    { status: 400, code: 'XAmzContentSHA256Mismatch' },
  ),
  refused(
    'delete of many: a version',
    (c) => deleteBody(c, `<${root}><Object><Key>${present}</Key><VersionId>1</VersionId></Object></${root}>`),
    { status: [200, 501], code: 'NotImplemented' },
  ),
];
