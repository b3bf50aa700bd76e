import type { Operation, OperationName } from '../../src/gateway/operation.ts';
import { code, generated, table } from './page.ts';

/** The right that an operation of this name needs. */
type RightFor<Name extends OperationName, Each = Operation> = Each extends { name: infer Names; right: infer Needed }
  ? Name extends Names
    ? Needed
    : never
  : never;

/** Said of each operation; the compiler asks for all of them, and for the right that each really needs. */
type Described = {
  readonly [Name in OperationName]: readonly [right: RightFor<Name>, told: string];
};

const operations: Described = {
  PutObject: [
    'write',
    'streamed; durable and in the bucket before it is answered. The last piece goes on only when length and digests are right',
  ],
  GetObject: [
    'read',
    'the bucket first, then the old places, private files too; ranges and conditions; never what was deleted',
  ],
  HeadObject: ['read', 'the same without the bytes'],
  DeleteObject: [
    'delete',
    'holds for the old places, the cache and copies under way; repeated by Upstairs until the bucket has done it',
  ],
  DeleteObjects: ['delete', 'up to 1000 keys, each as above; each has its own outcome'],
  CopyObject: [
    'write',
    'within the bucket; a source that is only in an old place is carried up first. Needs `read` too',
  ],
  PutObjectAcl: [
    'write',
    'canned `private` and `public-read`, or the same as XML; recorded also for keys that are not in the bucket yet',
  ],
  GetObjectAcl: ['read', 'what the bucket says'],
  CreateMultipartUpload: ['write', 'begins an upload in parts'],
  UploadPart: ['write', 'one part'],
  UploadPartCopy: ['write', 'one part out of another object of the bucket. Needs `read` too'],
  CompleteMultipartUpload: ['write', 'puts the parts together'],
  AbortMultipartUpload: ['write', 'gives an upload up'],
  ListParts: ['read', 'the parts of an upload'],
  ListMultipartUploads: ['read', 'uploads under way'],
  ListObjects: ['read', 'the old form of listing: what is in the bucket, not what is only below'],
  ListObjectsV2: ['read', 'the same in the new form'],
  HeadBucket: ['read', 'whether the bucket is there'],
  GetBucketLocation: ['read', 'the region'],
};

const introduction = `What the write host does for S3 clients, and what right each needs (\`write.keys[].rights\`). Every request is signed (Signature Version 4, in the header
or presigned) with a key pair that was made up for its client; nothing is anonymous. Path style and \`<bucket>.<host>\` are both understood.`;

const refused = `## What is refused

| what | answer |
| --- | --- |
| an unsigned request, a wrong signature, a key outside \`write.keys[].prefix\`, a right that is missing | 403 |
| another bucket | 404 \`NoSuchBucket\` |
| listing, making, deleting or changing buckets; keys under \`_upstairs/\`; \`x-amz-meta-upstairs-*\` | 403 \`AccessDenied\` |
| uploads in signed chunks (\`STREAMING-…\`); forms; every parameter and every \`x-amz-*\` header that the operation does not take | 501 \`NotImplemented\` |
| an upload of a body that is not hashed (\`UNSIGNED-PAYLOAD\`, presigned) without TLS | 400 \`InvalidRequest\` |
| keys with empty, \`.\` or \`..\` segments, a leading dot in a segment, a trailing slash, over 1024 bytes | 400 |
| a body whose length or digest is not what was announced | 400 \`BadDigest\` and others; nothing is stored |
| the store cannot be asked, its answer is not known in time, or somebody else works on the key | 503; a delete and \`private\` are recorded all the same |
| while the bucket is not known to be the right one: everything but deletes, ACLs and reads | 503 |

Errors are S3's XML, with a sentence that says what to do. \`write.answerWithin\` (4 s) after the last byte of a request there is an answer.`;

/** The operations of the write host as a page. */
export function s3Reference(): string {
  const rows = Object.entries(operations).map(([name, [right, told]]) => [code(name), code(right), told]);
  const text = table(['operation', 'right', 'what it does here'], rows);
  return `${generated('S3 operations', '`docs/generate/s3-reference.ts`, which the types of `src/gateway/operation.ts` keep complete', introduction)}\n${text}\n\n${refused}\n`;
}
