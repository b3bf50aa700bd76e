import { parse, stringify } from 'yaml';
import { merge, type PlainConfig } from './base-config.ts';

/** What every configuration needs; a page shows mostly a part of one. */
const rest: PlainConfig = {
  state: { dir: '/var/lib/upstairs' },
  read: { routes: [{ host: 'files.example.social', prefix: '/' }] },
  bucket: { endpoint: 'https://s3.example', name: 'example-social-media', accessKey: 'key', secretKey: 'secret' },
  sources: [{ type: 'disk', name: 'basement', root: '/media' }],
};

/** A configuration that a page shows, whole, as text; undefined: it is of something else. */
export function wholeConfig(yaml: string): string | undefined {
  const shown: unknown = parse(yaml);
  if (typeof shown !== 'object' || shown === null || 'groups' in shown) return undefined;
  return stringify(merge(rest, { ...shown }));
}

/** A value for each `${NAME}` in it. */
export function madeUpEnvironment(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/\$\{(\w+)(?::-[^}]*)?\}/g)].map(([, name = '']) => [name, `made-up-for-${name.toLowerCase()}`]),
  );
}
