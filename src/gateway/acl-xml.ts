import { type AskedAcl, allUsers, isPublicRead, owner } from './request-acl.ts';
import { S3Error } from './s3-error.ts';
import { readStoreXml } from './store-xml.ts';
import { readXml, textOf, type XmlElement } from './xml-reader.ts';
import { escaped, s3Document, type Xml, xml } from './xml-writer.ts';

export const maxAclBytes = 64 * 1024;
const instance = 'http://www.w3.org/2001/XMLSchema-instance';
const permissions: ReadonlySet<string> = new Set(['READ', 'WRITE', 'READ_ACP', 'WRITE_ACP', 'FULL_CONTROL']);

/**
 * What the body of a PutObjectAcl asks for (S3 API reference, "PutObjectAcl"). Public is READ for all users, with or without the owner's
 * FULL_CONTROL, and no other grant.
 *
 * Throws an S3Error: MalformedXML, and MalformedACLError for XML that is no ACL.
 */
export function readAclRequest(document: Buffer): AskedAcl {
  const policy = readXml(document, { root: 'AccessControlPolicy', maxBytes: maxAclBytes });
  const ownerId = textOf(one(policy, 'Owner', ['Owner', 'AccessControlList']), 'ID');
  const grants = grantsOf(policy);
  return isPublicRead(grants, `READ URI ${allUsers}`, `FULL_CONTROL ID ${ownerId}`) ? 'public' : 'private';
}

/** Whether the store shows an object to everybody. Throws InternalError. */
export function readStoreAcl(document: Buffer): AskedAcl {
  const grants = readStoreXml(document, 'AccessControlPolicy', grantsOf);
  const shows = grants.some((grant) => /^(READ|FULL_CONTROL) /.test(grant) && grant.endsWith(` URI ${allUsers}`));
  return shows ? 'public' : 'private';
}

/** The answer to a GetObjectAcl. Fed back as a PutObjectAcl, it changes nothing. */
export function aclXml(acl: AskedAcl): string {
  const user = [xml('ID', owner), xml('DisplayName', owner)];
  const grants = [grant('CanonicalUser', user, 'FULL_CONTROL')];
  if (acl === 'public') grants.push(grant('Group', [xml('URI', allUsers)], 'READ'));
  return s3Document('AccessControlPolicy', [xml('Owner', user), xml('AccessControlList', grants)]);
}

function grant(type: 'CanonicalUser' | 'Group', grantee: readonly Xml[], permission: string): Xml {
  const attributes = `xmlns:xsi="${escaped(instance)}" xsi:type="${type}"`;
  const content = grantee.map((piece) => piece.xml).join('');
  return xml('Grant', [{ xml: `<Grantee ${attributes}>${content}</Grantee>` }, xml('Permission', permission)]);
}

/** Each grant as `permission kind name`. */
function grantsOf(policy: XmlElement): string[] {
  const list = one(policy, 'AccessControlList', ['Owner', 'AccessControlList']);
  return list.children.map((element) => {
    if (element.name !== 'Grant') throw noAcl('An AccessControlList holds only grants.');
    const grantee = one(element, 'Grantee', ['Grantee', 'Permission']);
    const permission = textOf(element, 'Permission')?.trim() ?? '';
    if (!permissions.has(permission)) throw noAcl('A grant needs a permission.');
    return `${permission} ${granteeOf(grantee)}`;
  });
}

function granteeOf(grantee: XmlElement): string {
  const kinds = ['URI', 'ID', 'EmailAddress'].filter((kind) => textOf(grantee, kind) !== undefined);
  const kind = kinds[0];
  if (kind === undefined || kinds.length > 1) throw noAcl('A grantee is a group, a user or an address.');
  if (grantee.type !== undefined && grantee.type !== types[kind]) throw noAcl('A grantee is not of its own type.');
  return `${kind} ${textOf(grantee, kind)?.trim()}`;
}

const types: Readonly<Record<string, string>> = {
  URI: 'Group',
  ID: 'CanonicalUser',
  EmailAddress: 'AmazonCustomerByEmail',
};

function one(element: XmlElement, name: string, allowed: readonly string[]): XmlElement {
  const [child, ...others] = element.children.filter((candidate) => candidate.name === name);
  if (!child || others.length > 0 || element.children.some((other) => !allowed.includes(other.name)))
    throw noAcl(`${element.name} must hold one ${name}.`);
  return child;
}

function noAcl(message: string): S3Error {
  return new S3Error('MalformedACLError', message);
}
