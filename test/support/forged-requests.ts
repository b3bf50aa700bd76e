import { forgedBodies } from './forged/bodies.ts';
import { forgedBuckets } from './forged/buckets.ts';
import type { ForgedRequest } from './forged/forged-request.ts';
import { forgedHeaderSignatures } from './forged/header-signatures.ts';
import { forgedHttp } from './forged/http.ts';
import { forgedOperations } from './forged/operations.ts';
import { forgedPaths } from './forged/paths.ts';
import { forgedQuerySignatures } from './forged/query-signatures.ts';
import { forgedReplays } from './forged/replays.ts';
import { forgedReserved } from './forged/reserved.ts';
import { forgedRights } from './forged/rights.ts';
import { forgedSourcesAndHeaders } from './forged/sources-and-headers.ts';
import { forgedDeletes } from './forged/xml-deletes.ts';
import { forgedXml } from './forged/xml-others.ts';

/** Requests that the write host has to refuse, those first that must never reach the store. */
export const forgedRequests: readonly ForgedRequest[] = [
  ...forgedHeaderSignatures,
  ...forgedReplays,
  ...forgedQuerySignatures,
  ...forgedRights,
  ...forgedPaths,
  ...forgedBuckets,
  ...forgedOperations,
  ...forgedReserved,
  ...forgedSourcesAndHeaders,
  ...forgedBodies,
  ...forgedDeletes,
  ...forgedXml,
  ...forgedHttp,
].toSorted((one, other) => Number(one.authorised) - Number(other.authorised));
