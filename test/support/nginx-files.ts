import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Certificate } from './certificates.ts';

const folder = join(import.meta.dirname, '../../config/nginx');

/** A file of config/nginx as it stands, but for what `words` replaces and for the certificates. No IPv6: not every machine has it. */
export function nginxFile(
  name: 'upstairs.conf' | 'basement.conf',
  certificate: Certificate,
  words: Readonly<Record<string, string>> = {},
): string {
  const text = readFileSync(join(folder, name), 'utf8')
    .replaceAll(/^ *listen \[::\].*\n/gm, '')
    .replaceAll(/ssl_certificate [^;]+;/g, `ssl_certificate ${certificate.cert};`)
    .replaceAll(/ssl_certificate_key [^;]+;/g, `ssl_certificate_key ${certificate.key};`);
  const froms = Object.keys(words).sort((a, b) => b.length - a.length);
  for (const from of froms) if (!text.includes(from)) throw new Error(`${name} does not hold ${from}`);
  // All at once: a port that was put in may begin as one that is still to be replaced.
  return froms.length === 0
    ? text
    : text.replaceAll(new RegExp(froms.map(escaped).join('|'), 'g'), (from) => words[from] ?? from);
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** The same with the comments taken away from its small cache. */
export function withSmallCache(text: string, dir: string): string {
  return text
    .replaceAll(/^( *)# (map \$http_range| {2}default off| {2}''|\}|proxy_cache)/gm, '$1$2')
    .replaceAll(/^( *)# (proxy_ignore_headers)/gm, '$1$2')
    .replace('/var/cache/nginx/upstairs', dir);
}
