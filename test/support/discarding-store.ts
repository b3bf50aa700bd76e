import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterDeath } from './after-death.ts';

/** A store in a process of its own that takes any object and keeps only small ones: what it costs is nobody else's. */
export interface DiscardingStore extends AsyncDisposable {
  /** http://127.0.0.1:PORT */
  readonly endpoint: string;
  /** Bytes of the object that came last under this path (`/bucket/key`), kept or not; undefined: none came whole. */
  received(path: string): Promise<number | undefined>;
}

export async function discardingStore(): Promise<DiscardingStore> {
  const script = fileURLToPath(new URL('discarding-store-process.ts', import.meta.url));
  const child = spawn(execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const spare = afterDeath('kill -KILL "$1"', String(child.pid));
  const exited = once(child, 'exit');
  const [port] = await Promise.race([
    once(child.stdout, 'data'),
    exited.then(([code]) => Promise.reject(new Error(`the discarding store ended with ${code}`))),
  ]);
  const endpoint = `http://127.0.0.1:${Number(port)}`;
  return {
    endpoint,
    async received(path) {
      const { status, headers } = await fetch(`${endpoint}${path}`, { method: 'HEAD' });
      return status === 200 ? Number(headers.get('content-length')) : undefined;
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await exited;
      spare();
    },
  };
}
