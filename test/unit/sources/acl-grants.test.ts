import { expect, test } from 'vitest';
import { showsEverybody } from '../../../src/sources/acl-grants.ts';

const all = 'http://acs.amazonaws.com/groups/global/AllUsers';
const group = (uri: string, permission: string) =>
  `<Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Group"><URI>${uri}</URI></Grantee>` +
  `<Permission>${permission}</Permission></Grant>`;
const owner =
  '<Grant><Grantee><ID>owner</ID><DisplayName>x</DisplayName></Grantee><Permission>FULL_CONTROL</Permission></Grant>';
const acl = (...grants: string[]) =>
  `<?xml version="1.0" encoding="UTF-8"?><AccessControlPolicy xmlns="http://s3.amazonaws.com/doc/2006-03-01/">` +
  `<Owner><ID>owner</ID></Owner><AccessControlList>${grants.join('')}</AccessControlList></AccessControlPolicy>`;

test.each([
  ['only its owner', acl(owner), false],
  ['everybody to read it', acl(owner, group(all, 'READ')), true],
  ['everybody to read it, before its owner', acl(group(all, 'READ'), owner), true],
  ['everybody everything', acl(group(all, 'FULL_CONTROL')), true],
  ['everybody to write it', acl(group(all, 'WRITE'), owner), false],
  ['everybody to read its ACL', acl(group(all, 'READ_ACP')), false],
  ['whoever has an account', acl(group('http://acs.amazonaws.com/groups/global/AuthenticatedUsers', 'READ')), false],
  ['nobody', acl(), false],
])('an ACL that lets %s', (_, xml, shown) => {
  expect(showsEverybody(xml)).toBe(shown);
});

test.each(['', 'no XML', '<html><body>Log in</body></html>', `${acl(owner).slice(0, -30)}`])(
  'something else than an ACL is none: %j',
  (text) => {
    expect(() => showsEverybody(text)).toThrow(expect.objectContaining({ code: 'NO_ACL' }));
  },
);
