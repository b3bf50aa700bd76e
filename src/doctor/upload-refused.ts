import { error, type Finding } from './finding.ts';
import type { StoreAnswer } from './store-door.ts';

/** Why an upload is refused that no right would mend; undefined: a right may be missing. */
export function whyNot(answer: StoreAnswer): Finding | undefined {
  const { status, code = '' } = answer;
  const found = `an upload is answered ${told(answer)}`;
  if (code === 'AccessControlListNotSupported')
    return error(
      'bucket.acls',
      found,
      'a store that takes object ACLs (bucket.acls: true)',
      'set bucket.acls: false; on AWS instead: Object Ownership "ACLs enabled"',
    );
  if (status === 507 || /Quota|Storage(Full|Limit)|InsufficientStorage|CapExceeded/i.test(code))
    return error(
      'bucket.quota',
      `${found}: it is full`,
      'room for all media',
      'raise the quota of the bucket or of its user where it is rented (or the cap on what it may cost), or make room',
    );
  if (status >= 500 || status === 429)
    return error('bucket.answer', found, 'an upload that is taken', 'the store is in trouble: see its status page');
  return undefined;
}

/** Status and code, as people look for them. */
export function told({ status, code }: StoreAnswer): string {
  return code === undefined ? `${status}` : `${status} ${code}`;
}
