import type { InventoryOptions } from '../backfill/inventory.ts';
import { BucketAddress } from '../bucket/bucket-address.ts';
import { identityKey } from '../bucket/identity.ts';
import { IdentityPeek } from '../bucket/identity-peek.ts';
import { RequestSigner } from '../bucket/request-signer.ts';
import { S3Reader } from '../bucket/s3-reader.ts';
import type { Config } from '../config/schema.ts';
import type { LedgerFacts } from '../ledger/ledger-facts.ts';
import { type InventoryParts, inventoryParts } from './wire-inventory.ts';

export { lockInventory } from './wire-inventory.ts';

export interface InventoryCommandOptions extends Pick<InventoryOptions, 'progress'> {
  readonly ledger: LedgerFacts;
  /** A request that failed, and is sent again. */
  readonly troubled: (error: unknown) => void;
}

/** Everything that `upstairs inventory` works with, beside a running `serve` or without one. */
export function inventoryCommand(
  config: Config,
  { ledger, troubled, progress }: InventoryCommandOptions,
): InventoryParts {
  const { bucket } = config;
  const { endpoint, name, keyPrefix, addressing, region } = bucket;
  const credentials = { accessKeyId: bucket.accessKey, secretAccessKey: bucket.secretKey };
  const reader = new S3Reader({
    address: new BucketAddress({ endpoint, name, keyPrefix, addressing }),
    signer: new RequestSigner({ region, credentials }),
    connections: 1,
    connectTimeoutMs: bucket.connectTimeout,
    headersTimeoutMs: bucket.headersTimeout,
    bodyTimeoutMs: bucket.bodyTimeout,
  });
  const timeoutMs = bucket.connectTimeout + bucket.headersTimeout;
  const identity = new IdentityPeek({
    bucket: name,
    ledger,
    readIdentity: () => reader.readSigned(identityKey, AbortSignal.timeout(timeoutMs)),
    troubled,
  });
  const parts = inventoryParts(config, { identity, troubled, ...(progress && { progress }) });
  return {
    ...parts,
    async close() {
      await parts.close();
      await reader.close();
    },
  };
}
