import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { argv, env, execArgv, execPath, execve, getuid } from 'node:process';
import { path } from './needs.ts';

/** Which cores the server under test has for itself, and which are left for the load, the store and this process. */
export interface Cores {
  readonly server: string;
  readonly others: string;
}

/** The cores of this machine that we may use, shared out. With a single one there is nothing to share out. */
function shareOut(): Cores {
  const [, list = '0'] = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  const cores = list.split(',').flatMap((part) => {
    const [first = 0, last = first] = part.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
  const [server, ...others] = cores.map(String);
  return { server: server ?? '0', others: others.join(',') || (server ?? '0') };
}

/**
 * Replaces this process by itself in a network of its own, away from the server's core. The usual loopback's MTU of 65,536 makes Nagle's
 * algorithm and delayed ACKs meet, which costs 44 ms on many replies of 20-100 kB; real networks have 1,500. Returns in the new one.
 */
export function isolated(): Cores {
  if (env.UPSTAIRS_BENCH_CORES) return JSON.parse(env.UPSTAIRS_BENCH_CORES) as Cores;
  const cores = shareOut();
  const unshare = getuid?.() === 0 ? ['-n'] : ['-rn'];
  const inside = 'ip link set lo mtu 1500 up && exec "$@"';
  const command = ['unshare', ...unshare, 'sh', '-c', inside, 'sh', 'taskset', '-c', cores.others];
  try {
    execFileSync('unshare', [...unshare, 'true'], { stdio: 'pipe' });
  } catch (error) {
    throw new Error('The benchmark needs a network namespace of its own: run it as root.', { cause: error });
  }
  const again = [...command, execPath, ...execArgv, ...argv.slice(1)];
  execve?.('/usr/bin/env', ['env', ...again], { ...env, PATH: path, UPSTAIRS_BENCH_CORES: JSON.stringify(cores) });
  throw new Error('this Node cannot replace itself');
}
