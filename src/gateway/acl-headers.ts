import type { GatewayParts } from './call.ts';
import type { AskedAcl } from './request-acl.ts';

/** The ACL as a header for the store, which has ACLs or refuses the header. */
export function aclHeader({ acls }: Pick<GatewayParts, 'acls'>, acl: AskedAcl | undefined): Record<string, string> {
  if (acl === undefined || !acls) return {};
  return { 'x-amz-acl': acl === 'public' ? 'public-read' : 'private' };
}

/** What an upload shows once it has landed. One without an ACL leaves that to the bucket, unless its prefix is private. */
export function shows(
  { isPrivate }: Pick<GatewayParts, 'isPrivate'>,
  key: string,
  acl: AskedAcl | undefined,
): 'unset' | 'public' | 'private' {
  return acl ?? (isPrivate(key) ? 'private' : 'unset');
}
