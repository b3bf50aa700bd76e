import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { startFauxqs } from 'fauxqs';
import { baseConfig, merge, type PlainConfig } from './base-config.ts';
import { eventually } from './eventually.ts';
import { basement } from './media-files.ts';
import { runCommand } from './run-command.ts';
import { scratch } from './scratch.ts';
import { startUpstairs } from './upstairs.ts';

/** A state that `serve` has made and bound to a bucket, with a store that goes on running. */
export interface BoundState extends AsyncDisposable {
  readonly root: string;
  readonly endpoint: string;
  readonly config: PlainConfig;
  /** The configuration with a state directory of its own: a copy. */
  copied(over?: PlainConfig): { readonly config: PlainConfig; readonly dir: string };
}

export async function boundState(over: PlainConfig): Promise<BoundState> {
  const store = await startFauxqs({ port: 0, logger: false });
  store.createBucket('media');
  const root = scratch('root');
  await basement(root, { 'a.jpg': 'a', 'b.jpg': 'b' });
  const stateDir = scratch('bound');
  const config = merge(
    baseConfig({ endpoint: store.address, bucket: 'media', root, stateDir }),
    merge({ bucket: { acls: false }, copy: { minAge: '0ms' } }, over),
  );
  const upstairs = await startUpstairs({ config });
  await eventually(async () => expectBound(config));
  await upstairs.kill();
  return {
    root,
    endpoint: store.address,
    config,
    copied(change = {}) {
      const dir = join(scratch('state'), 'copy');
      cpSync(stateDir, dir, { recursive: true });
      return { config: merge(config, { state: { dir }, ...change }), dir };
    },
    [Symbol.asyncDispose]: () => store.stop(),
  };
}

/** The inventory asks for no more than that. */
async function expectBound(config: PlainConfig): Promise<void> {
  const { code, stderr } = await runCommand(['inventory'], config);
  if (code !== 0) throw new Error(stderr);
}
