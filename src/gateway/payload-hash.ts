import type { PayloadHash } from './payload.ts';
import { S3Error } from './s3-error.ts';

/** What `x-amz-content-sha256` says. Throws an S3Error: NotImplemented for bodies in signed chunks, InvalidArgument. */
export function parsePayloadHash(text: string): PayloadHash {
  if (text === 'UNSIGNED-PAYLOAD') return { kind: 'unsigned' };
  if (/^[0-9a-f]{64}$/i.test(text)) return { kind: 'sha256', hex: text.toLowerCase() };
  if (text.startsWith('STREAMING-'))
    throw new S3Error(
      'NotImplemented',
      'Bodies in signed chunks or with a trailer (x-amz-content-sha256: STREAMING-...) are not taken here. Send the plain body with its SHA-256 or UNSIGNED-PAYLOAD (in AWS SDKs: request_checksum_calculation = when_required).',
    );
  throw new S3Error(
    'InvalidArgument',
    'x-amz-content-sha256 must be the SHA-256 of the body in hex, or UNSIGNED-PAYLOAD.',
  );
}
