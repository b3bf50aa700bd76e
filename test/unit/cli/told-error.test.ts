import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { toldError } from '../../../src/cli/told-error.ts';
import { OperatorError } from '../../../src/lib/operator-error.ts';

const top = join(import.meta.dirname, '../../..');

function filesIn(dir: string): string[] {
  return readdirSync(join(top, dir), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(dir, name));
}

/** Of the system, as Node makes them. */
const system = (code: string, more: object = {}) =>
  Object.assign(new Error(`${code}: something, open 'x'`), { code, syscall: 'open', path: '/a/file', ...more });
const sqlite = (errcode: number) =>
  Object.assign(new Error('database is locked'), { code: 'ERR_SQLITE_ERROR', errcode, errstr: '' });

const known: readonly (readonly [unknown, code: string, says: RegExp])[] = [
  ...[
    'ENOENT',
    'ENOTDIR',
    'EISDIR',
    'ENOTEMPTY',
    'EEXIST',
    'EACCES',
    'EPERM',
    'EROFS',
    'ENOSPC',
    'EDQUOT',
    'EFBIG',
  ].map((code) => [system(code), code, /\/a\/file/] as const),
  ...['EIO', 'ELOOP', 'ENAMETOOLONG', 'EXDEV'].map((code) => [system(code), code, /\/a\/file/] as const),
  [system('EMFILE'), 'EMFILE', /LimitNOFILE/],
  [system('ENFILE'), 'ENFILE', /fs\.file-max/],
  [system('ENOMEM'), 'ENOMEM', /memory/],
  [system('EADDRINUSE', { address: '::1', port: 80 }), 'EADDRINUSE', /\[::1\]:80/],
  [system('EADDRNOTAVAIL', { address: '10.0.0.1', port: 80 }), 'EADDRNOTAVAIL', /10\.0\.0\.1:80/],
  [system('EACCES', { address: '0.0.0.0', port: 443 }), 'EACCES', /CAP_NET_BIND_SERVICE/],
  [sqlite(3), 'SQLITE_PERM', /chown/],
  [sqlite(5), 'SQLITE_BUSY', /fuser/],
  [sqlite(261), 'SQLITE_BUSY', /fuser/],
  [sqlite(6), 'SQLITE_LOCKED', /fuser/],
  [sqlite(8), 'SQLITE_READONLY', /chown/],
  [sqlite(10), 'SQLITE_IOERR', /smartctl/],
  [sqlite(11), 'SQLITE_CORRUPT', /restore a backup/],
  [sqlite(13), 'SQLITE_FULL', /df -h/],
  [sqlite(14), 'SQLITE_CANTOPEN', /chown/],
  [sqlite(26), 'SQLITE_NOTADB', /restore a backup/],
  [
    Object.assign(new Error('x'), { code: 'ENOTFOUND', hostname: 's3.example' }),
    'ENOTFOUND',
    /s3\.example.*does not resolve/,
  ],
  [
    new AggregateError([system('ECONNREFUSED', { address: '::1', port: 9 })]),
    'ECONNREFUSED',
    /nothing listens at ::1:9/,
  ],
  [new TypeError('fetch failed', { cause: system('ECONNRESET') }), 'ECONNRESET', /the store is not reached/],
  [
    Object.assign(new Error('x'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }),
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    /NODE_EXTRA_CA_CERTS/,
  ],
  [Object.assign(new Error('x'), { code: 'CERT_HAS_EXPIRED' }), 'CERT_HAS_EXPIRED', /renewed/],
  [Object.assign(new Error('x'), { code: 'UND_ERR_CONNECT_TIMEOUT' }), 'UND_ERR_CONNECT_TIMEOUT', /firewalls/],
  [store(403, 'InvalidAccessKeyId'), 'InvalidAccessKeyId', /bucket\.accessKey/],
  [store(403, 'SignatureDoesNotMatch'), 'SignatureDoesNotMatch', /bucket\.secretKey/],
  [store(403, 'RequestTimeTooSkewed'), 'RequestTimeTooSkewed', /timedatectl/],
  [store(404, 'NoSuchBucket'), 'NoSuchBucket', /bucket\.name/],
  [store(403, 'AccessDenied'), 'AccessDenied', /upstairs check/],
  [store(503, 'SlowDown'), 'SlowDown', /status page/],
  [store(301, 'PermanentRedirect'), 'PermanentRedirect', /bucket\.region/],
  [new Error('outer', { cause: new Error('inner', { cause: store(429, 'TooMany') }) }), 'TooMany', /status page/],
];

/** As the SDK throws it. */
function store(httpStatusCode: number, name: string): Error {
  return Object.assign(new Error('x'), { name, Code: name, $metadata: { httpStatusCode } });
}

describe('an error that is not ours', () => {
  test.each(known.map(([error, code, says]) => ({ error, code, says })))(
    'has words: $code',
    ({ error, code, says }) => {
      const told = toldError(error, 'upstairs');
      expect(told).toMatchObject({ code, exit: 'failed' });
      for (const part of [told.found, told.expected, told.todo]) expect(part).toMatch(/^(?!E[A-Z]+\b).{7,}/);
      expect(`${told.found}\n${told.todo}`).toMatch(says);
    },
  );

  test('and that nobody foresaw is told as the program’s own, with its stack', () => {
    expect(toldError(new TypeError('x is undefined'), 'upstairs')).toMatchObject({
      code: 'INTERNAL',
      todo: expect.stringContaining('report'),
      stack: expect.stringContaining('told-error.test.ts'),
    });
    expect(toldError('thrown', 'upstairs')).toMatchObject({ code: 'INTERNAL', stack: undefined });
    expect(toldError(new Error('x', { cause: 'no error' }), 'upstairs')).toMatchObject({ code: 'INTERNAL' });
    const circle = new Error('a circle');
    circle.cause = new Error('its other half', { cause: circle });
    expect(toldError(circle, 'upstairs')).toMatchObject({
      code: 'INTERNAL',
      found: expect.stringContaining('a circle'),
    });
    expect(toldError(system('ENOSPC'), 'upstairs')).not.toHaveProperty('stack');
  });
});

describe('an error for the operator', () => {
  const sources = filesIn('src').map((name) => readFileSync(join(top, name), 'utf8'));
  const tests = filesIn('test')
    .filter((name) => !name.includes('told-error'))
    .map((name) => readFileSync(join(top, name), 'utf8'))
    .join('\n');

  test('can be made only with all three parts, and tells logs what to do', () => {
    const told = { found: 'the disk is full', expected: 'room', todo: 'make some' };
    expect(new OperatorError('DISK_FULL', told)).toMatchObject({ ...told, message: 'the disk is full: make some' });
    // Whoever has a code of its own and no words would not be told in three parts.
    const others = sources.flatMap((text) =>
      [...text.matchAll(/class (\w+) extends Error\b/g)].map(([, name]) => name),
    );
    expect(others.sort()).toEqual(notForOperators);
  });

  test('of each code is met by a test', () => {
    const classes = sources.flatMap((text) =>
      [...text.matchAll(/extends OperatorError<([^>]+)>/g)].map(([, type = '']) => type),
    );
    expect(classes.length).toBeGreaterThan(10);
    const unions = classes.flatMap((type) => (type.includes("'") ? [type] : [unionNamed(type)]));
    const codes = unions.flatMap((text) => [...text.matchAll(/'([A-Z_]+)'/g)].map(([, code = '']) => code));
    expect(codes.length).toBeGreaterThan(40);
    expect(codes.filter((code) => !tests.includes(`'${code}'`)).sort()).toEqual(otherwiseMet);
  });

  function unionNamed(type: string): string {
    const text = sources.find((source) => source.includes(`type ${type} =`)) ?? '';
    const from = text.indexOf(`type ${type} =`);
    return text.slice(from, text.indexOf(';', from));
  }
});

/** Those that are caught before anybody is told, or become an answer to a client. */
const notForOperators = [
  'AdminError',
  'AnsweredError',
  'BucketReadError',
  'CertificateError',
  'DiskAbsentError',
  'EarlyAnswerError',
  'LengthError',
  'Refused',
  'RelayedError',
  'RemoteAnswerError',
  'S3Error',
  'SourceReadError',
  'SpoolError',
];

/**
 * A scan tells the two of a source in its result, which `wrong-places.test.ts` and `scan.test.ts` read; a required disk that goes between the
 * look at the configuration and its use is met by nobody.
 */
const otherwiseMet = ['DISK_REQUIRED', 'MANIFEST_WRONG', 'SOURCE_ABSENT'];
