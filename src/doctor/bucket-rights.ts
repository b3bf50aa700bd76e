import { createHash } from 'node:crypto';
import { bucketAcls, publicAccessBlocked } from './bucket-acls.ts';
import { error, type Finding, ok, warning } from './finding.ts';
import type { StoreAnswer, StoreDoor, StoreRequest } from './store-door.ts';
import { told, whyNot } from './upload-refused.ts';

export interface RightsOptions {
  readonly door: StoreDoor;
  readonly bucket: string;
  readonly acls: boolean;
  readonly reads: 'anonymous' | 'signed';
  /** Key that nobody else uses: everything that is written begins with it, and is deleted in the end. */
  readonly key: string;
}

const slowMs = 500;
const text = '{"upstairs":"check"}';
/** Less than an area may take for it, in milliseconds. */
const tidyMs = 4000;

/** Writes, reads and deletes small private objects as copies do, and tells what the store makes of it. */
export async function* bucketRights(options: RightsOptions, signal: AbortSignal): AsyncGenerator<Finding> {
  const { door, key, bucket } = options;
  const written = new Set<string>();
  const put = async (name: string, headers: Record<string, string>): Promise<StoreAnswer> => {
    written.add(name);
    const acl = options.acls ? { 'x-amz-acl': 'private' } : {};
    const request: StoreRequest = { method: 'PUT', key: name, body: text, headers: { ...acl, ...headers } };
    const answer = await door.ask(request, signal);
    // What was refused is not there; what was not answered may be.
    if (answer.status >= 400 && answer.status < 500 && name !== key) written.delete(name);
    return answer;
  };
  try {
    const first = await put(key, { 'content-md5': md5(text), 'x-amz-meta-mtime': '1614834367.123456' });
    if (first.status !== 200) {
      if (first.status < 500) written.delete(key);
      const blocked = options.acls ? await publicAccessBlocked(door, told(first), signal) : undefined;
      if (blocked) {
        yield blocked;
        return;
      }
      const other = whyNot(first);
      if (other) {
        yield other;
        return;
      }
      yield error(
        'bucket.may-put',
        `an upload is answered ${told(first)}`,
        'these keys may write',
        `grant s3:PutObject${options.acls ? ' and s3:PutObjectAcl' : ''} on ${bucket}/* to these keys; a key that may only read is not enough`,
      );
      return;
    }
    yield ok('bucket.may-put', 'yes');
    yield await readBack(options, signal);
    yield await conditional(put, key);
    yield await checksum(put, `${key}-md5`);
    yield await oddNames(put, door, key, signal);
    yield* bucketAcls(options, written, signal);
    yield await latency(door, key, signal);
    yield await deletion(options, signal);
  } finally {
    const left = await tidy(door, written);
    if (left.length > 0)
      yield warning(
        'bucket.left-behind',
        `${left.join(', ')} could not be deleted again`,
        'nothing left of this check',
        'delete it by hand; it is private and small',
      );
  }
}

async function readBack({ door, key, bucket }: RightsOptions, signal: AbortSignal): Promise<Finding> {
  const answer = await door.ask({ method: 'GET', key }, signal);
  const check = 'bucket.may-get';
  if (answer.status === 403)
    return error(
      check,
      'these keys may not read what they wrote (403)',
      'these keys may read',
      `grant s3:GetObject on ${bucket}/* to these keys`,
    );
  if (answer.status !== 200 || answer.text !== text || answer.headers['x-amz-meta-mtime'] === undefined)
    return error(
      check,
      `what was written comes back otherwise (${told(answer)})`,
      'the same bytes and x-amz-meta-* headers',
      'is a proxy or CDN before the store? bucket.endpoint must be the store itself',
    );
  return ok(check, 'what was written comes back');
}

type Put = (name: string, headers: Record<string, string>) => Promise<StoreAnswer>;

async function conditional(put: Put, key: string): Promise<Finding> {
  const { status } = await put(key, { 'if-none-match': '*' });
  if (status === 412) return ok('bucket.conditional-put', 'honoured');
  return warning(
    'bucket.conditional-put',
    `an upload with If-None-Match: * over an existing object is answered ${status}`,
    '412: only so does the store itself keep a copy from replacing something newer',
    'it works without, one look before each upload, and a small gap; newer versions of the store may have it, or a proxy drops the header',
  );
}

async function checksum(put: Put, key: string): Promise<Finding> {
  const { status } = await put(key, { 'content-md5': md5(`${text} damaged on the way`) });
  if (status >= 400 && status < 500) return ok('bucket.checksum', 'a wrong Content-MD5 is refused');
  return warning(
    'bucket.checksum',
    `an upload with a wrong Content-MD5 is answered ${status}`,
    '400 BadDigest: the store should notice bytes that were damaged on the way',
    'speak TLS to the store (https), and verify what was copied; does a proxy on the way drop the header?',
  );
}

async function oddNames(put: Put, door: StoreDoor, key: string, signal: AbortSignal): Promise<Finding> {
  const name = `${key}/\u00e4 \u65e5+&%=~.txt`;
  const wrote = await put(name, {});
  const read = wrote.status === 200 ? await door.ask({ method: 'GET', key: name }, signal) : wrote;
  if (read.status === 200 && read.text === text)
    return ok('bucket.key-names', 'letters beyond ASCII, blanks and signs are kept');
  return error(
    'bucket.key-names',
    `an object with letters beyond ASCII and signs in its name is answered ${told(read)}`,
    'any UTF-8 name, as S3 has it',
    'does a proxy before the store decode or normalise paths? let it pass them on raw',
  );
}

async function latency(door: StoreDoor, key: string, signal: AbortSignal): Promise<Finding> {
  const times: number[] = [];
  for (let i = 0; i < 5; i++) times.push((await door.ask({ method: 'HEAD', key }, signal)).ms);
  const middle = Math.round(times.sort((a, b) => a - b)[2] ?? 0);
  if (middle < slowMs) return ok('bucket.latency', `${middle} ms a request`);
  return warning(
    'bucket.latency',
    `${middle} ms a request`,
    `less than ${slowMs} ms: each read of what is not cached waits for it`,
    'run Upstairs near the bucket, or take a bucket in a region near here',
  );
}

async function deletion({ door, key, bucket }: RightsOptions, signal: AbortSignal): Promise<Finding> {
  const answer = await door.ask({ method: 'DELETE', key }, signal);
  const after = await door.ask({ method: 'HEAD', key }, signal);
  if (answer.status < 300 && after.status === 404) return ok('bucket.may-delete', 'yes');
  if (answer.status < 300 && after.status === 403)
    return ok('bucket.may-delete', 'yes, though 403 and not 404 tells it');
  return error(
    'bucket.may-delete',
    `a delete is answered ${told(answer)}, and the object then ${after.status}`,
    'these keys may delete: what people delete must not stay',
    `grant s3:DeleteObject on ${bucket}/* to these keys; no object lock or retention`,
  );
}

/** Whatever happened, and although time may be up. Tells what could not be deleted. */
async function tidy(door: StoreDoor, written: ReadonlySet<string>): Promise<string[]> {
  const inTime = AbortSignal.timeout(tidyMs);
  const left = await Promise.all(
    [...written].map(async (key) => {
      try {
        const { status } = await door.ask({ method: 'DELETE', key }, inTime);
        return status >= 300 && status !== 404 ? key : [];
      } catch {
        // It is told that it may be there still.
        return key;
      }
    }),
  );
  return left.flat();
}

function md5(data: string): string {
  return createHash('md5').update(data).digest('base64');
}
