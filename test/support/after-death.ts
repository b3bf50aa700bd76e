import { spawn } from 'node:child_process';

/**
 * Runs a shell script once this process is gone, however it went (SIGKILL included): a detached
 * shell waits for the end of a pipe that only we hold open. `args` are the script's $1, $2, ...
 * Returns the function that calls it off, for when the ordinary way of cleaning up was taken.
 */
export function afterDeath(script: string, ...args: string[]): () => void {
  const guard = spawn('bash', ['-c', `cat >/dev/null; ${script}`, 'after-death', ...args], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  guard.unref();
  guard.stdin.on('error', () => {});
  (guard.stdin as unknown as { unref(): void }).unref();
  return () => {
    try {
      // The whole group: killing the shell alone would leave its cat.
      if (guard.pid !== undefined) process.kill(-guard.pid, 'SIGKILL');
    } catch {
      // It has gone already.
    }
  };
}
