import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { loadConfig } from '../../../src/config/load.ts';
import { ConfigError } from '../../../src/config/problems.ts';
import { scratch } from '../../support/scratch.ts';

/** A directory that passes for a mounted disk. */
export function disk(): string {
  const root = scratch('disk');
  writeFileSync(join(root, 'file'), '');
  return root;
}

/** The least that a configuration needs, on real directories. */
export function validConfig(root = disk(), stateDir = scratch('state')) {
  return {
    state: { dir: stateDir },
    read: { routes: [{ host: 'files.example.social', prefix: '/system/' }] },
    bucket: { endpoint: 'https://s3.example', name: 'media', accessKey: 'key', secretKey: 'secret' },
    sources: [{ type: 'disk', name: 'basement', root }],
  };
}

/** Sets what a dotted path names, in place; undefined removes it. Sections on the way are made. */
export function setAt(target: object, path: string, value: unknown): void {
  const steps = path.split('.');
  const last = steps.pop()!;
  let inner = target as Record<string, unknown>;
  for (const step of steps) {
    inner[step] ??= {};
    inner = inner[step] as Record<string, unknown>;
  }
  if (value === undefined) delete inner[last];
  else inner[last] = value;
}

/** Loads a text as if it were the file; `files` are the others that can be read. */
export function loadText(text: string, env: Record<string, string> = {}, files: Record<string, string> = {}) {
  return loadConfig('/etc/upstairs.yaml', {
    env,
    readFile: (path) => {
      const found = path === '/etc/upstairs.yaml' ? text : files[path];
      if (found === undefined) throw Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' });
      return found;
    },
  });
}

export function loadValue(value: unknown, env: Record<string, string> = {}) {
  return loadText(stringify(value), env);
}

/** The error that a configuration is refused with. */
export function refusal(load: () => unknown): ConfigError {
  try {
    load();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('the configuration was accepted');
}
