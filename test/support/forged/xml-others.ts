import { broken, type ForgedRequest, refused } from './forged-request.ts';
import { completeBody, completeXml } from './xml-bodies.ts';

const malformed = { status: 400, code: 'MalformedXML' };
const tooLarge = { status: [400, 413], code: ['MalformedXML', 'EntityTooLarge', 'MaxMessageLengthExceeded'] };
const badParts = { status: 400, code: ['InvalidPartOrder', 'InvalidPart', 'MalformedXML', 'InvalidArgument'] };

const completions: readonly ForgedRequest[] = [
  broken('completed with no parts', (c) => completeXml(c, []), malformed),
  broken('completed with an empty body', (c) => completeBody(c, ''), malformed),
  broken(
    'completed with parts out of order',
    (c) =>
      completeXml(c, [
        ['2', c.upload.etag],
        ['1', c.upload.etag],
      ]),
    badParts,
  ),
  broken(
    'completed with a part twice',
    (c) =>
      completeXml(c, [
        ['1', c.upload.etag],
        ['1', c.upload.etag],
      ]),
    badParts,
  ),
  broken(
    'completed with a part that was never sent',
    (c) =>
      completeXml(c, [
        ['1', c.upload.etag],
        ['7', c.upload.etag],
      ]),
    badParts,
  ),
  broken('completed with a wrong ETag', (c) => completeXml(c, [['1', '"00000000000000000000000000000000"']]), badParts),
  broken('completed with part 0', (c) => completeXml(c, [['0', c.upload.etag]]), badParts),
  broken('completed with part "one"', (c) => completeXml(c, [['one', c.upload.etag]]), badParts),
  broken(
    'completed with 10,001 parts',
    (c) =>
      completeXml(
        c,
        Array.from({ length: 10_001 }, (_, i) => [String(i + 1), c.upload.etag] as const),
      ),
    { status: [400, 413], code: [...badParts.code, ...tooLarge.code] },
  ),
  broken(
    'completed with an entity',
    (c) =>
      completeBody(
        c,
        `<!DOCTYPE x [<!ENTITY e "1">]><CompleteMultipartUpload><Part><PartNumber>&e;</PartNumber><ETag>${c.upload.etag}</ETag></Part></CompleteMultipartUpload>`,
      ),
    malformed,
  ),
  broken('completed under another key', (c) => ({ ...completeXml(c, [['1', c.upload.etag]]), key: 'new.jpg' }), {
    status: 404,
    code: 'NoSuchUpload',
  }),
  broken(
    'an unknown upload completed',
    (c) => ({ ...completeXml(c, [['1', c.upload.etag]]), query: 'uploadId=2~unknown' }),
    { status: 404, code: 'NoSuchUpload' },
  ),
  broken(
    'an unknown upload given up',
    { method: 'DELETE', key: 'new.jpg', query: 'uploadId=2~unknown' },
    { status: 404, code: 'NoSuchUpload' },
  ),
];

const acls: readonly ForgedRequest[] = [
  refused(
    'no ACL in an ACL',
    { method: 'PUT', query: 'acl', body: '' },
    { status: 400, code: ['MalformedXML', 'MalformedACLError', 'InvalidRequest', 'MissingSecurityHeader'] },
  ),
  refused(
    'an ACL that is no XML',
    { method: 'PUT', query: 'acl', body: 'public' },
    { status: 400, code: ['MalformedXML', 'MalformedACLError'] },
  ),
  refused(
    'an ACL with an entity',
    {
      method: 'PUT',
      query: 'acl',
      body: '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><AccessControlPolicy>&e;</AccessControlPolicy>',
    },
    { status: 400, code: ['MalformedXML', 'MalformedACLError'] },
  ),
];

export const forgedXml: readonly ForgedRequest[] = [...completions, ...acls];
