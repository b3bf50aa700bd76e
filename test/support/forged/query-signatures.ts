import { type Forge, withHeader, withLine, withQuery } from '../forge.ts';
import { accessDenied, badSignature, type ForgedRequest, refused } from './forged-request.ts';

const presigned = '600';
const put: Forge = { method: 'PUT', key: 'new.jpg', body: 'new', presigned };
const expired = { status: 403, code: ['AccessDenied', 'ExpiredToken'] };
const badParameter = {
  status: [400, 403],
  code: [
    'AuthorizationQueryParametersError',
    'AuthorizationHeaderMalformed',
    'InvalidArgument',
    'InvalidRequest',
    'AccessDenied',
  ],
};
/** Either the parameter or the signature is found wrong first. */
const badEither = { status: [400, 403], code: [...badParameter.code, 'SignatureDoesNotMatch'] };

const times: readonly ForgedRequest[] = [
  refused('presigned, expired a second ago', { presigned, clockAhead: -601 }, expired),
  refused('presigned, expired long ago', { presigned: '1', clockAhead: -86_400 }, expired),
  refused(
    'presigned tomorrow',
    { presigned, clockAhead: 86_400 },
    { status: 403, code: ['AccessDenied', 'RequestTimeTooSkewed'] },
  ),
  ...['604801', '99999999999999999999', '0', '-1', '+60', '60.5', '6e1', 'soon', '', ' 60'].map((expires) =>
    refused(`presigned for "${expires}" seconds`, { presigned: expires }, badParameter),
  ),
  refused(
    'presigned without an end',
    { presigned, tamper: withQuery((q) => q.replace(/&X-Amz-Expires=\d+/, '')) },
    badEither,
  ),
  refused(
    'presigned, its end put off',
    { presigned, clockAhead: -601, tamper: withQuery((q) => q.replace('Expires=600', 'Expires=6000')) },
    badSignature,
  ),
  refused(
    'presigned, its end given twice',
    { presigned, tamper: withQuery((q) => `${q}&X-Amz-Expires=6000`) },
    badEither,
  ),
  refused(
    'presigned, its date given twice',
    { presigned, tamper: withQuery((q) => `${q}&X-Amz-Date=20260101T000000Z`) },
    badEither,
  ),
];

const reuse: readonly ForgedRequest[] = [
  refused(
    'presigned for GET, used for PUT',
    { ...put, method: 'GET', tamper: (r) => ({ ...r, method: 'PUT' }) },
    badSignature,
  ),
  refused(
    'presigned for GET, used for DELETE',
    { presigned, tamper: (r) => ({ ...r, method: 'DELETE' }) },
    badSignature,
  ),
  refused(
    'presigned for another key',
    { presigned, tamper: (r) => ({ ...r, path: r.path.replace('picture', 'other') }) },
    badSignature,
  ),
  refused('presigned for another host', { presigned, tamper: withHeader('Host', '127.0.0.1') }, badSignature),
  refused('presigned, with a subresource added', { presigned, tamper: withQuery((q) => `acl&${q}`) }, badSignature),
  refused(
    'presigned, with another type asked for',
    { presigned, tamper: withQuery((q) => `${q}&response-content-type=text%2Fhtml`) },
    badSignature,
  ),
  refused('presigned PUT, with an ACL added', { ...put, tamper: withLine('X-Amz-Acl', 'public-read') }, accessDenied),
  refused(
    'presigned PUT, turned into a copy',
    (c) => ({ ...put, tamper: withLine('X-Amz-Copy-Source', `/${c.bucket}/kept/picture.jpg`) }),
    accessDenied,
  ),
  refused('presigned PUT over plain HTTP', put, { status: [400, 403], code: ['AccessDenied', 'InvalidRequest'] }),
];

const scope: readonly ForgedRequest[] = [
  refused(
    'presigned with a wrong secret',
    (c) => ({ presigned, by: { ...c.keys.mastodon, secretKey: 'wrong' } }),
    badSignature,
  ),
  refused(
    'presigned by nobody',
    { presigned, by: { accessKey: 'NOBODY', secretKey: 'x' } },
    { status: 403, code: 'InvalidAccessKeyId' },
  ),
  refused('presigned for another region', { presigned, signing: { region: 'us-west-9' } }, badParameter),
  refused('presigned for another service', { presigned, signing: { service: 'sts' } }, badParameter),
  refused('presigned with another end of the scope', { presigned, signing: { terminator: 'x' } }, badParameter),
  refused("presigned with another day's scope", { presigned, signing: { scopeDate: '20200101' } }, badEither),
  refused('presigned without its host', { presigned, signing: { leaveOut: ['host'] } }, badEither),
  refused(
    'presigned with a session token',
    { presigned, query: 'X-Amz-Security-Token=abc' },
    { status: [400, 403], code: ['InvalidRequest', 'InvalidToken', 'AccessDenied'] },
  ),
];

const shape: readonly ForgedRequest[] = [
  refused(
    'presigned without a signature',
    { presigned, tamper: withQuery((q) => q.replace(/&X-Amz-Signature=\w+/, '')) },
    badEither,
  ),
  refused(
    'presigned with two signatures',
    { presigned, tamper: withQuery((q) => `${q}&X-Amz-Signature=${'0'.repeat(64)}`) },
    badEither,
  ),
  refused(
    'presigned with another algorithm',
    { presigned, tamper: withQuery((q) => q.replace('HMAC-SHA256', 'HMAC-SHA1')) },
    badEither,
  ),
  refused(
    'presigned with a signature of zeros',
    { presigned, tamper: withQuery((q) => q.replace(/(X-Amz-Signature=)\w+/, `$1${'0'.repeat(64)}`)) },
    badSignature,
  ),
  refused(
    'presigned by version 2',
    { unsigned: true, query: 'AWSAccessKeyId=UPMASTODON&Expires=2000000000&Signature=abc%3D' },
    { status: 400, code: 'InvalidRequest' },
  ),
  refused(
    'signed in the header and in the query',
    { tamper: withQuery(() => 'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0') },
    { status: 400, code: 'InvalidArgument' },
  ),
  refused(
    'presigned, and an Authorization header too',
    { presigned, tamper: withLine('Authorization', 'AWS4-HMAC-SHA256 Credential=x, SignedHeaders=host, Signature=0') },
    { status: 400, code: 'InvalidArgument' },
  ),
];

export const forgedQuerySignatures: readonly ForgedRequest[] = [...times, ...reuse, ...scope, ...shape];
