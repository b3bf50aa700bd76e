import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { codeOf } from './error-code.ts';
import type { Problem } from './problems.ts';
import type { SourceConfig } from './sources-schema.ts';

/** Checks that the certificates of authorities, which sources are believed by, can be read. */
export function checkAuthorities(sources: readonly SourceConfig[], problems: Problem[]): void {
  for (const [i, source] of sources.entries()) {
    if (source.type !== 'http' || source.ca === undefined) continue;
    const message = problemOf(source.ca);
    if (message !== undefined) problems.push({ path: `sources.${i}.ca`, message });
  }
}

function problemOf(path: string): string | undefined {
  let pem: string;
  try {
    pem = readFileSync(path, 'utf8');
  } catch (error) {
    const code = codeOf(error);
    return code === 'ENOENT' ? 'does not exist' : `can't be read (${code})`;
  }
  try {
    new X509Certificate(pem);
    return undefined;
  } catch {
    // What OpenSSL says quotes nothing that helps.
    return 'holds no certificate in PEM';
  }
}
