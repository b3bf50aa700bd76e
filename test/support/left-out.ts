import { execFileSync } from 'node:child_process';
import { accessSync, closeSync, constants, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { env } from 'node:process';

/** What some tests need of the machine, and the Debian packages that bring it. */
const wanted = {
  ceph: {
    what: 'a real Ceph RADOS Gateway',
    packages: ['ceph-mon', 'ceph-osd', 'radosgw', 'curl'],
    missing: () => missingCommands('ceph', 'ceph-mon', 'ceph-osd', 'radosgw', 'radosgw-admin', 'monmaptool', 'curl'),
  },
  rclone: { what: 'rclone', packages: ['rclone'], missing: () => missingCommands('rclone') },
  fuse: {
    what: 'a disk that fails on command (FUSE)',
    packages: ['fuse3', 'python3-pyfuse3'],
    missing: () => [...missingCommands('fusermount3'), ...missingModules(), ...missingDevice()],
  },
  ruby: {
    what: "Ruby with Mastodon's S3 library",
    packages: ['ruby', 'ruby-aws-sdk-s3'],
    missing: () => missingGem(),
  },
  s3cmd: { what: 's3cmd', packages: ['s3cmd'], missing: () => missingCommands('s3cmd') },
  nginx: {
    what: 'nginx, with certificates made by openssl',
    packages: ['nginx', 'openssl'],
    missing: () => missingCommands('nginx', 'openssl'),
  },
  openssl: { what: 'certificates made by openssl', packages: ['openssl'], missing: () => missingCommands('openssl') },
  prometheus: {
    what: 'Prometheus',
    packages: ['prometheus'],
    missing: () => missingCommands('prometheus', 'promtool'),
  },
  chromium: { what: 'a browser (Chromium)', packages: ['chromium'], missing: () => missingCommands('chromium') },
  systemd: { what: 'systemd-analyze', packages: ['systemd'], missing: () => missingCommands('systemd-analyze') },
} as const;

export type Capability = keyof typeof wanted;

/** A capability this machine lacks: what of it is missing, and the line that installs it. */
export interface LeftOut {
  capability: Capability;
  what: string;
  missing: string[];
  install: string;
}

/**
 * For `describe.skipIf(needs('ceph', 'fuse').skip)`: skip where a capability is not installed.
 * With UPSTAIRS_TEST_STRICT=1 it throws instead, so that the test file fails.
 */
export function needs(...capabilities: Capability[]): { skip: boolean } {
  const lacking = capabilities.map(leftOut).filter((lack) => lack !== undefined);
  if (lacking.length > 0 && env.UPSTAIRS_TEST_STRICT === '1') {
    throw new Error(lacking.map((lack) => `${describeLack(lack)} (missing: ${lack.missing.join(', ')})`).join('\n'));
  }
  return { skip: lacking.length > 0 };
}

/** Everything that cannot be tested here. */
export function allLeftOut(): LeftOut[] {
  return (Object.keys(wanted) as Capability[]).map(leftOut).filter((lack) => lack !== undefined);
}

/** One line for people: what is not tested, and how to have it tested. */
export function describeLack({ capability, what, install }: LeftOut): string {
  return `${capability}: ${what} is not installed; to get it: ${install}`;
}

/** UPSTAIRS_TEST_WITHOUT=fuse,rclone pretends that these are not installed. */
function leftOut(capability: Capability): LeftOut | undefined {
  const { what, packages, missing } = wanted[capability];
  const hidden = (env.UPSTAIRS_TEST_WITHOUT ?? '').split(',').includes(capability);
  const lacking = hidden ? ['hidden by UPSTAIRS_TEST_WITHOUT'] : missing();
  if (lacking.length === 0) return undefined;
  const install = `apt-get install -y --no-install-recommends ${packages.join(' ')}`;
  return { capability, what, missing: lacking, install };
}

function missingCommands(...commands: string[]): string[] {
  return commands.filter((command) => commandPath(command) === undefined);
}

/** Where a command is, in PATH or where Debian keeps commands; undefined: nowhere. */
export function commandPath(command: string): string | undefined {
  const folders = `${env.PATH ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin`.split(':').filter(Boolean);
  return folders.map((folder) => join(folder, command)).find(executable);
}

function executable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function missingModules(): string[] {
  try {
    execFileSync('/usr/bin/python3', ['-c', 'import pyfuse3, trio'], { stdio: 'ignore' });
    return [];
  } catch {
    return ["python3's pyfuse3 and trio"];
  }
}

/** Loading the library takes most of a second, and the answer does not change during a run. */
let gem: string[] | undefined;

function missingGem(): string[] {
  gem ??= lackOfGem();
  return gem;
}

function lackOfGem(): string[] {
  const lacking = missingCommands('ruby');
  if (lacking.length > 0) return lacking;
  try {
    execFileSync('ruby', ['-e', 'require "aws-sdk-s3"'], { stdio: 'ignore' });
    return [];
  } catch {
    return ["Ruby's aws-sdk-s3"];
  }
}

/** A container may lack the device, the right to open it, or the right to mount (CAP_SYS_ADMIN, bit 21). */
function missingDevice(): string[] {
  try {
    closeSync(openSync('/dev/fuse', 'r+'));
    const bounds = /^CapBnd:\s*(\w+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
    return (BigInt(`0x${bounds}`) >> 21n) & 1n ? [] : ['the right to mount (CAP_SYS_ADMIN)'];
  } catch {
    return ['/dev/fuse'];
  }
}
