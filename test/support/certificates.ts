import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scratch } from './scratch.ts';

/** Paths of PEM files. */
export interface Certificate {
  /** As `fullchain.pem` holds it: the leaf, then the authority. */
  readonly cert: string;
  readonly key: string;
  /** The authority that clients have to trust. It is the same for all certificates of a test process. */
  readonly ca: string;
}

const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
let authority: { cert: string; key: string } | undefined;

/**
 * A certificate for these names and addresses, made by openssl: `needs('openssl')`.
 *
 * @param days how long it holds from now on; -1: it ended yesterday.
 */
export function makeCertificate(names: readonly string[], { days = 30 }: { days?: number } = {}): Certificate {
  authority ??= makeAuthority();
  const dir = scratch('certificate');
  const file = (name: string) => join(dir, name);
  const made = { cert: file('fullchain.pem'), key: file('privkey.pem'), ca: authority.cert };
  openssl('req', '-new', ...curve, '-keyout', made.key, '-subj', '/CN=leaf', '-out', file('request.pem'));
  const alternatives = names.map((name) => `${/^[\d.]+$|:/.test(name) ? 'IP' : 'DNS'}:${name}`).join(',');
  writeFileSync(file('extensions'), `subjectAltName=${alternatives}\nbasicConstraints=CA:FALSE\n`);
  const leaf = openssl(
    ...['x509', '-req', '-in', file('request.pem'), '-CA', authority.cert, '-CAkey', authority.key],
    ...['-set_serial', `0x1${randomBytes(8).toString('hex')}`, '-extfile', file('extensions'), '-days', String(days)],
  );
  writeFileSync(made.cert, leaf + openssl('x509', '-in', authority.cert));
  return made;
}

function makeAuthority(): { cert: string; key: string } {
  const dir = scratch('authority');
  const made = { cert: join(dir, 'ca.pem'), key: join(dir, 'ca-key.pem') };
  openssl(
    'req',
    '-x509',
    ...curve,
    '-keyout',
    made.key,
    '-out',
    made.cert,
    '-days',
    '30',
    '-subj',
    '/CN=Upstairs test',
  );
  return made;
}

function openssl(...args: string[]): string {
  return execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
