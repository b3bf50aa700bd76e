import type { DrainState } from '../backfill/drain-facts.ts';
import type { RestReason } from '../backfill/source-rest.ts';
import type { BucketTrouble } from '../bucket/bucket.ts';
import type { IdentityState } from '../bucket/identity.ts';
import type { MutationResult } from '../gateway/mutations.ts';
import type { OperationName } from '../gateway/operation.ts';
import type { CopyReason, CopyStatus } from '../ledger/copy-status.ts';
import type { Lane } from '../ledger/ledger.ts';
import type { SourceTrouble } from '../sources/source.ts';

export type StatusClass = '1xx' | '2xx' | '3xx' | '4xx' | '5xx';
/** Who asked the store: what copies, looks and reconciles, or what clients of the write host wanted. */
export type StoreCaller = 'copies' | 'write-host';
export type CopyEnd = 'copied' | 'superseded' | 'dropped' | 'looked' | 'later' | 'refused';
export type ScanOutcome = 'whole' | 'broken' | 'busy';
/** A database of the state directory. */
export type DatabaseName = 'marks' | 'ledger' | 'files';

/** All members of a union, once each: a record is incomplete as long as one is missing. */
function all<T extends string>(members: Record<T, true>): readonly T[] {
  return Object.keys(members) as T[];
}

/** What each label may be, where that does not come from the configuration. */
export const labelValues = {
  status: all<StatusClass>({ '1xx': true, '2xx': true, '3xx': true, '4xx': true, '5xx': true }),
  sourceKind: all<SourceTrouble | 'damaged'>({
    timeout: true,
    busy: true,
    denied: true,
    'not-mounted': true,
    io: true,
    descriptors: true,
    damaged: true,
  }),
  bucketKind: all<BucketTrouble>({
    connect: true,
    timeout: true,
    'server-error': true,
    'slow-down': true,
    refused: true,
    'breaker-open': true,
    identity: true,
    busy: true,
    protocol: true,
  }),
  storeKind: all<Exclude<BucketTrouble, 'breaker-open' | 'identity' | 'busy'>>({
    connect: true,
    timeout: true,
    'server-error': true,
    'slow-down': true,
    refused: true,
    protocol: true,
  }),
  by: all<StoreCaller>({ copies: true, 'write-host': true }),
  copyOutcome: all<CopyEnd>({
    copied: true,
    superseded: true,
    dropped: true,
    looked: true,
    later: true,
    refused: true,
  }),
  copyReason: all<CopyReason>({
    'too-young': true,
    'too-large': true,
    changed: true,
    'gone-below': true,
    unreadable: true,
    'private-without-acls': true,
    damaged: true,
    'source-unavailable': true,
    'no-spool-room': true,
    'bucket-unavailable': true,
    'slow-down': true,
    'store-refused': true,
    'store-denied': true,
    'unknown-outcome': true,
    'missing-again': true,
    cancelled: true,
    internal: true,
  }),
  ledgerStatus: all<CopyStatus>({ wanted: true, copied: true, superseded: true, refused: true }),
  lane: all<Lane>({ 'asked-for': true, backfill: true }),
  mutation: all<MutationResult>({ done: true, refused: true, unknown: true, busy: true, recorded: true }),
  purge: all<'done' | 'denied'>({ done: true, denied: true }),
  identity: all<IdentityState>({ ours: true, absent: true, other: true, unknown: true }),
  backfillState: all<DrainState>({
    copying: true,
    paused: true,
    'slowed-down': true,
    'sources-paused': true,
    planning: true,
    done: true,
    'no-plan': true,
  }),
  pauseReason: all<RestReason>({ 'source-unavailable': true, damaged: true }),
  scanOutcome: all<ScanOutcome>({ whole: true, broken: true, busy: true }),
  database: all<DatabaseName>({ marks: true, ledger: true, files: true }),
  operation: all<OperationName>({
    PutObject: true,
    GetObject: true,
    HeadObject: true,
    DeleteObject: true,
    DeleteObjects: true,
    CopyObject: true,
    PutObjectAcl: true,
    GetObjectAcl: true,
    CreateMultipartUpload: true,
    UploadPart: true,
    UploadPartCopy: true,
    CompleteMultipartUpload: true,
    AbortMultipartUpload: true,
    ListParts: true,
    ListMultipartUploads: true,
    ListObjects: true,
    ListObjectsV2: true,
    HeadBucket: true,
    GetBucketLocation: true,
  }),
} as const;
