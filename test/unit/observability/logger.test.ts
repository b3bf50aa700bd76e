import { expect, it } from 'vitest';
import { configSchema } from '../../../src/config/schema.ts';
import { createLogger } from '../../../src/observability/logger.ts';
import { setAt, validConfig } from '../config/valid-config.ts';

const secret = 'a-secret-of-sixteen';

/** What is printed for these facts. */
function printed(facts: object): string {
  const lines: string[] = [];
  createLogger({ level: 'info', to: { write: (line) => lines.push(line) } }).info(facts, 'hello');
  const text = lines.join('');
  expect(JSON.parse(text).message).toBe('hello');
  return text;
}

it('credentials are cut out of a configuration that is logged by mistake, wherever they are in it', () => {
  const value = validConfig('/disk', '/state');
  setAt(value, 'bucket.accessKey', `${secret}-1`);
  setAt(value, 'bucket.secretKey', `${secret}-2`);
  setAt(value, 'read.purge', { secret: `${secret}-3` });
  setAt(value, 'write', {
    hosts: ['s3.example.social'],
    keys: [{ name: 'mastodon', accessKey: `${secret}-4`, secretKey: `${secret}-5`, rights: ['read'] }],
  });
  const config = configSchema.parse(value);
  expect(JSON.stringify(config)).toContain(secret);
  for (const facts of [{ config }, config, { write: config.write }, { key: config.write?.keys[0] }, config.bucket])
    expect(printed(facts)).not.toContain(secret);
  expect(printed({ config })).toContain('s3.example.social');
});

it('an error is logged without the request and the answer that hang on it', () => {
  const error = Object.assign(new Error('refused', { cause: new Error('below') }), {
    code: 'DENIED',
    $response: { headers: { authorization: secret } },
  });
  const text = printed({ error });
  expect(text).not.toContain(secret);
  expect(JSON.parse(text).error).toMatchObject({ message: 'refused', code: 'DENIED', cause: { message: 'below' } });
});
