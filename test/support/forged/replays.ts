import { type Forge, withHeader, withLine, withQuery } from '../forge.ts';
import { sha256Hex } from '../sigv4.ts';
import { authorization } from './authorization.ts';
import {
  accessDenied,
  badHeader,
  badSignature,
  broken,
  type ForgedRequest,
  notImplemented,
  refused,
} from './forged-request.ts';

const put: Forge = { method: 'PUT', key: 'new.jpg', body: 'new', headers: { 'Content-Type': 'image/jpeg' } };

const replays: readonly ForgedRequest[] = [
  refused(
    'replayed with another header',
    { ...put, headers: { 'X-Amz-Acl': 'private' }, tamper: withHeader('X-Amz-Acl', 'public-read') },
    badSignature,
  ),
  refused('replayed with another type', { ...put, tamper: withHeader('Content-Type', 'text/html') }, badSignature),
  refused('replayed with another host', { ...put, tamper: withHeader('Host', '127.0.0.1') }, badSignature),
  refused(
    'replayed with another body and its hash',
    {
      ...put,
      tamper: (r) => ({ ...withHeader('X-Amz-Content-Sha256', sha256Hex('NEW'))(r), body: Buffer.from('NEW') }),
    },
    badSignature,
  ),
  broken(
    'replayed with another body',
    { ...put, tamper: (r) => ({ ...r, body: Buffer.from('NEW') }) },
    { status: 400, code: 'XAmzContentSHA256Mismatch' },
  ),
  refused(
    'replayed with another key',
    { ...put, tamper: (r) => ({ ...r, path: r.path.replace('new', 'other') }) },
    badSignature,
  ),
  refused('replayed with a longer query', { tamper: withQuery(() => 'response-content-type=text/html') }, badSignature),
  refused('replayed with a subresource', { tamper: withQuery(() => 'acl') }, badSignature),
  refused(
    'replayed with another query',
    { query: 'partNumber=1', tamper: withQuery(() => 'partNumber=2') },
    badSignature,
  ),
  refused(
    'replayed without its query',
    { method: 'DELETE', query: 'uploadId=1', tamper: withQuery(() => '') },
    badSignature,
  ),
  refused('a GET replayed as DELETE', { tamper: (r) => ({ ...r, method: 'DELETE' }) }, badSignature),
  refused('a GET replayed as HEAD', { tamper: (r) => ({ ...r, method: 'HEAD' }) }, { status: 403 }),
  refused(
    'another client named in a good signature',
    { tamper: authorization((value) => value.replace('UPMASTODON', 'UPREADER')) },
    badSignature,
  ),
  refused(
    'a good signature of the wrong client',
    { by: 'reader', method: 'DELETE', tamper: authorization((value) => value.replace('UPREADER', 'UPMASTODON')) },
    badSignature,
  ),
];

const coverage: readonly ForgedRequest[] = [
  refused('an ACL that is not signed', { ...put, tamper: withLine('X-Amz-Acl', 'public-read') }, accessDenied),
  refused(
    'a copy source that is not signed',
    (c) => ({ method: 'PUT', key: 'new.jpg', tamper: withLine('X-Amz-Copy-Source', `/${c.bucket}/kept/picture.jpg`) }),
    accessDenied,
  ),
  refused('metadata that are not signed', { ...put, tamper: withLine('X-Amz-Meta-A', 'b') }, accessDenied),
  refused('a body hash that is not signed', { ...put, signing: { leaveOut: ['x-amz-content-sha256'] } }, accessDenied),
  refused('a date that is not signed', { ...put, signing: { leaveOut: ['x-amz-date'] } }, accessDenied),
  refused('a host that is not signed', { ...put, signing: { leaveOut: ['host'] } }, badHeader),
  refused('a signed header that was not sent', { ...put, signing: { pretend: ['x-amz-acl'] } }, badHeader),
  refused(
    'no signed headers',
    { tamper: authorization((value) => value.replace(/SignedHeaders=[^,]+/, 'SignedHeaders=')) },
    badHeader,
  ),
  refused(
    'a second line of a signed header',
    { ...put, headers: { 'X-Amz-Acl': 'private' }, tamper: withLine('X-Amz-Acl', 'public-read') },
    { status: [400, 403], code: ['SignatureDoesNotMatch', 'InvalidArgument', 'InvalidRequest'] },
  ),
];

const hashes: readonly ForgedRequest[] = [
  refused(
    'no body hash',
    { ...put, headers: { 'X-Amz-Content-Sha256': undefined } },
    { status: 400, code: 'InvalidRequest' },
  ),
  refused(
    'a body hash that is none',
    { ...put, headers: { 'X-Amz-Content-Sha256': 'abc' } },
    { status: 400, code: 'InvalidArgument' },
  ),
  refused(
    'an unsigned body over plain HTTP',
    { ...put, headers: { 'X-Amz-Content-Sha256': 'UNSIGNED-PAYLOAD' } },
    { status: [400, 403], code: ['AccessDenied', 'InvalidRequest'] },
  ),
  ...[
    'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
    'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
    'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
  ].map((kind) =>
    refused(
      `a body in chunks: ${kind}`,
      { ...put, headers: { 'X-Amz-Content-Sha256': kind, 'X-Amz-Decoded-Content-Length': '3' } },
      notImplemented,
    ),
  ),
  refused(
    'an unknown kind of body in chunks',
    { ...put, headers: { 'X-Amz-Content-Sha256': 'STREAMING-ROT13' } },
    { status: [400, 501], code: ['NotImplemented', 'InvalidArgument'] },
  ),
  refused(
    'a wrong secret that waits for 100 Continue',
    (c) => ({
      ...put,
      by: { ...c.keys.mastodon, secretKey: 'wrong' },
      headers: { Expect: '100-continue' },
      tamper: (r) => ({ ...r, body: Buffer.alloc(0) }),
    }),
    badSignature,
  ),
];

export const forgedReplays: readonly ForgedRequest[] = [...replays, ...coverage, ...hashes];
