// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${NAME}` in these strings is the configuration's own syntax under test, not a template that was forgotten
import { describe, expect, it } from 'vitest';
import { loadText, loadValue, refusal, setAt, validConfig } from './valid-config.ts';

const purge = (more: object) => ({ secret: 'sixteen-letters!', ...more });
const link = (link: string) => ({ link, to: '/mnt/b' });
const route = (host: string, prefix: string) => ({ host, prefix });

describe('a wrong configuration is refused, with the place and what to do', () => {
  it.each<[option: string, wrong: unknown, place: string, message: string]>([
    ['phase', 'moving', 'phase', 'must be one of: front, move'],
    ['phase', null, 'phase', 'is empty: give it a value, or remove the line'],
    ['state', undefined, 'state', 'is required'],
    ['state.dir', 'state', 'state.dir', 'must be an absolute path'],
    ['read.listen', '8080', 'read.listen', 'must be host:port'],
    ['read.routes', [], 'read.routes', 'must have at least one entry'],
    ['read.routes', 'example.social', 'read.routes', 'must be a list'],
    ['read.routes.0.host', 'https://files.example.social', 'read.routes.0.host', 'without scheme, port or path'],
    ['read.routes.0.host', 'files.example.social:443', 'read.routes.0.host', 'without scheme, port or path'],
    ['read.routes.0.prefix', '/system', 'read.routes.0.prefix', 'starts and ends with "/"'],
    ['read.routes.0.prefix', '/a/../b/', 'read.routes.0.prefix', '".." segments'],
    [
      'read.routes',
      [route('A.example', '/s/'), route('a.example', '/s/t/')],
      'read.routes.1',
      'overlaps with read.routes.0',
    ],
    ['read.routes', [route('a.example', '/s/'), route('*', '/')], 'read.routes.1', 'overlaps with read.routes.0'],
    ['read.trustProxy', ['10.0.0.0/33'], 'read.trustProxy.0', 'must be an IP address or a network'],
    ['read.trustProxy', ['nginx'], 'read.trustProxy.0', 'must be an IP address or a network'],
    ['read.cors', 'https://example.social/', 'read.cors', 'must be "*" or one origin'],
    ['read.maxConnections', 0, 'read.maxConnections', 'must be a whole number from 1 to'],
    ['read.bucketHits', 'both', 'read.bucketHits', 'must be one of: proxy, redirect'],
    ['bucket.publicUrl', 'media.example.social', 'bucket.publicUrl', 'must be an http:// or https:// URL'],
    ['bucket.publicUrl', 'https://m.example/?a', 'bucket.publicUrl', 'without user, query and fragment'],
    ['bucket.publicUrl', 'https://me@m.example/', 'bucket.publicUrl', 'without user, query and fragment'],
    ['sources.0.required', 'maybe', 'sources.0.required', 'must be true or false'],
    ['sources.0.alsoAllow', [{ link: 'a' }], 'sources.0.alsoAllow.0.to', 'is required'],
    ['sources.0.alsoAllow', [link('/a')], 'sources.0.alsoAllow.0.link', 'must be a path below root'],
    ['sources.0.alsoAllow', [link('a/')], 'sources.0.alsoAllow.0.link', 'must be a path below root'],
    ['sources.0.alsoAllow', [link('a//b')], 'sources.0.alsoAllow.0.link', 'must be a path below root'],
    ['sources.0.alsoAllow', [link('a/../b')], 'sources.0.alsoAllow.0.link', '".." segments'],
    ['sources.0.alsoAllow', [link('a'), link('a')], 'sources.0.alsoAllow.1.link', 'is the same path as alsoAllow.0'],
    ['sources.0.alsoAllow', [link('a/b'), link('a')], 'sources.0.alsoAllow.1.link', 'one lies below the other'],
    ['read.purge', {}, 'read.purge.secret', 'is required'],
    ['read.purge', { secret: 'fifteen-letters' }, 'read.purge.secret', 'must have at least 16 characters'],
    ['read.purge', purge({ header: 'X Secret' }), 'read.purge.header', 'must be the name of a header'],
    ['read.purge', purge({ header: 'User-Agent' }), 'read.purge.header', 'must be a header of its own'],
    ['read.purge', purge({ header: 'if-none-match' }), 'read.purge.header', 'must be a header of its own'],
    ['bucket.endpoint', 'fra1.digitaloceanspaces.com', 'bucket.endpoint', 'must be an http:// or https:// URL'],
    ['bucket.endpoint', 'https://s3.example/media', 'bucket.endpoint', 'scheme, host and port only'],
    ['bucket.endpoint', 'https://user:pass@s3.example', 'bucket.endpoint', 'scheme, host and port only'],
    ['bucket.name', 'My_Media', 'bucket.name', 'must be a bucket name'],
    ['bucket.name', '192.168.5.4', 'bucket.name', 'must not look like an IP address'],
    ['bucket.nmae', 'media', 'bucket.nmae', 'is not a known option: did you mean name?'],
    ['bucket.keyPrefix', 'media', 'bucket.keyPrefix', 'must be empty, or text that ends with "/"'],
    ['bucket.accessKey', 12345, 'bucket.accessKey', 'put it in quotes'],
    ['bucket.secretKey', 'two words', 'bucket.secretKey', 'without white space'],
    ['backfill', { listEvery: 'daily' }, 'backfill.listEvery', 'must be off, or a duration'],
    ['backfill', { listEvery: '10s' }, 'backfill.listEvery', 'must be'],
    ['backfill', { listRate: 0 }, 'backfill.listRate', 'must be a whole number from 1 to 1000'],
    ['bucket.acls', 'maybe', 'bucket.acls', 'must be true or false'],
    ['bucket.reads', 'both', 'bucket.reads', 'must be one of: anonymous, signed'],
    ['bucket.reads', 'signed', 'bucket.reads', 'must be anonymous where bucket.acls is true'],
    ['bucket.breaker.failures', '5x', 'bucket.breaker.failures', 'must be a whole number'],
    ['bucket.headersTimeout', '5 parsecs', 'bucket.headersTimeout', 'must be a duration'],
    ['sources', [], 'sources', 'must have at least one entry'],
    ['sources.0.type', 'tape', 'sources.0.type', 'must be one of: disk, http, s3'],
    ['sources.0.name', 'cache', 'sources.0.name', 'must not be "cache" or "bucket"'],
    ['sources.0.name', 'The Basement', 'sources.0.name', 'a-z, 0-9 and "-"'],
    ['sources.0.root', 'public/system', 'sources.0.root', 'must be an absolute path'],
    ['sources.0.maxLookups', 9, 'sources.0.maxLookups', 'must not be more than maxOutstanding'],
    ['media.private', ['/backups/'], 'media.private.0', 'must not start with "/"'],
    ['media.private', ['backups'], 'media.private.0', 'must end with "/"'],
    ['cache.maxSize', '10 MB/s', 'cache.maxSize', 'must be a size'],
    ['cache.maxObject', '1GiB', 'cache.maxObject', 'must not be more than cache.maxSize'],
    ['cache.ttl', '25h', 'cache.ttl', 'must be a duration from 1ms to 24h'],
    ['cache', [], 'cache', 'must be a section'],
    ['spool.memoryObject', '65MiB', 'spool.memoryObject', 'must not be more than spool.memory'],
    ['copy.looks', [], 'copy.looks', 'must have at least one entry'],
    ['copy.looks', ['10m', '1m'], 'copy.looks', 'must ascend'],
    ['copy.multipartAbove', '6GiB', 'copy.multipartAbove', 'must be a size from 5MiB to 5GiB'],
    ['copy.cacheControl', 'public\r\nX-Evil: 1', 'copy.cacheControl', 'must be printable ASCII'],
    ['copy.retry.first', '2h', 'copy.retry.first', 'must not be longer than copy.retry.most'],
    ['log.level', 'loud', 'log.level', 'must be one of: trace, debug'],
  ])('%s: %j', (option, wrong, place, message) => {
    const value = validConfig();
    setAt(value, option, wrong);
    const error = refusal(() => loadValue(value));
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.problems).toEqual([{ path: place, message: expect.stringContaining(message) }]);
    expect(error.message).toBe(`${place}: ${error.problems[0]?.message}`);
  });

  it.each([
    ['url', 'https://basement.example/system', 'url', 'ends with "/"'],
    ['url', 'https://user:pass@basement.example/', 'url', 'without user'],
    ['url', 'https://basement.example/a/../b/', 'url', 'dot segments'],
    ['url', 'https://basement.example/?x=/', 'url', 'query'],
    ['url', 'ftp://basement.example/', 'url', 'http:// or https://'],
    ['secret', { value: 'x' }, 'secret.header', 'is required'],
    ['secret', { header: 'Host', value: 'x' }, 'secret.header', 'must be a header of its own'],
    ['secret', { header: 'If-Match', value: 'x' }, 'secret.header', 'must be a header of its own'],
    ['secret', { header: 'X-Secret', value: 'two words' }, 'secret.value', 'without white space'],
    ['canary', '/canary.txt', 'canary', 'must be a key'],
    ['canary', 'a/../canary.txt', 'canary', 'must be a key'],
    ['ca', 'ca.pem', 'ca', 'must be an absolute path'],
    ['ca', '/nowhere/ca.pem', 'ca', 'does not exist'],
    ['ca', '/etc/hostname', 'ca', 'holds no certificate in PEM'],
    ['connections', 0, 'connections', 'must be a whole number'],
    ['connections', 512, '', 'must not have more than 1000'],
  ])('a source of type http: %s: %j', (option, wrong, place, message) => {
    const value = validConfig();
    const source = { type: 'http', name: 'basement', url: 'https://basement.example/system/', [option]: wrong };
    setAt(value, 'sources', [source]);
    expect(refusal(() => loadValue(value)).problems).toEqual([
      { path: ['sources', place && `0.${place}`].filter(Boolean).join('.'), message: expect.stringContaining(message) },
    ]);
  });

  it.each([
    ['acls', undefined, 'is required'],
    ['acls', 'perhaps', 'must be true or false'],
    ['endpoint', 'https://minio.example/mastodon', 'scheme, host and port only'],
    ['bucket', 'My_Bucket', 'must be a bucket name'],
    ['keyPrefix', 'old', 'must be empty, or text that ends with "/"'],
    ['secretKey', '', 'must be printable ASCII'],
  ])('a source of type s3: %s: %j', (option, wrong, message) => {
    const value = validConfig();
    const keys = { accessKey: 'key', secretKey: 'secret' };
    const source = {
      type: 's3',
      name: 'old',
      endpoint: 'https://minio.example',
      bucket: 'mastodon',
      ...keys,
      acls: true,
    };
    setAt(value, 'sources', [{ ...source, [option]: wrong }]);
    expect(refusal(() => loadValue(value)).problems).toEqual([
      { path: `sources.0.${option}`, message: expect.stringContaining(message) },
    ]);
  });

  it('two sources of one name', () => {
    const value = validConfig();
    value.sources.push({ ...validConfig().sources[0]! });
    expect(refusal(() => loadValue(value)).message).toContain('sources.1.name: is also the name of sources.0');
  });

  it.each(['/media/', '_upstairs/', '_upstairs/x/', 'a//b/', './', 'a/../', 'a\\b/', '/'])(
    'bucket.keyPrefix %j',
    (prefix) => {
      const value = validConfig();
      setAt(value, 'bucket.keyPrefix', prefix);
      expect(refusal(() => loadValue(value)).problems).toEqual([
        { path: 'bucket.keyPrefix', message: expect.any(String) },
      ]);
    },
  );

  it('all problems of all stages are told together, one a line', () => {
    const value = validConfig('/nowhere/at/all');
    setAt(value, 'bucket.accessKey', '${S3_KEY}');
    setAt(value, 'bucket.name', 'A');
    setAt(value, 'cache', { ttl: 24, size: '1GiB' });
    expect(
      refusal(() => loadValue(value))
        .message.split('\n')
        .map((line) => line.split(' ')[0]),
    ).toEqual(['bucket.accessKey:', 'bucket.name:', 'cache.ttl:', 'cache.size:', 'sources.0.root:']);
  });
});

describe('a file that is no configuration is refused', () => {
  it.each([
    ['a: 1\na: 2\n', 'line 2, column 1: the same option is given twice'],
    ['a:\n\t- b\n', 'line 2, column 1: tabs must not indent'],
    ['a: "x\n', 'line 2, column 1: something is missing'],
    ['a: b: c\n', 'line 1, column 4: '],
    ['a: 1\n---\nb: 2\n', 'there is a second document'],
    ['a: !secret x\n', 'the tag ("!...") is not known'],
    ['a: *x\n', 'alias'],
    ['? [a]\n: 1\n', 'the name of an option must be plain text'],
  ])('%j', (text, message) => {
    expect(refusal(() => loadText(text)).message).toContain(message);
  });

  it.each(['', '# nothing\n', '- a\n', 'hello\n'])('%j', (text) => {
    expect(refusal(() => loadText(text)).problems).toHaveLength(1);
  });

  it('that is not there', async () => {
    const { loadConfig } = await import('../../../src/config/load.ts');
    expect(refusal(() => loadConfig('/nowhere/upstairs.yaml', { env: {} })).message).toBe(
      'the configuration file /nowhere/upstairs.yaml does not exist',
    );
  });
});
