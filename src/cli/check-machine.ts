import { diagnose } from '../app/wire-doctor.ts';
import { loadConfig } from '../config/load.ts';
import type { Finding } from '../doctor/finding.ts';
import { toldError } from './told-error.ts';

/** What the process that looks is told. */
export interface Look {
  /** The configuration's file. */
  readonly config: string;
  readonly sample: number;
}

/** What it tells the one that asked. */
export type Seen = { readonly findings: readonly Finding[] } | { readonly broken: string };

const stop = new AbortController();
const breakOff = () => stop.abort();
// Ctrl-C is for both of us. What was written into the bucket for the check is taken away again before the end.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, breakOff);
process.once('disconnect', breakOff);

// The part of `upstairs check` that touches disks, a program of its own. It may be left hanging, so it tells all it has in one message.
process.once('message', async (look) => {
  const answer = await seen(look as Look);
  if (process.connected) process.send?.(answer);
  // Whoever asked is gone. A read that hangs would keep this process for ever.
  else process.kill(process.pid, 'SIGKILL');
});

async function seen({ config: file, sample }: Look): Promise<Seen> {
  try {
    const { config } = loadConfig(file, { env: process.env, environment: false });
    return { findings: await diagnose(config, { sample, signal: stop.signal }) };
  } catch (error) {
    const { found, stack } = toldError(error, 'upstairs check');
    return { broken: stack ?? found };
  }
}
