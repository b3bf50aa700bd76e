import { error, type Finding, ok } from './finding.ts';
import type { StoreDoor } from './store-door.ts';

interface AclOptions {
  readonly door: StoreDoor;
  readonly bucket: string;
  readonly acls: boolean;
  readonly reads: 'anonymous' | 'signed';
  readonly key: string;
}

/** Whether the store hides and shows objects as `bucket.acls` and `bucket.reads` say. `key` exists; what is written besides is added to `written`. */
export async function* bucketAcls(
  options: AclOptions,
  written: Set<string>,
  signal: AbortSignal,
): AsyncGenerator<Finding> {
  const { door, key, acls, reads, bucket } = options;
  const stranger = async (name: string) =>
    (await door.ask({ method: 'GET', key: name, anonymous: true }, signal)).status;
  if (!acls && reads === 'anonymous') {
    yield publicReads(await stranger(key), bucket);
    return;
  }
  const shown = `${key}-public`;
  written.add(shown);
  const put = await door.ask(
    { method: 'PUT', key: shown, body: '{}', headers: { 'x-amz-acl': 'public-read' } },
    signal,
  );
  const asPublic = put.status === 200 ? await stranger(shown) : put.status;
  const setAcl = (acl: string) =>
    door.ask({ method: 'PUT', key: shown, query: [['acl', '']], headers: { 'x-amz-acl': acl } }, signal);
  const closed = put.status === 200 ? await setAcl('private') : put;
  const asPrivate = closed.status === 200 ? await stranger(shown) : undefined;
  if (!acls) {
    yield signedReads(asPublic === 200 && asPrivate !== undefined && asPrivate !== 200);
    return;
  }
  if (put.status !== 200) {
    yield await publicRefused(door, put.status, put.code, bucket, signal);
    return;
  }
  if (asPublic !== 200)
    yield error(
      'bucket.acls',
      `an object put as public-read is answered ${asPublic} to a stranger`,
      '200: the store honours object ACLs (bucket.acls: true)',
      'a store without ACLs (R2, MinIO, Garage): set bucket.acls: false; on AWS: Object Ownership "ACLs enabled" and no Block Public Access',
    );
  else if (asPrivate === 200)
    yield error(
      'bucket.acls',
      'an object that was made private is shown to a stranger all the same',
      'nobody sees what an ACL makes private',
      'remove the bucket policy (or the CDN before the endpoint) that lets everybody read everything, or set bucket.acls: false',
    );
  else yield ok('bucket.acls', 'honoured');
  if (closed.status === 200) yield ok('bucket.may-put-acl', 'yes');
  else
    yield error(
      'bucket.may-put-acl',
      `an ACL change is answered ${closed.status} ${closed.code ?? ''}`.trim(),
      'these keys may change ACLs: suspensions hide media that way',
      `grant s3:PutObjectAcl on ${bucket}/* to these keys`,
    );
  const read = await door.ask({ method: 'GET', key: shown, query: [['acl', '']] }, signal);
  if (read.status === 200) yield ok('bucket.may-get-acl', 'yes');
  else
    yield error(
      'bucket.may-get-acl',
      `asking for an ACL is answered ${read.status} ${read.code ?? ''}`.trim(),
      'these keys may read ACLs: after an upload of unknown outcome they are looked at',
      `grant s3:GetObjectAcl on ${bucket}/* to these keys`,
    );
}

/** A bucket without object ACLs that strangers are to read. */
function publicReads(status: number, bucket: string): Finding {
  if (status === 200) return ok('bucket.public-reads', 'strangers can read what is put');
  return error(
    'bucket.public-reads',
    `what is put is answered ${status} to a stranger`,
    '200: bucket.reads is anonymous, and bucket.acls false',
    `a bucket policy that lets everybody s3:GetObject on ${bucket}/*, or bucket.reads: signed; if the store has ACLs, bucket.acls: true`,
  );
}

function signedReads(honours: boolean): Finding {
  if (!honours) return ok('bucket.acls', 'the bucket has none, as bucket.acls says');
  return error(
    'bucket.acls',
    'the bucket honours object ACLs, and bucket.acls is false',
    'a bucket without ACLs: signed reads would show what an ACL hides',
    'set bucket.acls: true and bucket.reads: anonymous',
  );
}

/** Undefined: the bucket does not block public ACLs, or does not tell (AWS: "Block Public Access"). */
export async function publicAccessBlocked(
  door: StoreDoor,
  told: string,
  signal: AbortSignal,
): Promise<Finding | undefined> {
  const block = await door.ask({ method: 'GET', query: [['publicAccessBlock', '']] }, signal);
  if (block.status !== 200 || !/<BlockPublicAcls>true</i.test(block.text)) return undefined;
  return error(
    'bucket.public-access-block',
    `an upload with an ACL is answered ${told}: the bucket blocks public ACLs`,
    'a bucket that takes public ACLs',
    'switch Block Public Access off for this bucket (and for the account), or use a bucket policy with bucket.acls: false',
  );
}

async function publicRefused(
  door: StoreDoor,
  status: number,
  code: string | undefined,
  bucket: string,
  signal: AbortSignal,
): Promise<Finding> {
  const told = `${status} ${code ?? ''}`.trim();
  const blocked = await publicAccessBlocked(door, told, signal);
  if (blocked) return blocked;
  const found = `an upload as public-read is answered ${told}`;
  if (code === 'AccessControlListNotSupported' || status === 501 || status === 400)
    return error(
      'bucket.acls',
      found,
      'a store that takes object ACLs (bucket.acls: true)',
      'set bucket.acls: false; on AWS instead: Object Ownership "ACLs enabled"',
    );
  return error(
    'bucket.may-put-acl',
    found,
    'these keys may put public objects',
    `grant s3:PutObjectAcl on ${bucket}/* to these keys, and switch off what blocks public ACLs`,
  );
}
