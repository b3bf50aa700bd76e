import type { Operation } from './operation.ts';
import { S3Error } from './s3-error.ts';
import type { Caller } from './signature.ts';

/**
 * Whether the caller may do this: the right, the bucket, and its prefix, for the source of a copy and for listings too.
 *
 * @param bucket as clients call it.
 * @throws S3Error AccessDenied
 */
export function authorise({ rights, prefix }: Caller, operation: Operation, bucket: string): void {
  const needed = 'source' in operation ? [operation.right, 'read' as const] : [operation.right];
  if (!needed.every((right) => rights.includes(right)))
    throw new S3Error('AccessDenied', `This key pair has not the right to ${needed.join(' and ')}.`);
  if ('source' in operation && operation.source.bucket !== bucket)
    throw new S3Error('AccessDenied', 'The source of a copy must be in this bucket.');
  for (const name of touched(operation))
    if (!name.startsWith(prefix))
      throw new S3Error('AccessDenied', 'This key pair may not use keys outside its prefix.');
}

/** Every key, and what every listed key begins with. The keys of a batch are looked at one by one. */
function touched(operation: Operation): string[] {
  return [
    ...('key' in operation ? [operation.key] : []),
    ...('source' in operation ? [operation.source.key] : []),
    ...('listing' in operation ? [operation.listing.prefix] : []),
  ];
}
