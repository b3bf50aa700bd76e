import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { loadConfig } from '../config/load.ts';
import { existing, type NewFile, writeNewFiles } from '../lib/new-files.ts';
import { madeUp, type Secrets } from '../setup/answers.ts';
import { assemble } from '../setup/assemble.ts';
import { type FromMastodon, readMastodonEnv } from '../setup/mastodon-env.ts';
import type { Given } from '../setup/questions.ts';
import { mastodonEnv, nginxConf } from '../setup/templates.ts';
import { upstairsYaml } from '../setup/upstairs-yaml.ts';
import { answerWrong, askQuestions } from './ask-questions.ts';
import { CommandError, fileUnreadable } from './command-error.ts';
import { nextSteps, phaseNotes, placeNotes } from './init-words.ts';

export interface InitOptions {
  from?: string;
  out: string;
  yes?: true;
  force?: true;
  json?: true;
  webHost?: string;
  mediaHost?: string;
  writeHost?: string;
  endpoint?: string;
  region?: string;
  bucket?: string;
  bucketAccessKey?: string;
  bucketSecretFile?: string;
  acls?: string;
  root?: string;
  state?: string;
}

/**
 * `upstairs init`: from a few questions, and from Mastodon's own settings, writes a configuration, its secrets, the Mastodon settings to
 * change and the nginx files. Nothing is written unless the configuration is accepted, and nothing is replaced without `--force`; secrets
 * that were made up earlier are then kept.
 * @throws CommandError FILE_EXISTS, FILE_UNREADABLE, ANSWER_WRONG, ANSWERS_MISSING, BROKEN_OFF; ConfigError
 */
export async function init(options: InitOptions): Promise<void> {
  const out = resolve(options.out);
  const files = filesIn(out);
  if (!options.force) expectNone(Object.values(files).filter((path) => existsSync(path)));
  const mastodon = options.from === undefined ? undefined : fromMastodon(resolve(options.from));
  const found = { ...kept(files), ...(mastodon && withoutMadeUp(mastodon.given, files)) };
  const answered = await askQuestions({ given: givenBy(options), found, yes: options.yes ?? false });
  const setUp = assemble(answered, mastodon);
  if (setUp.problems.length > 0) throw answerWrong(setUp.problems);
  const secrets = { ...setUp.secrets, ...madeUpSecrets(files) };

  const yaml = upstairsYaml(setUp.answers, join(out, 'secrets'));
  const planned: NewFile[] = [
    ...Object.entries(secrets).map(([name, text]) => ({
      path: files[name as keyof Secrets],
      text: `${text}\n`,
      mode: 0o600,
    })),
    { path: files.yaml, text: yaml, mode: 0o644 },
    { path: files.mastodon, text: mastodonEnv(setUp.answers, secrets), mode: 0o600 },
    { path: files.nginx, text: nginxConf(setUp.answers), mode: 0o644 },
  ];
  expectAccepted(planned, files.yaml);
  if (!options.force) expectNone(existing(planned));
  const wasMoving = existsSync(files.yaml) && /^phase: *move\b/m.test(textOf(files.yaml));
  await writeNewFiles(planned, { replace: options.force ?? false });

  const notes = [...(mastodon?.notes ?? []), ...setUp.notes, ...placeNotes(out), ...phaseNotes(wasMoving)];
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ files: planned.map(({ path }) => path), config: files.yaml, notes })}\n`);
    return;
  }
  for (const note of notes) process.stderr.write(`note: ${note}\n`);
  process.stdout.write(
    `${nextSteps({ ...files, secretsDir: dirname(files['purge-secret']), stateDir: setUp.answers.stateDir }).join('\n')}\n`,
  );
}

/** Where everything goes. */
function filesIn(out: string) {
  const secret = (name: keyof Secrets) => join(out, 'secrets', name);
  return {
    yaml: join(out, 'upstairs.yaml'),
    mastodon: join(out, 'mastodon.env'),
    nginx: join(out, 'nginx-upstairs.conf'),
    'admin-token': secret('admin-token'),
    'bucket-access-key': secret('bucket-access-key'),
    'bucket-secret-key': secret('bucket-secret-key'),
    'mastodon-access-key': secret('mastodon-access-key'),
    'mastodon-secret-key': secret('mastodon-secret-key'),
    'purge-secret': secret('purge-secret'),
    'old-bucket-access-key': secret('old-bucket-access-key'),
    'old-bucket-secret-key': secret('old-bucket-secret-key'),
  } satisfies Record<keyof Secrets | 'yaml' | 'mastodon' | 'nginx', string>;
}

type Files = ReturnType<typeof filesIn>;

function expectNone(paths: readonly string[]): void {
  if (paths.length > 0)
    throw new CommandError('FILE_EXISTS', {
      found: `there is already ${paths.join(', ')}`,
      expected: 'a place where none of these files is',
      todo: 'choose another --out, or add --force to replace what is there',
    });
}

function fromMastodon(file: string): FromMastodon {
  const mastodon = readMastodonEnv(textOf(file), dirname(file));
  const { root } = mastodon.given;
  // Media are in a bucket, perhaps from the beginning on.
  const noDisk = mastodon.bucketInUse !== undefined && root !== undefined && !existsSync(root);
  return noDisk ? { ...mastodon, given: { ...mastodon.given, root: 'none' } } : mastodon;
}

function givenBy(options: InitOptions): Given {
  const { bucketSecretFile: file } = options;
  const secret = file === undefined ? process.env.UPSTAIRS_BUCKET_SECRET : textOf(resolve(file)).trim();
  const { webHost, mediaHost, writeHost, endpoint, region, bucket, bucketAccessKey, acls, root, state } = options;
  const given = { webHost, mediaHost, writeHost, endpoint, region, bucket, bucketAccessKey, acls, root, state };
  const all = { ...given, root: root === undefined || root === 'none' ? root : resolve(root), bucketSecretKey: secret };
  return Object.fromEntries(Object.entries(all).filter(([, text]) => text !== undefined));
}

/** The bucket's key pair of an earlier set-up in the same place. */
function kept(files: Files): Given {
  const both = existsSync(files['bucket-access-key']) && existsSync(files['bucket-secret-key']);
  if (!both) return {};
  return {
    bucketAccessKey: textOf(files['bucket-access-key']).trim(),
    bucketSecretKey: textOf(files['bucket-secret-key']).trim(),
  };
}

/** Mastodon may write through Upstairs by now, with the key pair that was made up for it: it opens nothing but the write host. */
function withoutMadeUp({ bucketAccessKey, bucketSecretKey, ...given }: Given, files: Files): Given {
  const file = files['mastodon-access-key'];
  const isMadeUp = existsSync(file) && textOf(file).trim() === bucketAccessKey;
  if (isMadeUp) return given;
  return { ...given, ...(bucketAccessKey && { bucketAccessKey }), ...(bucketSecretKey && { bucketSecretKey }) };
}

/** Those of an earlier set-up in the same place stay: Mastodon may use them by now. */
function madeUpSecrets(files: Files): Pick<Secrets, keyof typeof madeUp> {
  const secret = (name: keyof typeof madeUp) => (existsSync(files[name]) ? textOf(files[name]).trim() : madeUp[name]());
  return {
    'admin-token': secret('admin-token'),
    'mastodon-access-key': secret('mastodon-access-key'),
    'mastodon-secret-key': secret('mastodon-secret-key'),
    'purge-secret': secret('purge-secret'),
  };
}

/** Disks are not looked at: they may hang, and `upstairs check` looks at them with a deadline. */
function expectAccepted(planned: readonly NewFile[], yaml: string): void {
  const texts = new Map(planned.map(({ path, text }) => [path, text]));
  const readFile = (path: string) => texts.get(path) ?? readFileSync(path, 'utf8');
  loadConfig(yaml, { env: {}, environment: false, readFile });
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw fileUnreadable(file, error);
  }
}
