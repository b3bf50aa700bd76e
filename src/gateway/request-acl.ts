import type { RequestFields } from './request-fields.ts';
import { S3Error } from './s3-error.ts';

/** Whom an object is for. What S3 can say beyond the two counts as private: the safe side. */
export type AskedAcl = 'public' | 'private';

/** Everybody, signed in or not (S3 user guide, "Access control list overview"). */
export const allUsers = 'http://acs.amazonaws.com/groups/global/AllUsers';

/** The one owner of every object. */
export const owner = 'upstairs';

const cannedAcls: ReadonlySet<string> = new Set([
  'private',
  'public-read',
  'public-read-write',
  'authenticated-read',
  'aws-exec-read',
  'bucket-owner-read',
  'bucket-owner-full-control',
]);

/**
 * The ACL that a request's headers ask for. Public is READ for all users, with or without the owner's FULL_CONTROL, and no other grant.
 * Undefined: they ask for none.
 *
 * Throws an S3Error: InvalidArgument, InvalidRequest when both a canned ACL and grants are given.
 */
export function requestedAcl(fields: RequestFields): AskedAcl | undefined {
  const canned = fields.takeHeader('x-amz-acl');
  const grants = fields.takeHeadersFrom('x-amz-grant-');
  const granted = Object.keys(grants).length > 0;
  if (canned !== undefined && granted) throw new S3Error('InvalidRequest', 'Send a canned ACL or grants, not both.');
  if (canned !== undefined) return cannedAcl(canned);
  return granted ? grantedAcl(grants) : undefined;
}

function cannedAcl(value: string): AskedAcl {
  if (!cannedAcls.has(value)) throw new S3Error('InvalidArgument', 'The value of x-amz-acl is no canned ACL.');
  return value === 'public-read' ? 'public' : 'private';
}

function grantedAcl(grants: Readonly<Record<string, string>>): AskedAcl {
  const given = Object.entries(grants).flatMap(([name, value]) =>
    grantees(value).map((grantee) => `${permission(name)} ${grantee}`),
  );
  return isPublicRead(given, `READ uri=${allUsers}`, `FULL_CONTROL id=${owner}`) ? 'public' : 'private';
}

/** @param given each grant as text, in which `read` and `control` are the two that public-read is made of. */
export function isPublicRead(given: readonly string[], read: string, control: string): boolean {
  return given.includes(read) && given.every((grant) => grant === read || grant === control);
}

function permission(header: string): string {
  const name = header.slice('x-amz-grant-'.length).toUpperCase().replace('-', '_');
  if (/^(READ|READ_ACP|WRITE|WRITE_ACP|FULL_CONTROL)$/.test(name)) return name;
  throw new S3Error('InvalidArgument', 'A grant header names no permission.');
}

/** `id="…", uri="…"` (S3 API reference, "PutObjectAcl"). */
function grantees(value: string): string[] {
  return value.split(',').map((item) => {
    const match = /^\s*(id|uri|emailAddress)\s*=\s*("?)([^",=]+)\2\s*$/i.exec(item);
    if (!match)
      throw new S3Error('InvalidArgument', 'A grant must name its grantee as id="…", uri="…" or emailAddress="…".');
    return `${match[1]?.toLowerCase()}=${match[3]}`;
  });
}
