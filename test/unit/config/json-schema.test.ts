// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${NAME}` in these strings is the configuration's own syntax under test, not a template that was forgotten
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { configJsonSchema } from '../../../src/config/json-schema.ts';
import { schemaOptions } from './schema-options.ts';
import { setAt } from './valid-config.ts';

const schema = configJsonSchema();
// zod reads JSON Schema too, which spares a second validator.
const validator = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);
const example = () => parse(readFileSync('config/upstairs.example.yaml', 'utf8')) as object;

it('has a title, says which draft it is and refuses unknown options', () => {
  expect(schema).toMatchObject({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Upstairs configuration',
    additionalProperties: false,
    required: ['state', 'read', 'bucket', 'sources'],
  });
});

it('accepts the example and the demo as they are written, with ${...}', () => {
  const demo = parse(readFileSync('config/demo.yaml', 'utf8')) as object;
  for (const value of [example(), demo]) expect(validator.safeParse(value).error?.issues).toBeUndefined();
});

it.each([
  ['cache.ttl', 60],
  ['cache.ttl', '5 parsecs'],
  ['cache.maxSize', '10 MB/s'],
  ['cache.maxSize', -1],
  ['read.listen', '8080'],
  ['phase', 'up'],
  ['bucket.nmae', 'x'],
  ['copy.concurrency', 'many'],
  ['sources.0.type', 'tape'],
])('refuses %s: %j', (path, value) => {
  const config = example();
  setAt(config, path, value);
  expect(validator.safeParse(config).success).toBe(false);
});

it.each([
  ['cache.maxSize', 4096],
  ['copy.concurrency', '${COPIES}'],
  ['log.level', '${LEVEL:-info}'],
  ['log.access', '${ACCESS}'],
  ['cache.ttl', '${TTL}'],
])('accepts %s: %j', (path, value) => {
  const config = example();
  setAt(config, path, value);
  expect(validator.safeParse(config).success).toBe(true);
});

it('shows defaults the way they are written in the file', () => {
  const defaults = Object.fromEntries(schemaOptions().map(({ path, schema: { default: value } }) => [path, value]));
  expect(defaults).toMatchObject({ 'cache.ttl': '24h', 'cache.maxSize': '256MiB', 'read.listen': '0.0.0.0:8080' });
});
