import { headerOf, type RawRequest } from './raw-request.ts';
import { S3Error } from './s3-error.ts';

/** What the signature says of the body: `x-amz-content-sha256`. */
export type PayloadHash = { readonly kind: 'sha256'; readonly hex: string } | { readonly kind: 'unsigned' };

/** What a client announced of its body before the first byte of it. */
export interface Announced {
  /** Bytes. */
  readonly size: number;
  /** `x-amz-content-sha256`: hex, lower case. */
  readonly sha256?: string;
  /** `content-md5`. */
  readonly md5?: Buffer;
  /** `x-amz-checksum-crc32`, unsigned. */
  readonly crc32?: number;
  /** `x-amz-checksum-sha1`. */
  readonly sha1?: Buffer;
  /** `x-amz-checksum-sha256`. */
  readonly checksumSha256?: Buffer;
}

/** The most that one PutObject or UploadPart takes (S3 user guide, "Uploading objects"). */
const maxBytes = 5 * 1024 ** 3;

const checksumBytes = { 'x-amz-checksum-crc32': 4, 'x-amz-checksum-sha1': 20, 'x-amz-checksum-sha256': 32 } as const;

/** They begin like a checksum, and name only an algorithm (S3 API reference, "CreateMultipartUpload"). */
const notChecksums = new Set(['x-amz-checksum-algorithm', 'x-amz-checksum-type', 'x-amz-checksum-mode']);

/**
 * What a request says of its body. Throws an S3Error: MissingContentLength, InvalidDigest, InvalidRequest, EntityTooLarge, and
 * NotImplemented for what cannot be verified here.
 */
export function announced(request: RawRequest, payload: PayloadHash): Announced {
  refuseFraming(request);
  const size = sizeOf(request);
  refuseUnknownChecksums(request);
  const md5 = md5Of(request);
  const crc32 = checksumOf(request, 'x-amz-checksum-crc32');
  const sha1 = checksumOf(request, 'x-amz-checksum-sha1');
  const checksumSha256 = checksumOf(request, 'x-amz-checksum-sha256');
  return {
    size,
    ...(payload.kind === 'sha256' ? { sha256: payload.hex.toLowerCase() } : {}),
    ...(md5 === undefined ? {} : { md5 }),
    ...(crc32 === undefined ? {} : { crc32: crc32.readUInt32BE() }),
    ...(sha1 === undefined ? {} : { sha1 }),
    ...(checksumSha256 === undefined ? {} : { checksumSha256 }),
  };
}

/** Chunk signatures and trailers are no content: stored as it came, such a body would be spoilt. */
function refuseFraming(request: RawRequest): void {
  const codings = (headerOf(request, 'content-encoding') ?? '').toLowerCase().split(',');
  const framed =
    codings.some((coding) => coding.trim() === 'aws-chunked') ||
    headerOf(request, 'x-amz-trailer') !== undefined ||
    headerOf(request, 'x-amz-decoded-content-length') !== undefined;
  if (framed)
    throw new S3Error(
      'NotImplemented',
      'Bodies in aws-chunked framing or with a trailer are not taken here. Send the plain body with its SHA-256 or UNSIGNED-PAYLOAD (in AWS SDKs: request_checksum_calculation = when_required).',
    );
}

function sizeOf(request: RawRequest): number {
  const text = headerOf(request, 'content-length');
  if (text === undefined || headerOf(request, 'transfer-encoding') !== undefined)
    throw new S3Error('MissingContentLength', 'The length of the body must be given in Content-Length.');
  if (!/^\d{1,15}$/.test(text)) throw new S3Error('InvalidRequest', 'Content-Length must be one decimal number.');
  const size = Number(text);
  if (size > maxBytes)
    throw new S3Error(
      'EntityTooLarge',
      `One request takes at most ${maxBytes} bytes: send more as a multipart upload.`,
    );
  return size;
}

function refuseUnknownChecksums(request: RawRequest): void {
  for (const [name] of request.headers) {
    if (!name.startsWith('x-amz-checksum-') || notChecksums.has(name) || Object.hasOwn(checksumBytes, name)) continue;
    throw new S3Error('NotImplemented', `${name} cannot be verified here. Send CRC32, SHA-1 or SHA-256 instead.`);
  }
}

/** RFC 1864. */
function md5Of(request: RawRequest): Buffer | undefined {
  const text = headerOf(request, 'content-md5');
  if (text === undefined) return undefined;
  const bytes = fromBase64(text, 16);
  if (!bytes) throw new S3Error('InvalidDigest', 'Content-MD5 must be the base64 of 16 bytes.');
  return bytes;
}

function checksumOf(request: RawRequest, name: keyof typeof checksumBytes): Buffer | undefined {
  const text = headerOf(request, name);
  if (text === undefined) return undefined;
  const bytes = fromBase64(text, checksumBytes[name]);
  if (!bytes) throw new S3Error('InvalidRequest', `${name} must be the base64 of ${checksumBytes[name]} bytes.`);
  return bytes;
}

/** Node's decoder skips what is not base64: only a text that comes out the same is taken. */
function fromBase64(text: string, length: number): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === length && bytes.toString('base64') === text ? bytes : undefined;
}
