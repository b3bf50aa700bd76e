import { readFileSync } from 'node:fs';
import { CertificateError, type CertificatePair, certificatePair } from '../lib/certificate-pair.ts';
import type { EnvironmentFindings } from './environment-findings.ts';
import { codeOf } from './error-code.ts';
import type { ListenerSection } from './listeners.ts';
import type { Problem } from './problems.ts';
import type { TlsConfig } from './tls-schema.ts';

const dayMs = 24 * 3600 * 1000;

/** Checks that the certificates can be read and fit their keys; that they hold, and are for the hosts, is worth a warning. */
export function checkCertificates(
  listeners: readonly ListenerSection[],
  { problems, warnings }: EnvironmentFindings,
  nowMs: number,
): void {
  for (const { name, tls, hosts } of listeners) {
    if (tls === undefined) continue;
    const pair = read(`${name}.tls`, tls);
    if ('message' in pair) {
      problems.push(pair);
      continue;
    }
    const days = Math.floor((pair.endsMs - nowMs) / dayMs);
    if (pair.endsMs <= nowMs) warnings.push(`${name}.tls.cert has ended: renew it; it is read again when it changes`);
    else if (days < 7) warnings.push(`${name}.tls.cert ends in ${days} days: is it renewed?`);
    const bare = hosts.filter((host) => host !== '*' && !pair.covers(host));
    if (bare.length > 0)
      warnings.push(`${name}.tls.cert is not for ${bare.join(', ')}: clients that ask for them will refuse it`);
  }
}

function read(section: string, { cert, key }: TlsConfig): CertificatePair | Problem {
  const texts: string[] = [];
  for (const [half, path] of Object.entries({ cert, key })) {
    try {
      texts.push(readFileSync(path, 'utf8'));
    } catch (error) {
      const code = codeOf(error);
      const why = code === 'ENOENT' ? 'does not exist' : code === 'EACCES' ? 'is not readable for this user' : code;
      return { path: `${section}.${half}`, message: code === why ? `can't be read (${code})` : why };
    }
  }
  const [certText = '', keyText = ''] = texts;
  try {
    return certificatePair(certText, keyText);
  } catch (error) {
    if (error instanceof CertificateError) return { path: `${section}.${error.half}`, message: error.message };
    throw error;
  }
}
