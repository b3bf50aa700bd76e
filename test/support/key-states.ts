import { PutObjectCommand } from '@aws-sdk/client-s3';
import { eventually } from './eventually.ts';
import type { Decide } from './fault-proxy.ts';
import { type Lives, once } from './lives.ts';

/** What goes on after the key was changed: what hung, or was late, comes to its end. */
type Aftermath = () => Promise<unknown>;

/** Where a key is, and what is going on with it, at the moment at which a client changes it. */
export interface KeyState {
  readonly name: string;
  /** Its file's mode; undefined: it has none. */
  readonly mode?: number;
  /** Of its bytes. Default: some fifty. */
  readonly size?: number;
  /** Brings it about. */
  readonly arrange?: (lives: Lives, key: string, bytes: Buffer) => Promise<Aftermath | undefined>;
}

const isUpload: (request: Parameters<Decide>[0]) => boolean = ({ method, query }) =>
  method === 'PUT' && !query.has('acl');

/** The keys' names say which disk reads are slow: `slowDisk` is for them. */
export const slowDisk = [{ match: '*slow*', op: 'read', delay_ms: 250 }];

export const keyStates: readonly KeyState[] = [
  { name: 'is only on the disk', mode: 0o644 },
  { name: "is only on the disk, and not for everybody by its file's mode", mode: 0o600 },
  {
    name: 'is only in the bucket',
    arrange: async (lives, key, bytes) => void (await store(lives, key, bytes)),
  },
  {
    name: 'is in both, and was not copied by us',
    mode: 0o644,
    arrange: async (lives, key, bytes) => void (await store(lives, key, bytes)),
  },
  {
    name: 'was copied, and is in the edge cache',
    mode: 0o644,
    arrange: async (lives, key) => {
      await lives.seen(key);
      await landed(lives, key);
      await eventually(async () => {
        const { headers } = await lives.world.upstairs.get(`/${key}`);
        return String(headers['cache-status']).includes('detail=cache');
      });
      return undefined;
    },
  },
  {
    name: 'is being copied: the upload waits before the store, and lands long after',
    mode: 0o644,
    arrange: async (lives, key, bytes) => {
      const { promise: held, resolve: letGo } = Promise.withResolvers<void>();
      let headers: Record<string, string> = {};
      const hold = once(isUpload, async (request) => {
        headers = request.headers as Record<string, string>;
        await held;
        return 'refuse' as const;
      });
      lives.faults.set(key, hold);
      await lives.seen(key);
      await eventually(() => Object.keys(headers).length > 0);
      return async () => {
        letGo();
        // The store had the request all along, and carries it out only now.
        await store(lives, key, bytes, headers).catch((error: { $metadata: { httpStatusCode: number } }) => {
          if (error.$metadata.httpStatusCode !== 412) throw error;
        });
      };
    },
  },
  {
    name: 'is being copied: the upload has landed, and the answer is under way',
    mode: 0o644,
    arrange: async (lives, key) => {
      lives.faults.set(key, once(isUpload, 'hang'));
      await lives.seen(key);
      await landed(lives, key);
      return async () => lives.world.store.release();
    },
  },
  {
    name: 'is being read from the bucket by somebody',
    arrange: async (lives, key, bytes) => {
      await store(lives, key, bytes);
      lives.faults.set(
        key,
        once(({ method, headers }) => method === 'GET' && headers.authorization === undefined, 'hang'),
      );
      const reader = lives.seen(key);
      await eventually(() =>
        lives.world.store.seen.some(
          ({ method, path, status }) => method === 'GET' && path.endsWith(key) && status === 200,
        ),
      );
      return async () => {
        lives.world.store.release();
        await reader;
      };
    },
  },
  {
    name: 'is being read from a slow disk by somebody',
    mode: 0o644,
    size: 2_000_000,
    arrange: async (lives, key) => {
      const { body } = await lives.world.upstairs.open(`/${key}`);
      const reader = body.arrayBuffer().catch(() => undefined); // it may be cut, but not be kept
      return async () => {
        await lives.world.disk?.setRules([]);
        await reader;
      };
    },
  },
];

/** The state whose copy lands when everything is over, if nothing is there by then. */
export const lateCopy = keyStates.find(({ name }) => name.includes('lands long after')) as KeyState;

/** A name for each state, and who acts on it. */
export function keyOf(actor: string, state: KeyState): string {
  const slow = state.size === undefined ? '' : 'slow-';
  return `media_attachments/files/${actor}/${slow}${keyStates.indexOf(state)}.jpg`;
}

/** Different for each key. */
export function bytesOf(key: string, { size }: KeyState): Buffer {
  const text = Buffer.from(`what ${key} was before. `);
  return size === undefined ? text : Buffer.alloc(size, text);
}

/** The files of all states, for one actor. */
export function filesOf(actor: string): Record<string, { bytes: Buffer; mode: number }> {
  return Object.fromEntries(
    keyStates.flatMap((state) => {
      const key = keyOf(actor, state);
      return state.mode === undefined ? [] : [[key, { bytes: bytesOf(key, state), mode: state.mode }]];
    }),
  );
}

/** Brings all states about for one actor; the aftermaths are to come when it has acted. */
export async function arrange(lives: Lives, actor: string): Promise<Aftermath> {
  const aftermaths = await Promise.all(
    keyStates.map(async (state) => {
      const key = keyOf(actor, state);
      return await state.arrange?.(lives, key, bytesOf(key, state));
    }),
  );
  return () => Promise.all(aftermaths.map((aftermath) => aftermath?.()));
}

/** Past Upstairs. `headers`: those of an upload of ours, to be sent once more. */
function store({ world }: Lives, Key: string, Body: Buffer, headers?: Record<string, string>) {
  const meta = Object.entries(headers ?? {}).filter(([name]) => name.startsWith('x-amz-meta-'));
  return world.rgw.client.send(
    new PutObjectCommand({
      Bucket: world.bucket,
      Key,
      Body,
      ACL: 'public-read',
      ...(headers && {
        IfNoneMatch: '*',
        Metadata: Object.fromEntries(meta.map(([name, value]) => [name.slice('x-amz-meta-'.length), value])),
      }),
    }),
  );
}

function landed({ world }: Lives, key: string) {
  return eventually(async () => (await world.facts(key)) !== undefined, { withinMs: 15_000 });
}
