import { describe, expect, test } from 'vitest';
import { diskVerdicts } from '../../../src/doctor/disk-verdicts.ts';
import type { DiskSample } from '../../../src/doctor/disk-walk.ts';
import { error, type Finding, ok } from '../../../src/doctor/finding.ts';
import { hostsArea } from '../../../src/doctor/hosts-area.ts';
import { descriptorLimit, descriptorVerdict } from '../../../src/doctor/limits.ts';
import { exposure } from '../../../src/doctor/listeners-area.ts';
import { mountOf } from '../../../src/doctor/mounts.ts';
import { problemFinding, warningFinding } from '../../../src/doctor/places.ts';
import { reportText } from '../../../src/doctor/report-text.ts';
import { secretFileVerdict } from '../../../src/doctor/secret-files.ts';
import { fileSystemVerdict, ownerVerdict, spaceVerdict } from '../../../src/doctor/state-area.ts';

async function allOf(findings: AsyncIterable<Finding>): Promise<Finding[]> {
  const all: Finding[] = [];
  for await (const finding of findings) all.push(finding);
  return all;
}

describe('a disk', () => {
  const facts = { name: 'basement', root: '/srv/media', user: 'upstairs', deadlineMs: 4000, alsoAllow: ['cache'] };
  const healthy: DiskSample = {
    entries: 100,
    publicFiles: 80,
    closedFiles: [],
    deniedDirectories: [],
    deniedFiles: [],
    symlinks: ['cache'],
    damaged: [],
    slowestReadMs: 12,
    hung: false,
  };
  const wrong = (over: Partial<DiskSample>) =>
    diskVerdicts({ ...healthy, ...over }, facts).filter(({ level }) => level !== 'ok');

  test('that is in order, with a link that is allowed and a few private files, gives no word', () => {
    expect(wrong({})).toEqual([]);
    expect(wrong({ closedFiles: ['a', 'b'] })).toEqual([]);
    expect(wrong({ publicFiles: 0, slowestReadMs: undefined })).toEqual([]);
  });

  test.each<[Partial<DiskSample>, string, string]>([
    [{ deniedDirectories: ['a'] }, 'sources.basement.readable', 'setfacl -R -m u:upstairs:rX /srv/media'],
    [{ deniedFiles: ['a/b.jpg'] }, 'sources.basement.readable', 'group'],
    [{ closedFiles: Array.from({ length: 40 }, String) }, 'sources.basement.modes', 'go+r'],
    [{ symlinks: ['other'] }, 'sources.basement.symlinks', 'alsoAllow'],
    [{ damaged: ['a'] }, 'sources.basement.damaged', 'ddrescue'],
    [{ slowestReadMs: 501 }, 'sources.basement.latency', 'smartctl'],
    [{ hung: true }, 'sources.basement.answers', 'smartctl'],
  ])('is told by what is wrong (%#)', (over, check, todo) => {
    expect(wrong(over)).toEqual([expect.objectContaining({ check, todo: expect.stringContaining(todo) })]);
  });
});

test('a system that does not tell how much may be open hides nothing else', () => {
  expect(descriptorLimit('/nowhere/limits')).toBeUndefined();
  expect(descriptorVerdict(undefined, 1000)).toMatchObject({ level: 'ok' });
});

test('a name server that does not answer is named as what is wrong, and hides no other name', async () => {
  const area = hostsArea(['files.town', 's3.town'], {
    ask: (name) => (name === 's3.town' ? new Promise(() => {}) : Promise.resolve([{ address: '192.0.2.1' }])),
    withinMs: 20,
  });
  expect(await allOf(area.run(new AbortController().signal))).toMatchObject([
    { check: 'hosts.files.town', level: 'ok' },
    { check: 'hosts.s3.town', level: 'warning', found: 'no name server answered within 0.02 s' },
  ]);
});

test('a path lies on the longest mount above it, the last one where two are stacked', () => {
  const info = [
    '22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw',
    '30 22 8:2 / /srv rw - xfs /dev/sdb1 rw',
    '31 30 8:3 / /srv/a\\040b ro,noatime - ext4 /dev/sdc1 rw',
    '32 22 8:4 / /srv rw - btrfs /dev/sdd1 rw',
  ].join('\n');
  expect(mountOf('/srv/a b/media', info)).toEqual({ point: '/srv/a b', type: 'ext4', readOnly: true });
  expect(mountOf('/srv/abc', info)?.type).toBe('btrfs');
  expect(mountOf('/srvx', info)?.point).toBe('/');
  expect(mountOf('/srv', '')).toBeUndefined();
});

test('the state belongs on a local disk with room, and is looked at as its owner', () => {
  expect(['ext4', 'xfs', 'fuse'].map((type) => fileSystemVerdict(type).level)).toEqual(['ok', 'ok', 'ok']);
  expect(['tmpfs', 'nfs4', 'overlay'].map((type) => fileSystemVerdict(type).level)).toEqual(Array(3).fill('warning'));
  expect([spaceVerdict(10, 10).level, spaceVerdict(9, 10).level]).toEqual(['ok', 'warning']);
  expect([ownerVerdict(0, 0), ownerVerdict(5, 5), ownerVerdict(5, 0)].map(({ level }) => level)).toEqual([
    'ok',
    'ok',
    'warning',
  ]);
  expect([descriptorVerdict(Number.POSITIVE_INFINITY, 9).level, descriptorVerdict(8, 9).level]).toEqual([
    'ok',
    'warning',
  ]);
});

describe('files with secrets', () => {
  const level = (text: string, mode: number, isConfig = true) =>
    secretFileVerdict({ path: '/etc/upstairs.yaml', isConfig, text }, mode).level;

  test('may not be open to everybody', () => {
    expect(level('bucket:\n  secretKey: written-out\n', 0o100644)).toBe('warning');
    expect(level('bucket: {name: x, secretKey: written-out}', 0o100644)).toBe('warning');
    expect(level('bucket:\n  secretKey: written-out\n', 0o100640)).toBe('ok');
    expect(level('any secret', 0o100644, false)).toBe('warning');
    expect(level('any secret', 0o100600, false)).toBe('ok');
  });

  test('are none when they only say where secrets are', () => {
    expect(level(`bucket:\n  secretKey: \${file:/run/secrets/x}\n  name: media\n`, 0o100644)).toBe('ok');
    expect(level(`bucket:\n  secretKey: "\${SECRET}"\n`, 0o100644)).toBe('ok');
  });
});

test('only a write host that is open to others, without TLS and without a proxy, is exposed', () => {
  const write = { name: 'write', listen: { host: '0.0.0.0', port: 1 }, tls: false, trusted: 0 };
  expect(exposure(write)?.check).toBe('write.trustProxy');
  expect(exposure({ ...write, tls: true })).toBeUndefined();
  expect(exposure({ ...write, trusted: 1 })).toBeUndefined();
  expect(exposure({ ...write, listen: { host: '127.0.0.1', port: 1 } })).toBeUndefined();
  expect(exposure({ ...write, name: 'read', trusted: undefined })).toBeUndefined();
});

test("serve's own words become findings: what is wrong, and after the colon what to do", () => {
  expect(problemFinding({ path: 'sources.0.root', message: 'is empty: is the disk mounted?' })).toMatchObject({
    check: 'sources.0.root',
    found: 'is empty',
    todo: 'is the disk mounted?',
  });
  expect(problemFinding({ path: '', message: 'this is not YAML' })).toMatchObject({ check: 'config', level: 'error' });
  expect(
    warningFinding('state.dir is on the same device as sources.0.root: if that disk dies, so does it'),
  ).toMatchObject({
    check: 'state.dir',
    level: 'warning',
    expected: 'a disk that is well',
    todo: expect.stringMatching(/^move state\.dir .*; if that disk dies, so does it$/),
  });
  expect(warningFinding('read.tls.cert has ended: renew it')).toMatchObject({
    check: 'read.tls.cert',
    found: 'read.tls.cert has ended',
    todo: expect.stringContaining('certbot'),
  });
});

describe('the report', () => {
  const findings = [ok('a', 'fine'), error('b', 'two\nlines \u001b[31m', 'one', 'mend it')];

  test('is one line a finding, whatever a file is called, and speaks no terminal codes', () => {
    expect(reportText(findings, { verbose: false, paint: (_, text) => text })).toBe(
      'error b: two?lines ?[31m | expected: one | to do: mend it\n1 errors, 0 warnings, 1 checks found nothing wrong\n',
    );
  });

  test('has a line for what is fine where it is asked for, and paints levels as it is told', () => {
    const text = reportText(findings, { verbose: true, paint: (level, text) => `<${level}>${text}</>` });
    expect(text.split('\n')).toHaveLength(4);
    expect(text).toContain('<ok>ok</> a: fine');
  });
});
