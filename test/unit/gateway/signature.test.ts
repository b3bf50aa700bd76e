import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RawRequest } from '../../../src/gateway/raw-request.ts';
import { S3Error } from '../../../src/gateway/s3-error.ts';
import { type AccessKey, SignatureVerifier } from '../../../src/gateway/signature.ts';
import { amzDate, type Signing, signInHeader, signInQuery, type WireRequest } from '../../support/sigv4.ts';

const now = Date.UTC(2026, 1, 3, 4, 5, 6);
const minute = 60 * 1000;
const mastodon: AccessKey = {
  name: 'mastodon',
  accessKeyId: 'AKMASTODON',
  secretAccessKey: 'the secret of mastodon',
  rights: ['read', 'write', 'delete'],
  prefix: '',
};
const reader: AccessKey = {
  name: 'reader',
  accessKeyId: 'AKREADER',
  secretAccessKey: 'the secret of the reader',
  rights: ['read'],
  prefix: 'accounts/',
};
const signing: Signing = {
  accessKey: mastodon.accessKeyId,
  secretKey: mastodon.secretAccessKey,
  region: 'us-east-1',
  date: amzDate(new Date(now)),
};
const sha256 = 'ab'.repeat(32);

function verifierAt(time = now): SignatureVerifier {
  return new SignatureVerifier({ keys: [mastodon, reader], region: 'us-east-1', now: () => time });
}

interface Making {
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  /** Beside Host and, in the header form, the date and the body's hash; undefined takes one away. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly signing?: Partial<Signing>;
  /** What happens to it once it is signed. */
  readonly after?: (request: RawRequest) => RawRequest;
}

function inHeader(making: Making = {}): RawRequest {
  const usual = { 'x-amz-date': making.signing?.date ?? signing.date, 'x-amz-content-sha256': sha256 };
  return raw(signInHeader(wire(making, usual), { ...signing, ...making.signing }), making);
}

function inQuery(making: Making & { readonly expires?: string } = {}): RawRequest {
  return raw(signInQuery(wire(making, {}), { ...signing, ...making.signing }, making.expires ?? '600'), making);
}

function wire({ method = 'GET', path = '/media/a.jpg', query = '', headers = {} }: Making, usual: object): WireRequest {
  const all = Object.entries({ host: 's3.example.social', ...usual, ...headers });
  const present = all.filter((header): header is [string, string] => header[1] !== undefined);
  return { method, path, query, headers: present, body: Buffer.alloc(0) };
}

function raw({ method, path, query, headers }: WireRequest, { after = (same) => same }: Making): RawRequest {
  return after({
    method,
    rawPath: path,
    rawQuery: query,
    headers: headers.map(([name, value]) => [name.toLowerCase(), value]),
  });
}

function withLine(name: string, value: string): (request: RawRequest) => RawRequest {
  return (request) => ({ ...request, headers: [...request.headers, [name, value]] });
}

function without(name: string): (request: RawRequest) => RawRequest {
  return (request) => ({ ...request, headers: request.headers.filter(([other]) => other !== name) });
}

function authorization(change: (value: string) => string): (request: RawRequest) => RawRequest {
  return (request) => ({
    ...request,
    headers: request.headers.map(([name, value]) => [name, name === 'authorization' ? change(value) : value]),
  });
}

function rewritten(change: (rawQuery: string) => string): (request: RawRequest) => RawRequest {
  return (request) => ({ ...request, rawQuery: change(request.rawQuery) });
}

function refused(request: RawRequest, time = now): S3Error | undefined {
  try {
    verifierAt(time).verify(request);
  } catch (error) {
    if (error instanceof S3Error) return error;
    throw error;
  }
  return undefined;
}

function refusal(request: RawRequest, time = now): string {
  return refused(request, time)?.code ?? 'accepted';
}

describe('a signed request', () => {
  test('tells who sent it, and what the signature vouches for', () => {
    const request = inHeader({ signing: { accessKey: reader.accessKeyId, secretKey: reader.secretAccessKey } });
    expect(verifierAt().verify(request)).toEqual({
      name: 'reader',
      rights: ['read'],
      prefix: 'accounts/',
      presigned: false,
      payload: { kind: 'sha256', hex: sha256 },
      signedHeaders: new Set(['host', 'x-amz-content-sha256', 'x-amz-date']),
    });
  });

  test('by URL tells the same, without a word on its body', () => {
    expect(verifierAt().verify(inQuery())).toEqual({
      name: 'mastodon',
      rights: ['read', 'write', 'delete'],
      prefix: '',
      presigned: true,
      payload: { kind: 'unsigned' },
      signedHeaders: new Set(['host']),
    });
  });

  test.each([
    ['a hash in capitals', { headers: { 'x-amz-content-sha256': sha256.toUpperCase() } }],
    ['no hash', { headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } }],
    ['a path that is hardly encoded', { path: "/media/it's(1)*!,$@=&:;~.jpg" }],
    ['a path that is encoded through and through', { path: '/media/%61%2e%6A%70%67' }],
    ['a slash in escapes', { path: '/media%2Fa.jpg' }],
    ['a plus in its path', { path: '/media/1+1' }],
    ['a space and a plus in its query', { query: 'prefix=a%20b%2Bc' }],
    ['a subresource with or without "="', { query: 'acl=', after: rewritten(() => 'acl') }],
    ['its query in another order', { query: 'a=1&a=2&b', after: rewritten(() => 'b&a=2&a=1') }],
    [
      'spaces around a header that were not signed',
      { headers: { 'x-amz-meta-a': 'a b' }, after: (r: RawRequest) => spaced(r) },
    ],
    ['spaces in quotes that were signed as they are', { headers: { 'x-amz-meta-a': '"a  b"' } }],
    [
      'spaces in quotes that were signed as one',
      { headers: { 'x-amz-meta-a': '"a b"' }, after: (r: RawRequest) => spaced(r, '"a  b"') },
    ],
    ['no space behind the commas', { after: authorization((value) => value.replaceAll(', ', ',')) }],
    ['its three parts in another order', { after: authorization(turned) }],
    ['an unsigned type', { signing: { leaveOut: ['content-type'] }, headers: { 'content-type': 'image/jpeg' } }],
    ['an unsigned MD5', { signing: { leaveOut: ['content-md5'] }, headers: { 'content-md5': 'a' } }],
    ['an unsigned range', { signing: { leaveOut: ['range'] }, headers: { range: 'bytes=0-1' } }],
    ['an unsigned trace id', { headers: { 'x-amzn-trace-id': 'a' }, after: withLine('x-amzn-other', 'b') }],
  ] as [string, Making][])('may have %s', (_, making) => {
    expect(refusal(inHeader(making))).toBe('accepted');
  });

  test('may come 15 minutes early or late, and no more', () => {
    expect(refusal(inHeader(), now + 15 * minute)).toBe('accepted');
    expect(refusal(inHeader(), now - 15 * minute)).toBe('accepted');
    expect(refusal(inHeader(), now + 15 * minute + 1000)).toBe('RequestTimeTooSkewed');
    expect(refusal(inHeader(), now - 15 * minute - 1000)).toBe('RequestTimeTooSkewed');
  });

  test('by URL is good for as long as it says, up to 7 days', () => {
    const week = 7 * 24 * 60 * minute;
    expect(refusal(inQuery({ expires: '604800' }), now + week)).toBe('accepted');
    expect(refused(inQuery({ expires: '604800' }), now + week + 1)?.message).toContain('expired');
    expect(refusal(inQuery({ expires: '600' }), now + 10 * minute)).toBe('accepted');
    expect(refusal(inQuery({ expires: '600' }), now + 10 * minute + 1)).toBe('AccessDenied');
    expect(refusal(inQuery(), now - 15 * minute)).toBe('accepted');
    expect(refused(inQuery(), now - 15 * minute - 1)?.message).toContain('not valid yet');
  });

  test.each(['0', '-1', '604801', '1e3', '', '10.5', ' 10', '9'.repeat(30)])(
    'by URL is refused with an expiry of "%s"',
    (expires) => {
      expect(refusal(inQuery({ expires }))).toBe('AuthorizationQueryParametersError');
    },
  );

  test('may have a Date where it has no x-amz-date', () => {
    const headers = { 'x-amz-date': undefined, date: 'Tue, 03 Feb 2026 04:05:06 GMT' };
    expect(refusal(inHeader({ headers }))).toBe('accepted');
    expect(refusal(inHeader({ headers: { ...headers, date: signing.date } }))).toBe('accepted');
    expect(refusal(inHeader({ headers: { ...headers, date: 'Tue, 03 Feb 2026 04:05:07 GMT' } }))).toBe(
      'SignatureDoesNotMatch',
    );
    expect(refusal(inHeader({ headers: { ...headers, date: 'yesterday' } }))).toBe('AccessDenied');
    expect(refusal(inHeader({ headers: { ...headers, date: '2026-02-03 04:05:06' } }))).toBe('AccessDenied');
  });
});

describe('a request is refused', () => {
  test.each([
    ['without a signature', { after: without('authorization') }, 'AccessDenied'],
    ['with the wrong secret', { signing: { secretKey: 'another' } }, 'SignatureDoesNotMatch'],
    ['with the secret of another key', { signing: { secretKey: reader.secretAccessKey } }, 'SignatureDoesNotMatch'],
    ['with an unknown key', { signing: { accessKey: 'AKNOBODY' } }, 'InvalidAccessKeyId'],
    ['with an unknown key and a known secret', { signing: { accessKey: 'akmastodon' } }, 'InvalidAccessKeyId'],
    ['for another region', { signing: { region: 'eu-west-3' } }, 'AuthorizationHeaderMalformed'],
    ['for another service', { signing: { service: 'ec2' } }, 'AuthorizationHeaderMalformed'],
    ['with another end of its scope', { signing: { terminator: 'aws5_request' } }, 'AuthorizationHeaderMalformed'],
    ['for another day', { signing: { scopeDate: '20260202' } }, 'AuthorizationHeaderMalformed'],
    ['with a longer scope', { signing: { terminator: 'aws4_request/x' } }, 'AuthorizationHeaderMalformed'],
    ['with Host unsigned', { signing: { leaveOut: ['host'] } }, 'AccessDenied'],
    ['with no Host at all', { headers: { host: undefined } }, 'AccessDenied'],
    ['with its date unsigned', { signing: { leaveOut: ['x-amz-date'] } }, 'AccessDenied'],
    ['with its hash unsigned', { signing: { leaveOut: ['x-amz-content-sha256'] } }, 'AccessDenied'],
    ['with an x-amz header unsigned', { after: withLine('x-amz-acl', 'public-read') }, 'AccessDenied'],
    ['with a signed header gone', { signing: { pretend: ['content-md5'] } }, 'SignatureDoesNotMatch'],
    ['with spaces signed as they are', { headers: { 'x-amz-meta-a': 'a  b' } }, 'SignatureDoesNotMatch'],
    [
      'with a signed header twice',
      { headers: { 'x-amz-acl': 'a' }, after: withLine('x-amz-acl', 'a') },
      'SignatureDoesNotMatch',
    ],
    ['with a raw plus in its query', { query: 'prefix=a+b' }, 'InvalidURI'],
    ['with a broken escape in its path', { path: '/media/%4' }, 'InvalidURI'],
    ['with a path that is not UTF-8', { path: '/media/%ff' }, 'InvalidURI'],
    ['with a broken escape in its query', { query: 'prefix=%4x' }, 'InvalidURI'],
    ['with no hash of its body', { headers: { 'x-amz-content-sha256': undefined } }, 'InvalidRequest'],
    ['with half a hash', { headers: { 'x-amz-content-sha256': 'ab'.repeat(16) } }, 'InvalidArgument'],
    ['with an empty hash', { headers: { 'x-amz-content-sha256': '' } }, 'InvalidArgument'],
    ['with no date', { headers: { 'x-amz-date': undefined } }, 'AccessDenied'],
    ['with a date of no calendar', { signing: { date: '20260231T040506Z' } }, 'AccessDenied'],
    ['with two signatures', { after: withLine('authorization', 'AWS4-HMAC-SHA256 x') }, 'InvalidRequest'],
    ['with two dates', { after: withLine('x-amz-date', signing.date) }, 'InvalidRequest'],
    ['with two hashes', { after: withLine('x-amz-content-sha256', sha256) }, 'InvalidRequest'],
    ['with two hosts', { after: withLine('host', 's3.example.social') }, 'InvalidRequest'],
    ['with a session token', { headers: { 'x-amz-security-token': 'a' } }, 'InvalidRequest'],
    ['with a signature in its query too', { query: `X-Amz-Signature=${sha256}` }, 'InvalidArgument'],
    ['with an algorithm in its query too', { query: 'x-amz-algorithm=a' }, 'InvalidArgument'],
    ['with an old signature in its query too', { query: 'Signature=a' }, 'InvalidArgument'],
    ['with a signature of version 2', { after: authorization(() => 'AWS AKMASTODON:c2ln') }, 'InvalidRequest'],
    ['with an elliptic signature', { after: authorization(() => 'AWS4-ECDSA-P256-SHA256 a=b') }, 'InvalidRequest'],
    ['with a password', { after: authorization(() => 'Basic YTpi') }, 'InvalidArgument'],
    ['with an empty authorization', { after: authorization(() => '') }, 'InvalidArgument'],
    [
      'with nothing but the algorithm',
      { after: authorization(() => 'AWS4-HMAC-SHA256') },
      'AuthorizationHeaderMalformed',
    ],
    [
      'with one part missing',
      { after: authorization((v) => v.replace(/, Signature=.*/, '')) },
      'AuthorizationHeaderMalformed',
    ],
    [
      'with one part twice',
      { after: authorization((v) => `${v}, Signature=${sha256}`) },
      'AuthorizationHeaderMalformed',
    ],
    ['with a short signature', { after: authorization((v) => v.slice(0, -1)) }, 'AuthorizationHeaderMalformed'],
    [
      'with its signature in capitals',
      { after: authorization((v) => v.replace(/\w+$/, (hex) => `A${hex.slice(1)}`)) },
      'AuthorizationHeaderMalformed',
    ],
    [
      'with signed headers in capitals',
      { after: authorization((v) => v.replace('host', 'Host')) },
      'AuthorizationHeaderMalformed',
    ],
    [
      'with signed headers out of order',
      { after: authorization((v) => v.replace('host;', 'zost;')) },
      'AuthorizationHeaderMalformed',
    ],
    [
      'with a signed header named twice',
      { after: authorization((v) => v.replace('host;', 'host;host;')) },
      'AuthorizationHeaderMalformed',
    ],
  ] as [string, Making, string][])('%s', (_, making, code) => {
    expect(refusal(inHeader(making))).toBe(code);
  });

  test.each([
    ['with the wrong secret', { signing: { secretKey: 'another' } }, 'SignatureDoesNotMatch'],
    ['with an unknown key', { signing: { accessKey: 'AKNOBODY' } }, 'InvalidAccessKeyId'],
    ['for another region', { signing: { region: 'eu-west-3' } }, 'AuthorizationQueryParametersError'],
    ['for another service', { signing: { service: 'sts' } }, 'AuthorizationQueryParametersError'],
    ['for another day', { signing: { scopeDate: '20260204' } }, 'AuthorizationQueryParametersError'],
    ['with another method', { after: (r: RawRequest) => ({ ...r, method: 'PUT' }) }, 'SignatureDoesNotMatch'],
    ['with a header more', { after: withLine('x-amz-acl', 'public-read') }, 'AccessDenied'],
    ['with a parameter more', { after: rewritten((query) => `${query}&versionId=1`) }, 'SignatureDoesNotMatch'],
    [
      'with a parameter twice',
      { after: rewritten((query) => `${query}&X-Amz-Expires=600`) },
      'AuthorizationQueryParametersError',
    ],
    [
      'with a parameter missing',
      { after: rewritten((query) => query.replace(/&X-Amz-Date=\w+/, '')) },
      'AuthorizationQueryParametersError',
    ],
    [
      'with a parameter spelt otherwise',
      { after: rewritten((query) => query.replace('X-Amz-Date', 'x-amz-date')) },
      'AuthorizationQueryParametersError',
    ],
    [
      'with nothing but a parameter',
      { after: rewritten(() => 'X-Amz-Expires=1') },
      'AuthorizationQueryParametersError',
    ],
    [
      'with another algorithm',
      { after: rewritten((query) => query.replace('SHA256', 'SHA1')) },
      'AuthorizationQueryParametersError',
    ],
    ['with a session token', { query: 'X-Amz-Security-Token=a' }, 'InvalidRequest'],
    [
      'with two hashes of its body',
      { headers: { 'x-amz-content-sha256': sha256 }, query: 'X-Amz-Content-Sha256=UNSIGNED-PAYLOAD' },
      'InvalidArgument',
    ],
    [
      'with a signature of version 2',
      { after: rewritten(() => 'AWSAccessKeyId=a&Expires=1&Signature=b') },
      'InvalidRequest',
    ],
    ['with a signature in its header too', { after: withLine('authorization', 'AWS a:b') }, 'InvalidArgument'],
  ] as [string, Making, string][])('in a URL %s', (_, making, code) => {
    expect(refusal(inQuery(making))).toBe(code);
  });

  test.each([
    'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
    'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
    'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
  ])('with a body as %s, and told what to do', (hash) => {
    const error = refused(inHeader({ headers: { 'x-amz-content-sha256': hash } }));
    expect(error?.code).toBe('NotImplemented');
    expect(error?.message).toContain('UNSIGNED-PAYLOAD');
  });

  test('and told which signature is taken', () => {
    expect(refused(inHeader({ after: authorization(() => 'AWS a:b') }))?.message).toContain('AWS4-HMAC-SHA256');
  });

  test('without a word on secrets or the right signature', () => {
    const right = inHeader();
    const signature = /Signature=(\w+)/.exec(right.headers.find(([name]) => name === 'authorization')?.[1] ?? '')?.[1];
    const wrong = authorization((value) => value.replace(/\w+$/, '0'.repeat(64)))(right);
    const told = JSON.stringify(refused(wrong), ['message', 'cause', 'code', 'stack']) + String(refused(wrong)?.stack);
    expect(told).toContain('SignatureDoesNotMatch');
    expect(signature).toHaveLength(64);
    expect(told).not.toContain(signature);
    expect(told).not.toContain(mastodon.secretAccessKey);
  });

  test('in good order, whatever a stranger sends', () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'AWS4-HMAC=&;,/%+ aZ0') }));
    const part = fc.constantFrom(
      'AWS4-HMAC-SHA256 ',
      'Credential=',
      'SignedHeaders=host',
      'Signature=',
      'AKMASTODON/20260203/us-east-1/s3/aws4_request',
      ', ',
      sha256,
    );
    const name = fc.constantFrom('authorization', 'host', 'x-amz-date', 'date', 'x-amz-content-sha256', 'x-amz-meta-a');
    const value = fc.oneof(
      text,
      fc.array(part).map((parts) => parts.join('')),
    );
    const parameter = fc.constantFrom(
      'X-Amz-Algorithm=AWS4-HMAC-SHA256',
      'X-Amz-Credential=',
      'X-Amz-Date=',
      'X-Amz-Expires=1',
      'Signature',
      '%',
      '+',
    );
    fc.assert(
      fc.property(
        fc.record({
          method: fc.constantFrom('GET', 'PUT'),
          rawPath: fc.oneof(text, fc.constant('/media/a')),
          rawQuery: fc.oneof(
            text,
            fc.constant(''),
            fc.array(parameter).map((all) => all.join('&')),
          ),
          headers: fc.array(fc.tuple(name, value)),
        }),
        (request) => {
          expect(refusal(request)).not.toBe('accepted');
        },
      ),
      { numRuns: 2000 },
    );
  });
});

function spaced(request: RawRequest, sent = '  a \t  b '): RawRequest {
  return {
    ...request,
    headers: request.headers.map(([name, value]) => [name, name === 'x-amz-meta-a' ? sent : value]),
  };
}

function turned(value: string): string {
  const [, algorithm, parts = ''] = /^(\S+) (.*)$/.exec(value) ?? [];
  return `${algorithm} ${parts.split(', ').reverse().join(', ')}`;
}
