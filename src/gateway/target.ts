import { keyError } from './key-error.ts';
import type { RawRequest } from './raw-request.ts';
import { S3Error } from './s3-error.ts';
import { strictDecode } from './strict-decode.ts';

/** What a request is about. Neither: the service. No key: the bucket. */
export interface Target {
  readonly bucket?: string;
  readonly key?: string;
}

/**
 * Bucket and key of a request in path style (`host/bucket/key`) or virtual-host style (`bucket.host/key`; S3 user guide, "Virtual
 * hosting of buckets"). The path is decoded once and never normalised: what would have to be is refused.
 *
 * Throws an S3Error: InvalidRequest for a host that is not ours, InvalidURI, InvalidArgument, KeyTooLongError, and AccessDenied for
 * reserved keys.
 *
 * @param hosts lower case, without ports.
 */
export function parseTarget(request: RawRequest, hosts: readonly string[]): Target {
  if (!request.rawPath.startsWith('/'))
    throw new S3Error('InvalidURI', 'The request target must be a path that begins with a slash.');
  const path = request.rawPath.slice(1);
  const bucket = bucketOfHost(hostOf(request), hosts);
  if (bucket !== undefined) return targetOf(bucketNamed(bucket), path);
  if (path === '') return {};
  const slash = path.indexOf('/');
  if (slash < 0) return { bucket: bucketNamed(strictDecode(path)) };
  return targetOf(bucketNamed(strictDecode(path.slice(0, slash))), path.slice(slash + 1));
}

/** Throws InvalidURI for what cannot be a bucket's name. Which names there are is for others to say. */
export function bucketNamed(name: string): string {
  if (/^[a-z0-9][a-z0-9._-]{0,254}$/i.test(name) && !name.includes('..')) return name;
  throw new S3Error('InvalidURI', 'The URI does not name a bucket.');
}

function targetOf(bucket: string, rawKey: string): Target {
  if (rawKey === '') return { bucket };
  const key = strictDecode(rawKey);
  const refused = keyError(key);
  if (refused) throw refused;
  return { bucket, key };
}

/** RFC 9112 §3.2: a request with no Host or with two must be refused; the signature says nothing of which of two was meant. */
function hostOf(request: RawRequest): string {
  const lines = request.headers.filter(([name]) => name === 'host');
  const host = lines[0]?.[1];
  if (lines.length !== 1 || host === undefined)
    throw new S3Error('InvalidRequest', 'Exactly one Host header is needed.');
  return host.toLowerCase().replace(/:\d*$/, '');
}

/** Undefined: path style. */
function bucketOfHost(host: string, hosts: readonly string[]): string | undefined {
  if (hosts.includes(host)) return undefined;
  // The longest first, where one name of ours ends with another.
  const parent = [...hosts].sort((a, b) => b.length - a.length).find((name) => host.endsWith(`.${name}`));
  if (parent === undefined) throw new S3Error('InvalidRequest', 'The Host header names no host of this service.');
  return host.slice(0, -parent.length - 1);
}
