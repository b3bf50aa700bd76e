import { scratch } from './scratch.ts';

/** A configuration as it stands in the YAML file. */
export type PlainConfig = { [key: string]: unknown };

interface Basics {
  /** Of the bucket's service, or of a proxy before it. */
  endpoint: string;
  bucket: string;
  /** The old disk's directory. */
  root: string;
  /** Default: a fresh directory. */
  stateDir?: string;
  /** Merged over the rest: objects deeply, lists and values whole. */
  [override: string]: unknown;
}

/** The configuration most tests want: ports of the system's choice, everything at 127.0.0.1, quick looks. */
export function baseConfig({ endpoint, bucket, root, stateDir = scratch('state'), ...overrides }: Basics): PlainConfig {
  const base = {
    phase: 'move',
    state: { dir: stateDir },
    read: {
      listen: '127.0.0.1:0',
      routes: [
        { host: 'files.test', prefix: '/' },
        { host: 'app.test', prefix: '/system/' },
      ],
    },
    admin: { listen: '127.0.0.1:0' },
    bucket: { endpoint, name: bucket, accessKey: 'test', secretKey: 'testtest' },
    sources: [{ type: 'disk', name: 'basement', root }],
    copy: { looks: ['1s', '2s', '4s'] },
    log: { level: 'info' },
  };
  return merge(base, overrides);
}

/** `over` wins; two objects are merged key by key. Undefined takes a key away. */
export function merge(base: PlainConfig, over: PlainConfig): PlainConfig {
  const merged: PlainConfig = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = base[key];
    if (value === undefined) delete merged[key];
    else merged[key] = plain(below) && plain(value) ? merge(below, value) : value;
  }
  return merged;
}

function plain(value: unknown): value is PlainConfig {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
