import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkCertificates } from '../../../src/config/check-certificates.ts';
import { makeCertificate } from '../../support/certificates.ts';
import { needs } from '../../support/left-out.ts';
import { scratch } from '../../support/scratch.ts';
import { loadValue, refusal, validConfig } from './valid-config.ts';

type Pair = { cert: string; key: string };

function check({ cert, key }: Pair, hosts = ['files.example'], nowMs = Date.now()) {
  const findings = { problems: [], warnings: [] };
  const listen = { host: '127.0.0.1', port: 443 };
  checkCertificates([{ name: 'read', listen, tls: { cert, key }, hosts }], findings, nowMs);
  return findings as { problems: { path: string; message: string }[]; warnings: string[] };
}

const problem = (pair: Pair) => check(pair).problems.map(({ path, message }) => `${path} ${message}`);

describe.skipIf(needs('openssl').skip)('a certificate in the configuration', () => {
  const good = makeCertificate(['files.example', '*.example.social', '127.0.0.1']);

  it('is accepted with its key, for names, wildcards and addresses that it has', () => {
    const { problems, warnings } = check(good, ['files.example', 's3.example.social', '127.0.0.1', '*']);
    expect([problems, warnings]).toEqual([[], []]);
  });

  it('may miss names, and that is told', () => {
    const { problems, warnings } = check(good, ['files.example', 'other.example', '[::1]']);
    expect(problems).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining('read.tls.cert is not for other.example, [::1]')]);
  });

  it('may have ended or be about to, and that is told', () => {
    expect(check(makeCertificate(['files.example'], { days: -1 })).warnings).toEqual([
      expect.stringContaining('has ended'),
    ]);
    expect(check(makeCertificate(['files.example'], { days: 5 })).warnings).toEqual([
      expect.stringMatching(/ends in [45] days/),
    ]);
    expect(check(good, undefined, Date.now() + 31 * 86_400_000).problems).toEqual([]);
  });

  it('must be there, be PEM, and belong to its key', () => {
    const other = makeCertificate(['files.example']);
    const dir = scratch('pem');
    const junk = join(dir, 'junk.pem');
    writeFileSync(junk, 'no PEM');
    expect(problem({ ...good, cert: '/nowhere.pem' })).toEqual(['read.tls.cert does not exist']);
    expect(problem({ ...good, key: dir })).toEqual(["read.tls.key can't be read (EISDIR)"]);
    expect(problem({ ...good, cert: junk })).toEqual(['read.tls.cert holds no certificate in PEM']);
    expect(problem({ ...good, key: good.cert })).toEqual([
      'read.tls.key holds no private key in PEM without a passphrase',
    ]);
    expect(problem({ ...good, key: other.key })).toEqual(['read.tls.key does not belong to the certificate in cert']);
    const weak = join(dir, 'weak');
    const made = ['-keyout', `${weak}.key`, '-out', `${weak}.pem`];
    const args = ['req', '-x509', '-newkey', 'rsa:512', '-nodes', '-subj', '/CN=files.example', ...made];
    execFileSync('openssl', args, { stdio: 'ignore' });
    expect(problem({ cert: `${weak}.pem`, key: `${weak}.key` })).toEqual([
      'read.tls.cert cannot be used (ee key too small)',
    ]);
    const cut = join(dir, 'cut.pem');
    writeFileSync(cut, readFileSync(good.cert, 'utf8').slice(0, -100));
    expect(problem({ ...good, cert: cut })).toEqual([expect.stringMatching(/^read\.tls\.cert cannot be used \(.+\)$/)]);
  });

  it.skipIf(process.getuid?.() !== 0)('must be readable for the program', () => {
    const pair = makeCertificate(['files.example']);
    chmodSync(dirname(pair.cert), 0o711);
    chmodSync(dirname(dirname(pair.cert)), 0o711);
    chmodSync(pair.key, 0o600);
    process.seteuid?.(65534);
    try {
      expect(problem(pair)).toEqual(['read.tls.key is not readable for this user']);
    } finally {
      process.seteuid?.(0);
    }
  });

  it('is looked at when a configuration is loaded', () => {
    const config = validConfig();
    const broken = { ...config, read: { ...config.read, tls: { cert: good.cert, key: '/nowhere.pem' } } };
    expect(refusal(() => loadValue(broken)).message).toBe('read.tls.key: does not exist');
  });
});
