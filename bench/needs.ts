import { execFileSync } from 'node:child_process';

/** Every program the benchmark runs, and the Debian package that brings it. */
const packages: Record<string, string> = {
  nginx: 'nginx-light',
  wrk: 'wrk',
  rclone: 'rclone',
  radosgw: 'radosgw',
  'radosgw-admin': 'radosgw',
  'ceph-mon': 'ceph-mon',
  'ceph-osd': 'ceph-osd',
  curl: 'curl',
  ip: 'iproute2',
  unshare: 'util-linux',
  taskset: 'util-linux',
  fusermount3: 'fuse3',
};

/** Debian keeps daemons where an ordinary user's PATH does not look. */
export const path = `${process.env.PATH}:/usr/sbin:/sbin`;

/** What to tell somebody whose machine lacks something; undefined: nothing is missing. */
function missing(): string | undefined {
  const lacking = Object.keys(packages).filter((command) => !succeeds('sh', ['-c', `command -v ${command}`]));
  const wanted = new Set(lacking.map((command) => packages[command]));
  if (!succeeds('/usr/bin/python3', ['-c', 'import pyfuse3, trio'])) {
    lacking.push("python3's pyfuse3");
    wanted.add('python3-pyfuse3');
  }
  if (lacking.length === 0) return undefined;
  return `The benchmark also needs ${lacking.join(', ')}. On Debian 12:
  apt-get install -y --no-install-recommends ${[...wanted].join(' ')}`;
}

function succeeds(command: string, args: string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore', env: { ...process.env, PATH: path } });
    return true;
  } catch {
    return false;
  }
}

/** Ends the process where something is missing, and on a signal: what was started is then taken down with it. */
export function beginOrExit(): void {
  const lack = missing();
  if (lack !== undefined) {
    console.error(lack);
    process.exit(1);
  }
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => process.exit(1));
}
