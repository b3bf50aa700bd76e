import { describe, expect, it } from 'vitest';
import { aclXml, readAclRequest, readStoreAcl } from '../../../src/gateway/acl-xml.ts';
import { codeOf } from './raw-request-of.ts';

const all = '<URI>http://acs.amazonaws.com/groups/global/AllUsers</URI>';
const grant = (grantee: string, permission: string, attributes = '') =>
  `<Grant><Grantee ${attributes}>${grantee}</Grantee><Permission>${permission}</Permission></Grant>`;
const policy = (...grants: string[]) =>
  Buffer.from(
    `<AccessControlPolicy xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><Owner><ID>me</ID></Owner><AccessControlList>${grants.join('')}</AccessControlList></AccessControlPolicy>`,
  );
const mine = grant('<ID>me</ID><DisplayName>Me</DisplayName>', 'FULL_CONTROL', 'xsi:type="CanonicalUser"');

describe('the ACL of a request', () => {
  it.each([
    ['public', 'the owner and all users READ', policy(mine, grant(all, 'READ', 'xsi:type="Group"'))],
    ['public', 'all users READ', policy(grant(all, 'READ'))],
    ['private', 'the owner', policy(mine)],
    ['private', 'nobody', policy()],
    ['private', 'all users WRITE as well', policy(mine, grant(all, 'READ'), grant(all, 'WRITE'))],
    ['private', 'all users FULL_CONTROL', policy(mine, grant(all, 'FULL_CONTROL'))],
    ['private', 'someone else as well', policy(grant(all, 'READ'), grant('<ID>you</ID>', 'FULL_CONTROL'))],
    ['private', 'an address', policy(grant('<EmailAddress>a@example.org</EmailAddress>', 'READ'))],
    [
      'private',
      'all who are signed in',
      policy(grant('<URI>http://acs.amazonaws.com/groups/global/AuthenticatedUsers</URI>', 'READ')),
    ],
  ])('is %s for %s', (acl, _, document) => {
    expect(readAclRequest(document)).toBe(acl);
  });

  it.each(['public', 'private'] as const)('stays %s when our own answer is sent back', (acl) => {
    expect(readAclRequest(Buffer.from(aclXml(acl)))).toBe(acl);
    expect(readStoreAcl(Buffer.from(aclXml(acl)))).toBe(acl);
  });

  it.each([
    ['no list', Buffer.from('<AccessControlPolicy><Owner><ID>me</ID></Owner></AccessControlPolicy>')],
    ['no owner', Buffer.from('<AccessControlPolicy><AccessControlList/></AccessControlPolicy>')],
    ['a grant to nobody', policy(grant('', 'READ'))],
    ['a grant to two', policy(grant(`<ID>me</ID>${all}`, 'READ'))],
    ['a grant of nothing', policy(grant(all, ''))],
    ['a permission that does not exist', policy(grant(all, 'PUBLISH'))],
    ['a grantee of another type', policy(grant(all, 'READ', 'xsi:type="CanonicalUser"'))],
    ['something else', policy('<Deny/>')],
  ])('with %s is MalformedACLError', (_, document) => {
    expect(codeOf(() => readAclRequest(document))).toBe('MalformedACLError');
  });

  it.each([
    ['no ACL', Buffer.from('<Delete/>')],
    ['nothing', Buffer.alloc(0)],
    ['64 KiB of grants', policy(mine.repeat(1000))],
  ])('with %s is MalformedXML', (_, document) => {
    expect(codeOf(() => readAclRequest(document))).toBe('MalformedXML');
  });
});

it('the store shows an object if all users may read it, among others', () => {
  expect(readStoreAcl(policy(mine, grant('<ID>you</ID>', 'READ'), grant(all, 'READ')))).toBe('public');
  expect(readStoreAcl(policy(grant(all, 'FULL_CONTROL')))).toBe('public');
  expect(readStoreAcl(policy(mine, grant(all, 'READ_ACP')))).toBe('private');
  expect(codeOf(() => readStoreAcl(policy(grant('', 'READ'))))).toBe('InternalError');
});
