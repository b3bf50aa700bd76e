import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { env } from 'node:process';
import { parseEnv } from 'node:util';
import { DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { cloneSource } from '../support/clone-source.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { needs } from '../support/left-out.ts';
import { basement, jpeg, mastodonKey } from '../support/media-files.ts';
import { objectFacts, sharedRgw } from '../support/rgw.ts';
import { scratch } from '../support/scratch.ts';
import { type RunningCommand, ShellSession } from '../support/shell-session.ts';
import { notSeen, type TutorialStep, tutorialSteps } from '../support/tutorial-page.ts';

const upload = 'media_attachments/files/109/000/000/000/000/001/original/posted.jpg';

/** Everything that is different here from the page: addresses, names, and where things are on the machine. */
async function substitutions(home: string): Promise<readonly (readonly [from: string, to: string])[]> {
  const rgw = sharedRgw();
  const [read, write, admin] = [await freePort(), await freePort(), await freePort()];
  const directories = [
    '/home/mastodon/live',
    '/var/lib/upstairs',
    '/var/backups/upstairs',
    '/root/upstairs',
    '/opt/upstairs',
    '/etc/upstairs',
    '/usr/local/bin',
    '/var/log/nginx',
  ];
  return [
    ['https://example.org/upstairs.git', cloneSource()],
    ['https://fra1.digitaloceanspaces.com', rgw.endpoint],
    ['example-social-media', await rgw.freshBucket()],
    ['THE_ACCESS_KEY_OF_THE_BUCKET', rgw.accessKey],
    ['the-secret-key-of-the-bucket', rgw.secretKey],
    ['127.0.0.1:8080', `127.0.0.1:${read}`],
    ['127.0.0.1:8081', `127.0.0.1:${write}`],
    ['127.0.0.1:9180', `127.0.0.1:${admin}`],
    // There is no such user here.
    ['runuser -u upstairs -- ', ''],
    // The host names of the page are nobody's: the doctor has to warn of them (status 2), and of nothing worse.
    ['upstairs check -c /etc/upstairs/upstairs.yaml', 'upstairs check -c /etc/upstairs/upstairs.yaml || [ $? = 2 ]'],
    ...directories.map((directory) => [directory, home + directory] as const),
  ];
}

class Reader {
  readonly #table: readonly (readonly [string, string])[];
  readonly #shell: ShellSession;
  #running: RunningCommand | undefined;

  constructor(shell: ShellSession, table: readonly (readonly [string, string])[]) {
    this.#shell = shell;
    this.#table = table;
  }

  here(text: string): string {
    return this.#table.reduce((changed, [from, to]) => changed.replaceAll(from, to), text);
  }

  async follow(step: TutorialStep): Promise<void> {
    const where = `line ${step.line} of the tutorial`;
    if (step.kind === 'run') {
      const printed = await this.#shell.run(this.here(step.commands));
      expect(notSeen(this.here(step.seen), printed), `${where}, which printed:\n${printed}`).toBeUndefined();
    } else if (step.kind === 'stays-running') await this.startUpstairs(this.here(step.commands), this.here(step.seen));
    else {
      const byHand = this.#byHand[step.name];
      if (byHand === undefined) expect.fail(`${where}: nobody knows how to do "${step.name}" here`);
      await byHand();
    }
  }

  async startUpstairs(command: string, seen: string): Promise<void> {
    await this.#running?.interrupt();
    const running = await this.#shell.start(command);
    this.#running = running;
    try {
      await eventually(() => notSeen(seen, running.printed()) === undefined, { withinMs: 15_000 });
    } catch (error) {
      throw new Error(`Upstairs did not start:\n${running.printed()}`, { cause: error });
    }
  }

  async stopUpstairs(): Promise<void> {
    await this.#running?.interrupt('SIGKILL');
    this.#running = undefined;
  }

  /** What the page has done by hand, and what of it can be done here. */
  readonly #byHand: Readonly<Record<string, () => Promise<void>>> = {
    certificates: async () => {},
    packages: async () => {},
    user: async () => {},
    owner: async () => {},
    nginx: async () => {},
    front: async () => {},
    service: () => this.#restart(),
    restart: () => this.#restart(),
    mastodon: () => this.#post(),
  };

  /** As systemd would. */
  async #restart(): Promise<void> {
    const unit = readFileSync(this.here('/opt/upstairs/config/systemd/upstairs.service'), 'utf8');
    const [, command = ''] = /^ExecStart=(.*)$/m.exec(unit) ?? [];
    expect(command).toMatch(/serve -c \/etc\/upstairs\/upstairs\.yaml$/);
    await this.startUpstairs(this.here(command), '…"event":"ready"…');
  }

  /** As Mastodon does with the settings that it has now; TLS apart, which nginx would speak. */
  async #post(): Promise<void> {
    const settings = parseEnv(readFileSync(this.here('/home/mastodon/live/.env.production'), 'utf8'));
    const {
      S3_ENDPOINT = '',
      S3_BUCKET,
      S3_REGION = '',
      AWS_ACCESS_KEY_ID = '',
      AWS_SECRET_ACCESS_KEY = '',
    } = settings;
    const { port } = new URL(`http://${this.here('127.0.0.1:8081')}`);
    const client = new S3Client({
      endpoint: `${S3_ENDPOINT.replace('https:', 'http:')}:${port}`,
      region: S3_REGION,
      credentials: { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY },
      forcePathStyle: true,
      requestChecksumCalculation: 'WHEN_REQUIRED',
      requestHandler: {
        httpAgent: new Agent({
          lookup: (_host, _options, found) => found(null, [{ address: '127.0.0.1', family: 4 }]),
        }),
      },
    });
    const object = { Bucket: S3_BUCKET, Key: upload };
    await client.send(
      new PutObjectCommand({ ...object, Body: jpeg(9), ACL: 'public-read', ContentType: 'image/jpeg' }),
    );
    await client.send(new DeleteObjectCommand({ ...object, Key: mastodonKey(3, 'jpg') }));
    client.destroy();
  }
}

describe.skipIf(needs('ceph').skip)('the tutorial', () => {
  const steps = tutorialSteps();

  test('leaves little to be done by hand, and all of that belongs to the own machine of whoever reads it', () => {
    const byHand = steps.filter(({ kind }) => kind === 'by-hand');
    expect(byHand.map(({ name }) => name)).toEqual([
      ...['certificates', 'packages', 'user', 'owner', 'service', 'nginx', 'front', 'mastodon', 'restart', 'restart'],
    ]);
    const own =
      /^(certbot|apt-get|node|npm|useradd|install -d|chown|cp|editor|nginx|systemctl|journalctl|curl -sI "https:)/;
    const lines = byHand.flatMap(({ commands }) => commands.trim().split('\n'));
    expect(lines.filter((line) => !own.test(line))).toEqual([]);
    expect(steps.filter(({ kind }) => kind === 'run').length).toBeGreaterThan(byHand.length);
  });

  test('works as it is written, from an empty directory until it is proven that all media moved', {
    timeout: 300_000,
  }, async () => {
    const home = scratch('home');
    const table = await substitutions(home);
    const bin = join(home, 'usr/local/bin');
    mkdirSync(bin, { recursive: true });
    const npm = Object.entries(env).filter(([name]) =>
      /^npm_config_|^(HOME|TMPDIR|https?_proxy|no_proxy)$/i.test(name),
    );
    const shell = new ShellSession({ cwd: home, env: { ...Object.fromEntries(npm), PATH: `${bin}:${env.PATH}` } });
    onTestFinished(() => shell.close());
    const reader = new Reader(shell, table);
    onTestFinished(() => reader.stopUpstairs());

    const files = Object.fromEntries([1, 2, 3].map((n) => [mastodonKey(n, 'jpg'), jpeg(n)]));
    const live = reader.here('/home/mastodon/live');
    await basement(join(live, 'public/system'), files);
    writeFileSync(
      join(live, '.env.production'),
      'LOCAL_DOMAIN=example.social\nS3_ENABLED=false\nSMTP_SERVER=localhost\n',
    );

    mkdirSync(reader.here('/var/log/nginx'), { recursive: true });
    const viewed = `"GET /system/${mastodonKey(2, 'jpg')} HTTP/1.1" 200 9 "-" "-"`;
    writeFileSync(reader.here('/var/log/nginx/access.log'), `192.0.2.1 - - [01/Mar/2026:10:00:00 +0000] ${viewed}\n`);

    for (const step of steps) {
      if (step.commands.includes('upstairs verify')) await carriedUp(reader, 2);
      await reader.follow(step);
      if (step.commands.includes('upstairs init')) onOtherPorts(reader);
    }

    const { client } = sharedRgw();
    const bucket = reader.here('example-social-media');
    expect((await objectFacts(client, bucket, mastodonKey(1, 'jpg')))?.size).toBe(jpeg(1).length);
    expect((await objectFacts(client, bucket, mastodonKey(2, 'jpg')))?.size).toBe(jpeg(2).length);
    expect(await objectFacts(client, bucket, mastodonKey(3, 'jpg')), 'what Mastodon deleted').toBeUndefined();
    expect((await objectFacts(client, bucket, upload))?.size).toBe(jpeg(9).length);
    expect(readFileSync(join(live, '.env.production'), 'utf8')).toContain('SMTP_SERVER=localhost');
  });
});

/** What is "days" on the page. */
async function carriedUp(reader: Reader, files: number): Promise<void> {
  const metrics = `http://${reader.here('127.0.0.1:9180')}/metrics`;
  const copied = new RegExp(`^upstairs_ledger_keys{status="copied"} ${files}$`, 'm');
  await eventually(async () => expect(await (await fetch(metrics)).text()).toMatch(copied), { withinMs: 150_000 });
}

/** The page keeps to the usual ports, and here others may be listening there. */
function onOtherPorts(reader: Reader): void {
  const file = reader.here('/etc/upstairs/upstairs.yaml');
  const written = readFileSync(file, 'utf8');
  const ports = ['127.0.0.1:8080', '127.0.0.1:8081', '127.0.0.1:9180'];
  for (const usual of ports) expect(written).toContain(usual);
  writeFileSync(
    file,
    ports.reduce((text, usual) => text.replaceAll(usual, reader.here(usual)), written),
  );
}
