// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${NAME}` in these strings is the configuration's own syntax under test, not a template that was forgotten
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { interpolate } from '../../../src/config/interpolate.ts';
import { loadText, loadValue, refusal, validConfig } from './valid-config.ts';

const env = { HOST: 'example', EMPTY: '', TRICKY: "a: 1\n${HOST} $& $1 '" };
const files: Record<string, string> = { '/run/secrets/x': 's3cr3t\n', '/run/secrets/dos': 'a\r\nb\r\n' };

function readFile(path: string): string {
  const text = files[path];
  if (text === undefined) throw Object.assign(new Error(path), { code: 'EACCES' });
  return text;
}

function expand(text: string) {
  return interpolate({ a: { b: [text] } }, { env, readFile });
}

describe('interpolation', () => {
  it.each([
    ['plain', 'plain'],
    ['${HOST}', 'example'],
    ['https://${HOST}.${HOST}/', 'https://example.example/'],
    ['${NOPE:-fallback}', 'fallback'],
    ['${EMPTY:-fallback}', 'fallback'],
    ['${NOPE:-}', ''],
    ['${EMPTY}', ''],
    ['${NOPE:-a:-b}', 'a:-b'],
    ['${file:/run/secrets/x}', 's3cr3t'],
    ['${file:/run/secrets/dos}', 'a\r\nb'],
    ['$${HOST}', '${HOST}'],
    ['$$${HOST}', '$${HOST}'],
    ['$HOST $', '$HOST $'],
    ['${TRICKY}', env.TRICKY],
  ])('%j becomes %j', (text, expected) => {
    expect(expand(text)).toEqual({ value: { a: { b: [expected] } }, problems: [] });
  });

  it.each([
    ['${NOPE}', 'the environment variable NOPE is not set'],
    ['${constructor}', 'the environment variable constructor is not set'],
    ['${file:/nope}', "the file in ${file:...} can't be read (EACCES)"],
    ['${file:secret.txt}', 'must be absolute'],
    ['a ${HOST', 'has a ${ without its }'],
    ['${}', 'is not understood'],
    ['${not a name}', 'is not understood'],
  ])('%j is a problem at its place', (text, message) => {
    const { value, problems } = expand(text);
    expect(value).toEqual({ a: { b: [undefined] } });
    expect(problems).toEqual([{ path: 'a.b.0', message: expect.stringContaining(message) }]);
  });

  it('leaves everything that is not text as it is', () => {
    const value = { a: 1, b: true, c: null, d: [{}], '${HOST}': 1.5 };
    expect(interpolate(value, { env, readFile }).value).toEqual(value);
  });

  it('puts any text in as it is, whatever it holds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(interpolate('<${X}>', { env: { X: text }, readFile }).value).toBe(`<${text}>`);
      }),
    );
  });
});

describe('values from the environment', () => {
  it('cannot add options', () => {
    const value = validConfig();
    value.bucket.accessKey = '${KEY}';
    const error = refusal(() => loadValue(value, { KEY: 'x\nacls: false' }));
    expect(error.problems.map(({ path }) => path)).toEqual(['bucket.accessKey']);
  });

  it('can be numbers, sizes and switches', () => {
    const { config } = loadValue(
      {
        ...validConfig(),
        cache: { maxSize: '${SIZE}', maxObject: '${BYTES}' },
        copy: { concurrency: '${COPIES}' },
        log: { access: '${ACCESS}' },
      },
      { SIZE: '8MiB', BYTES: '4096', COPIES: '7', ACCESS: 'false' },
    );
    expect([config.cache, config.copy.concurrency, config.log.access]).toMatchObject([
      { maxSize: 8_388_608, maxObject: 4096 },
      7,
      false,
    ]);
  });

  it('are told once when they are missing, by name, beside everything else that is wrong', () => {
    const error = refusal(() => loadText('read: {}\nbucket:\n  secretKey: ${S3_SECRET}\nphase: up\n'));
    expect(error.message.split('\n').filter((line) => line.includes('secretKey'))).toEqual([
      'bucket.secretKey: the environment variable S3_SECRET is not set',
    ]);
    expect(error.problems.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['phase', 'state', 'sources', 'read.routes', 'bucket.endpoint', 'bucket.name']),
    );
  });
});
