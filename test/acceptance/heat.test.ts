import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';
import { eventually } from '../support/eventually.ts';
import { needs } from '../support/left-out.ts';
import { combinedLog } from '../support/log-text.ts';
import { basement } from '../support/media-files.ts';
import { startNginx } from '../support/nginx.ts';
import { programEnv } from '../support/program-env.ts';
import { scratch } from '../support/scratch.ts';
import { baseConfig, startUpstairs } from '../support/upstairs.ts';

const program = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const avatar = 'accounts/avatars/109/412/345/678/901/234/original/a.png';
const video = 'media_attachments/files/109/412/345/678/901/234/original/v.mp4';

/** A state that a running program made; its bucket cannot be reached, which the import does not mind. */
async function beside() {
  const stateDir = scratch('state');
  const root = scratch('root');
  await basement(root, { 'a.txt': Buffer.from('a') });
  const config = baseConfig({ endpoint: 'http://127.0.0.1:9', bucket: 'none', root, stateDir });
  const upstairs = await startUpstairs({ config });
  onTestFinished(() => upstairs.dispose());
  const file = join(scratch('config'), 'upstairs.yaml');
  writeFileSync(file, stringify(config));
  return { stateDir, importing: (args: string[], input?: Buffer | string) => importing(file, args, input) };
}

async function importing(config: string, args: string[], input: Buffer | string = '') {
  const child = spawn(execPath, [program, 'heat', 'import', ...args, '-c', config], { env: programEnv });
  child.stdin.end(input);
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code, out, err };
}

/** The keys, the hottest first. */
function hottest(stateDir: string): string[] {
  const db = new DatabaseSync(join(stateDir, 'files.db'), { readOnly: true });
  const rows = db.prepare('SELECT key FROM heat ORDER BY hot DESC').all() as { key: string }[];
  db.close();
  return rows.map(({ key }) => key);
}

/** undici and fetch would mend such targets. */
function asked(url: string, path: string, headers: Record<string, string>): Promise<void> {
  return new Promise((resolve, reject) => {
    const asking = request(`${url}/`, { path, headers }, (answer) => answer.resume().on('end', resolve));
    asking.on('error', reject).end();
  });
}

describe('importing access logs', () => {
  test('counts views by key once, whatever the log is called and however it is packed, beside a running program', async () => {
    const { stateDir, importing } = await beside();
    const dir = scratch('logs');
    const atMs = Date.now() - 3_600_000;
    const seen = (path: string, count: number) =>
      Array.from({ length: count }, (_, n) => ({ path, atMs: atMs + n * 1000 }));
    const first = combinedLog([
      ...seen(`/${avatar}`, 30),
      ...seen(`/system/${video}`, 10),
      ...seen('/api/v1/instance', 50),
    ]);
    const more = combinedLog(seen(`/system/${video}`, 5));
    writeFileSync(join(dir, 'access.log'), first);
    writeFileSync(join(dir, 'access.log.2.gz'), gzipSync(first));
    writeFileSync(join(dir, 'system.log'), 'Nov 27 06:13:20 host kernel: nothing to see\n');

    const once = await importing([join(dir, 'access.log')]);
    expect(once).toMatchObject({ code: 0, err: '' });
    expect(once.out).toMatch(/access\.log: 90 lines, 40 of them views\n2 keys are known/);
    appendFileSync(join(dir, 'access.log'), more);
    const again = await importing(
      [
        '--json',
        join(dir, 'access.log.2.gz'),
        join(dir, 'access.log'),
        join(dir, 'system.log'),
        join(dir, 'nowhere'),
        '-',
      ],
      first + more,
    );
    expect(again.code).toBe(1);
    expect(JSON.parse(again.out)).toMatchObject({
      keys: 2,
      logs: [
        { counts: { lines: 0, views: 0, knownBytes: first.length } },
        { counts: { lines: 5, views: 5, knownBytes: first.length } },
        { error: { code: 'LOG_FORMAT_UNKNOWN', message: expect.stringContaining('nothing to see') } },
        { error: { code: 'ENOENT' } },
        { log: '-', counts: { lines: 0, knownBytes: first.length + more.length } },
      ],
    });
    expect(hottest(stateDir)).toEqual([avatar, video]);
  });

  test('tells what it cannot read and where, and reads the rest', async () => {
    const { importing } = await beside();
    const line = combinedLog([{ path: `/${avatar}`, atMs: Date.now() }]);
    const { code, out, err } = await importing(['-'], `${line}${line.slice(0, 40)}\n${line}`);
    expect(code).toBe(0);
    expect(out).toContain('-: 3 lines, 2 of them views');
    expect(err).toMatch(/1 lines cannot be read, such as\n {2}2: "192\.0\.2\.1/);
  });

  test('needs a state, and makes none', async () => {
    const config = baseConfig({ endpoint: 'http://127.0.0.1:9', bucket: 'none', root: scratch('root') });
    const file = join(scratch('config'), 'upstairs.yaml');
    writeFileSync(file, stringify(config));
    const { code, err } = await importing(file, ['-']);
    expect(code).toBe(1);
    expect(err).toContain('start `upstairs serve` once');
  });
});

describe.skipIf(needs('nginx').skip)("importing nginx's own logs", () => {
  test('understands its combined format and a JSON one, with whatever strangers send', async () => {
    const { stateDir, importing } = await beside();
    const dir = scratch('logs');
    const fields = ['remote_addr', 'time_iso8601', 'request', 'status', 'host'];
    await using nginx = await startNginx(
      (port) => `
  log_format json escape=json '{${fields.map((name) => `"${name}":"$${name}"`).join(',')}}';
  server {
    listen 127.0.0.1:${port};
    access_log ${dir}/combined.log combined;
    access_log ${dir}/json.log json;
    location / { return 200 "picture"; }
  }`,
    );
    const odd = { 'user-agent': 'a "quoted" \\ agent \u00e9', host: 'files.test' };
    for (const path of [
      `/${avatar}`,
      `/${avatar}?123`,
      `/${avatar}`,
      `/${video}`,
      '/a%20b"c.jpg',
      '/%C3%A9.jpg',
      '/%ff.jpg',
    ])
      await asked(nginx.url, path, odd);
    await eventually(() => readFileSync(join(dir, 'json.log'), 'utf8').split('\n').length === 8);
    const { code, out, err } = await importing([
      '--host',
      'files.test',
      join(dir, 'combined.log'),
      join(dir, 'json.log'),
    ]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    // All but %ff, which is no key.
    expect(out).toMatch(/combined\.log: 7 lines, 6 of them views\n.*json\.log: 7 lines, 6 of them views/);
    expect(hottest(stateDir)[0]).toBe(avatar);
    expect(hottest(stateDir)).toHaveLength(4);
  });
});
