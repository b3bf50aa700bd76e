import { type Forge, withLine } from '../forge.ts';
import { authorization, headerOf } from './authorization.ts';
import { accessDenied, badHeader, badSignature, type ForgedRequest, refused } from './forged-request.ts';

const put: Forge = { method: 'PUT', key: 'new.jpg', body: 'new', headers: { 'Content-Type': 'image/jpeg' } };
const badScope = { status: 400, code: 'AuthorizationHeaderMalformed' };
const undated = { status: [400, 403], code: ['AccessDenied', 'InvalidRequest', 'InvalidArgument'] };
const skewed = { status: 403, code: 'RequestTimeTooSkewed' };

const none: readonly ForgedRequest[] = [
  refused('no signature, GET', { unsigned: true }, accessDenied),
  refused('no signature, PUT', { ...put, unsigned: true }, accessDenied),
  refused('no signature, DELETE', { method: 'DELETE', unsigned: true }, accessDenied),
  refused('no signature, HEAD', { method: 'HEAD', unsigned: true }, { status: 403 }),
  refused('no signature, list', (c) => ({ path: `/${c.bucket}`, query: 'list-type=2', unsigned: true }), accessDenied),
  refused(
    'signature of version 2',
    { unsigned: true, headers: { Date: new Date().toUTCString(), Authorization: 'AWS UPMASTODON:c2lnbmF0dXJl' } },
    { status: 400, code: 'InvalidRequest' },
  ),
  refused('no AWS signature at all', { unsigned: true, headers: { Authorization: 'Bearer abc' } }, badHeader),
  refused('another algorithm', { tamper: authorization((value) => value.replace('HMAC', 'ECDSA-P256')) }, badHeader),
  refused('no credential', { tamper: authorization((value) => value.replace(/Credential=[^,]+, /, '')) }, badHeader),
  refused(
    'empty signature',
    { tamper: authorization((value) => value.replace(/Signature=\w+/, 'Signature=')) },
    badHeader,
  ),
  refused('cut signature', { tamper: authorization((value) => value.slice(0, -1)) }, badHeader),
  refused('longer signature', { tamper: authorization((value) => `${value}0`) }, badHeader),
  refused(
    'two credentials',
    {
      tamper: authorization((value) =>
        value.replace('Credential=', 'Credential=UPREADER/20200101/x/s3/aws4_request, Credential='),
      ),
    },
    badHeader,
  ),
  refused(
    'two Authorization headers',
    { tamper: (r) => withLine('Authorization', headerOf(r, 'Authorization'))(r) },
    badHeader,
  ),
];

const who: readonly ForgedRequest[] = [
  refused('wrong secret', (c) => ({ by: { ...c.keys.mastodon, secretKey: c.keys.reader.secretKey } }), badSignature),
  refused('empty secret', (c) => ({ by: { ...c.keys.mastodon, secretKey: '' } }), badSignature),
  refused(
    'unknown key id',
    { by: { accessKey: 'NOBODY', secretKey: 'secret' } },
    { status: 403, code: 'InvalidAccessKeyId' },
  ),
  refused("the store's own keys", (c) => ({ by: c.storeKey }), { status: 403, code: 'InvalidAccessKeyId' }),
  refused(
    'a session token',
    { headers: { 'X-Amz-Security-Token': 'token' } },
    { status: [400, 403], code: ['InvalidRequest', 'InvalidToken', 'AccessDenied'] },
  ),
];

const scope: readonly ForgedRequest[] = [
  refused('wrong region', { signing: { region: 'us-west-9' } }, badScope),
  refused('wrong service', { signing: { service: 'ec2' } }, badScope),
  refused('wrong end of the scope', { signing: { terminator: 'aws4_demand' } }, badScope),
  refused("another day's scope", { signing: { scopeDate: '20200101' } }, badHeader),
  refused('a clock that is 16 minutes ahead', { clockAhead: 16 * 60 }, skewed),
  refused('a clock that is 16 minutes behind', { clockAhead: -16 * 60 }, skewed),
  refused('a request of last year', { ...put, clockAhead: -366 * 86_400 }, skewed),
  refused('no date', { headers: { 'X-Amz-Date': undefined } }, undated),
  refused(
    'a date that is none',
    { signing: { date: '20261399T999999Z' }, headers: { 'X-Amz-Date': '20261399T999999Z' } },
    {
      status: [400, 403],
      code: [
        'AccessDenied',
        'InvalidRequest',
        'InvalidArgument',
        'AuthorizationHeaderMalformed',
        'RequestTimeTooSkewed',
      ],
    },
  ),
  refused('two dates', { tamper: (r) => withLine('X-Amz-Date', headerOf(r, 'X-Amz-Date'))(r) }, badHeader),
];

export const forgedHeaderSignatures: readonly ForgedRequest[] = [...none, ...who, ...scope];
