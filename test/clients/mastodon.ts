import { execFile } from 'node:child_process';
import { env } from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Door } from './door.ts';

const script = fileURLToPath(new URL('mastodon.rb', import.meta.url));
const run = promisify(execFile);

/** What the client saw in one step. */
export interface Seen {
  readonly step: string;
  readonly key?: string;
  readonly md5?: string;
  readonly [what: string]: unknown;
}

/** Runs the Ruby script and returns what each of its steps told; throws what it printed when a step failed. */
export async function mastodon({
  endpoint,
  accessKey,
  secretKey,
  region,
  bucket,
  guarded,
}: Door): Promise<Map<string, Seen>> {
  const { stdout } = await run('ruby', [script], {
    env: {
      PATH: env.PATH,
      TMPDIR: env.TMPDIR,
      LANG: 'C.UTF-8',
      HOME: '/nonexistent', // nobody's ~/.aws
      ENDPOINT: endpoint,
      ACCESS_KEY: accessKey,
      SECRET_KEY: secretKey,
      REGION: region,
      BUCKET: bucket,
      ...(guarded && { GATEWAY: '1' }),
    },
  });
  const lines = stdout.trim().split('\n');
  return new Map(lines.map((line) => JSON.parse(line) as Seen).map((seen) => [seen.step, seen]));
}
