import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, matchesGlob, normalize } from 'node:path';
import { parseEnv } from 'node:util';
import { parse as parseToml } from 'smol-toml';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { loadConfig } from '../../../src/config/load.ts';
import { copied, parseDockerfile } from '../../support/dockerfile.ts';

const top = join(import.meta.dirname, '../../..');
const read = (name: string) => readFileSync(join(top, name), 'utf8');

const compose = parse(read('docker-compose.yml'), { merge: true });
const { upstairs, garage, prometheus, grafana } = compose.services;
const dockerfile = parseDockerfile(read('Dockerfile'));
const box = read('config/box.yaml');
const envExample = read('config/box.env.example');

/** What stands in `${...}`: the name, and what is there without it. */
function variables(text: string): { name: string; fallback: string | undefined }[] {
  return [...text.matchAll(/(?<!\$)\$\{(\w+)(?:(:[-?])([^}]*))?\}/g)].map(([, name = '', kind, rest]) => ({
    name,
    fallback: kind === ':-' ? rest : undefined,
  }));
}

/** The example as somebody would have filled it in: `spaces` follows what the comment says. */
function filledIn(where: 'garage' | 'spaces'): Record<string, string> {
  const text = where === 'garage' ? envExample : envExample.replaceAll(/^# (BUCKET_\w+=)/gm, '$1');
  return Object.fromEntries(
    Object.entries(parseEnv(text)).map(([name, value]) => [name, value || `made-up-for-${name}`]),
  );
}

/** What compose hands to a service, with such an .env. */
function handedTo(service: { environment: Record<string, string> }, env: Record<string, string>) {
  const expand = (text: string) => {
    const [variable] = variables(text);
    return variable ? env[variable.name] || variable.fallback || '' : text;
  };
  return Object.fromEntries(Object.entries(service.environment).map(([name, text]) => [name, expand(text)]));
}

function configOf(where: 'garage' | 'spaces') {
  const { config } = loadConfig('/etc/upstairs/upstairs.yaml', {
    env: handedTo(upstairs, filledIn(where)),
    environment: false,
    readFile: () => box,
  });
  return config;
}

/** `source:target` of what a service mounts. */
function mounts(service: { volumes: (string | { source: string; target: string })[] }) {
  return service.volumes.map((volume) => {
    if (typeof volume !== 'string') return volume;
    const [source = '', target = ''] = volume.replaceAll(/\$\{\w+:-([^}]*)\}/g, '$1').split(':');
    return { source, target };
  });
}

describe('the image', () => {
  const last = dockerfile.at(-1)?.stage;
  const inLast = (name: string) => dockerfile.filter((line) => line.stage === last && line.name === name);
  const only = (name: string) => inLast(name)[0]?.text ?? expect.fail(`the image has no ${name}`);

  test('is made of files that exist and that the build may see, and of stages that exist', () => {
    const ignored = read('.dockerignore').split('\n').filter(Boolean);
    const stages = dockerfile.map(({ stage }) => stage);
    const all = dockerfile.filter(({ name }) => name === 'COPY').map(copied);
    const own = all.filter(({ from }) => from === undefined).flatMap(({ sources }) => sources);
    expect(own).toEqual(expect.arrayContaining(['package-lock.json', 'src']));
    expect(own.filter((name) => !existsSync(join(top, name)))).toEqual([]);
    expect(own.filter((name) => ignored.some((pattern) => matchesGlob(normalize(name), pattern)))).toEqual([]);
    const others = all.flatMap(({ from }) => from ?? []);
    expect(others.length).toBeGreaterThan(1);
    expect(others.filter((from) => !stages.includes(from))).toEqual([]);
  });

  test('holds what the lock file says, without what is for tests, and runs no install scripts', () => {
    const installs = dockerfile.filter(({ name, text }) => name === 'RUN' && /\bnpm (?!run|cache)/.test(text));
    expect(installs.map(({ text }) => text)).toEqual(
      installs.map(() => expect.stringMatching(/^npm ci .*--ignore-scripts/)),
    );
    const modules = inLast('COPY')
      .map(copied)
      .find(({ target }) => target.includes('node_modules'));
    expect(installs.find(({ stage }) => stage === modules?.from)?.text).toContain('--omit=dev');
  });

  test('is run by nobody in particular, and can write only its state', () => {
    expect(inLast('USER').map(({ text }) => text)).toEqual(['node']);
    expect(only('VOLUME')).toBe(configOf('garage').state.dir);
  });

  test('holds no secrets: what may have some is kept out of the build', () => {
    const ignored = read('.dockerignore').split('\n').filter(Boolean);
    for (const name of ['.env', 'config/upstairs.yaml', 'config/spaces_secret'])
      expect([name, ignored.some((pattern) => matchesGlob(name, pattern))]).toEqual([name, true]);
    expect(read('.gitignore').split('\n')).toContain('/.env');
    const set = dockerfile.filter(({ name }) => name === 'ENV' || name === 'ARG');
    expect(set.map(({ text }) => text)).toEqual(['NODE_ENV=production']);
  });

  test('starts the program that is built, with a configuration that the box mounts', () => {
    expect(JSON.parse(only('ENTRYPOINT')).at(-1)).toBe(JSON.parse(read('package.json')).bin.upstairs);
    const file = JSON.parse(only('CMD')).at(-1);
    const mount = mounts(upstairs).find(({ target }) => target === file);
    expect(mount?.source).toBe('./config/box.yaml');
  });

  test('tells of the ports that the program listens on', () => {
    const { read: readers, write, admin } = configOf('garage');
    expect(only('EXPOSE').split(' ').map(Number)).toEqual([readers, write!, admin].map(({ listen }) => listen.port));
  });
});

describe('docker-compose.yml', () => {
  test('publishes readers and writers on this machine only, and the admin listener not at all', () => {
    const { read: readers, write, admin } = configOf('garage');
    const ports = [readers.listen.port, write!.listen.port];
    expect(upstairs.ports).toEqual(ports.map((port) => `127.0.0.1:${port}:${port}`));
    for (const { listen } of [readers, write!, admin]) expect(listen.host).toBe('0.0.0.0');
    expect(garage.ports).toBeUndefined();
    for (const port of [...prometheus.ports, ...grafana.ports]) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  test('trusts exactly the address that nginx on this machine comes from', () => {
    const [network] = compose.networks.default.ipam.config;
    const { read: readers, write } = configOf('garage');
    expect([readers.trustProxy, write!.trustProxy]).toEqual([[network.gateway], [network.gateway]]);
    expect(network.gateway.split('.').slice(0, 3)).toEqual(network.subnet.split('.').slice(0, 3));
  });

  test('mounts files that exist, volumes that are declared, and each disk where the configuration looks for it', () => {
    const all = [upstairs, garage, prometheus, grafana].flatMap(mounts);
    const files = all.map(({ source }) => source).filter((source) => source.startsWith('./'));
    expect(files.length).toBeGreaterThan(2);
    expect(files.filter((file) => !statSync(join(top, file)).isFile())).toEqual([]);
    const volumes = all.map(({ source }) => source).filter((source) => /^[\w-]+$/.test(source));
    expect(volumes.toSorted()).toEqual(Object.keys(compose.volumes).toSorted());
    const { state, sources } = configOf('garage');
    const [source] = sources;
    expect(mounts(upstairs)).toContainEqual({ source: 'state', target: state.dir });
    const media = upstairs.volumes.find(
      (volume: { target?: string }) => volume.target === (source as { root?: string }).root,
    );
    expect(media).toMatchObject({ read_only: true, bind: { create_host_path: false } });
    expect(variables(media.source).map(({ name }) => name)).toEqual(['MEDIA']);
  });

  test('gives nobody more rights than the work needs', () => {
    for (const service of [upstairs, garage, prometheus, grafana])
      expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
    for (const { user } of [upstairs, prometheus, grafana]) expect(user).not.toMatch(/^(root|0)?(:|$)/);
  });

  test('waits longer for the end than the program takes', () => {
    const { shutdown } = configOf('garage');
    expect(Number.parseInt(upstairs.stop_grace_period, 10) * 1000).toBeGreaterThan(shutdown.drain + shutdown.copies);
  });

  test('hands on exactly what the configuration asks the environment for', () => {
    const asked = new Set(variables(box).map(({ name }) => name));
    expect(asked.size).toBeGreaterThan(8);
    expect(new Set(Object.keys(upstairs.environment))).toEqual(asked);
  });

  test('asks for what .env is told of, and for nothing else', () => {
    const told = new Set([...envExample.matchAll(/^(?:# )?([A-Z_]+)=/gm)].map(([, name]) => name ?? ''));
    const asked = new Set(variables(read('docker-compose.yml')).map(({ name }) => name));
    for (const rare of ['UPSTAIRS_USER', 'UPSTAIRS_CONFIG']) expect(asked.delete(rare)).toBe(true);
    expect(asked.add('COMPOSE_PROFILES')).toEqual(told);
  });
});

describe('the bucket of the box', () => {
  test('is Garage where .env says nothing else: its address, region, key and name agree on both sides', () => {
    const env = filledIn('garage');
    const { bucket } = configOf('garage');
    const toml = parseToml(read('config/garage.toml')) as Record<string, Record<string, string>>;
    const { hostname, port } = new URL(bucket.endpoint);
    expect([hostname, port]).toEqual(['garage', toml.s3_api?.api_bind_addr?.split(':').at(-1)]);
    expect(bucket.region).toBe(toml.s3_api?.s3_region);
    const given = handedTo(garage, env);
    expect([given.GARAGE_DEFAULT_ACCESS_KEY, given.GARAGE_DEFAULT_SECRET_KEY, given.GARAGE_DEFAULT_BUCKET]).toEqual([
      bucket.accessKey,
      bucket.secretKey,
      bucket.name,
    ]);
    expect(garage.profiles).toContain(env.COMPOSE_PROFILES);
    expect(mounts(garage).map(({ target }) => target)).toEqual(
      expect.arrayContaining(['/etc/garage.toml', toml.metadata_dir, toml.data_dir]),
    );
    expect(upstairs.depends_on.garage).toEqual({ condition: 'service_healthy', required: false });
  });

  test('Garage keeps no ACLs and answers nobody who does not sign', () => {
    expect(configOf('garage').bucket).toMatchObject({ acls: false, reads: 'signed' });
  });

  test('is at Spaces where .env says so, with ACLs and anonymous reads', () => {
    const { bucket } = configOf('spaces');
    expect(bucket).toMatchObject({ acls: true, reads: 'anonymous', region: 'us-east-1' });
    expect(bucket.endpoint).toMatch(/^https:.*digitaloceanspaces/);
  });

  test('agrees with the settings for Mastodon', () => {
    const mastodon = parseEnv(read('config/mastodon.env.example'));
    const { write, read: readers } = configOf('garage');
    expect(write?.region).toBe(mastodon.S3_REGION);
    const env = filledIn('garage');
    expect([env.BUCKET_NAME, env.WRITE_HOST, env.MEDIA_HOST]).toEqual([
      mastodon.S3_BUCKET,
      mastodon.S3_HOSTNAME,
      mastodon.S3_ALIAS_HOST,
    ]);
    expect(mastodon.CACHE_BUSTER_SECRET_HEADER?.toLowerCase()).toBe(readers.purge?.header);
  });
});

test('Prometheus asks the admin listener of the box', () => {
  const { scrape_configs: jobs } = parse(read('config/prometheus/prometheus.yml'));
  const targets = jobs.flatMap((job: { static_configs: { targets: string[] }[] }) =>
    job.static_configs.flatMap((group) => group.targets),
  );
  expect(targets).toEqual([`upstairs:${configOf('garage').admin.listen.port}`]);
  const file = prometheus.command.find((word: string) => word.startsWith('--config.file=')).split('=')[1];
  expect(mounts(prometheus)).toContainEqual({ source: './config/prometheus/prometheus.yml', target: file });
});

test('Prometheus finds the alarms of the box beside its configuration', () => {
  const { rule_files: files } = parse(read('config/prometheus/prometheus.yml'));
  const { target = '' } = mounts(prometheus).find(({ source }) => source.endsWith('/prometheus.yml')) ?? {};
  expect(files).toEqual(['rules.yml']);
  expect(mounts(prometheus)).toContainEqual({
    source: './config/prometheus/rules.yml',
    target: join(dirname(target), files[0]),
  });
});

describe('Grafana in the box', () => {
  const mounted = mounts(grafana).filter(({ source }) => source.startsWith('./'));
  const provisioned = (kind: string) => {
    const { source = '' } = mounted.find(({ target }) => target.startsWith(`/etc/grafana/provisioning/${kind}/`)) ?? {};
    return parse(read(source));
  };

  test('asks the Prometheus of the box, by the name and the port that it has there', () => {
    const [{ url, type, jsonData }] = provisioned('datasources').datasources;
    expect([new URL(url).hostname, type]).toEqual(['prometheus', 'prometheus']);
    expect(prometheus.ports).toEqual([expect.stringMatching(`:${new URL(url).port}$`)]);
    expect(jsonData.timeInterval).toBe(parse(read('config/prometheus/prometheus.yml')).global.scrape_interval);
  });

  test('shows the dashboards that are mounted where it looks for them', () => {
    const [{ options }] = provisioned('dashboards').providers;
    const shown = mounted.filter(({ target }) => target.startsWith(`${options.path}/`)).map(({ source }) => source);
    const all = readdirSync(join(top, 'config/grafana/dashboards')).map(
      (name) => `./config/grafana/dashboards/${name}`,
    );
    expect(shown).toEqual(all);
  });

  test('lets in only whoever has the password of .env, and tells nobody of itself', () => {
    const { GF_SECURITY_ADMIN_PASSWORD: password, GF_USERS_ALLOW_SIGN_UP: signUp, ...others } = grafana.environment;
    expect(password).toMatch(/^\$\{GRAFANA_ADMIN_PASSWORD:\?/);
    expect(signUp).toBe('false');
    expect(Object.keys(others).filter((name) => /ANONYMOUS|PROXY/.test(name))).toEqual([]);
    expect(others.GF_ANALYTICS_REPORTING_ENABLED).toBe('false');
  });
});
