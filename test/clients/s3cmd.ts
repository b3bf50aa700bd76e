import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { env } from 'node:process';
import { promisify } from 'node:util';
import { scratch } from '../support/scratch.ts';
import type { Door } from './door.ts';

const run = promisify(execFile);

/** `s3cmd ARGUMENTS…` for this door, path style and over plain HTTP; resolves with what it printed. */
export function s3cmd({ endpoint, accessKey, secretKey, region }: Door): (...args: string[]) => Promise<string> {
  const { host } = new URL(endpoint);
  const config = join(scratch('s3cmd'), 's3cfg');
  const options = {
    access_key: accessKey,
    secret_key: secretKey,
    bucket_location: region,
    host_base: host,
    host_bucket: host,
    use_https: false,
    max_retries: 1,
    use_mime_magic: false,
  };
  const lines = Object.entries(options).map(([name, value]) => `${name} = ${value}`);
  writeFileSync(config, `[default]\n${lines.join('\n')}\n`);
  return async (...args) => {
    const { stdout } = await run('s3cmd', ['-c', config, '--no-progress', ...args], {
      env: { PATH: env.PATH, TMPDIR: env.TMPDIR, LANG: 'C.UTF-8', HOME: '/nonexistent' },
    });
    return stdout;
  };
}
