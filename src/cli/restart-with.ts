/** The same process, started again with another environment. */
export function restartWith(changes: Record<string, string>): void {
  if (!process.execve) throw new Error(`set UV_THREADPOOL_SIZE=${changes.UV_THREADPOOL_SIZE} before the start`);
  process.execve(process.execPath, [process.execPath, ...process.execArgv, ...process.argv.slice(1)], {
    ...process.env,
    ...changes,
  });
}
