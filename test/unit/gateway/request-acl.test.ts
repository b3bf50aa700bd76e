import { expect, it } from 'vitest';
import { requestedAcl } from '../../../src/gateway/request-acl.ts';
import { RequestFields } from '../../../src/gateway/request-fields.ts';
import { codeOf, rawRequestOf } from './raw-request-of.ts';

const all = 'uri="http://acs.amazonaws.com/groups/global/AllUsers"';
const asked = (headers: Record<string, string>) =>
  requestedAcl(new RequestFields(rawRequestOf('PUT', '/media/a', Object.entries(headers))));

it.each<[Record<string, string>, 'public' | 'private' | undefined]>([
  [{}, undefined],
  [{ 'x-amz-acl': 'public-read' }, 'public'],
  [{ 'x-amz-acl': 'private' }, 'private'],
  [{ 'x-amz-acl': 'public-read-write' }, 'private'],
  [{ 'x-amz-acl': 'authenticated-read' }, 'private'],
  [{ 'x-amz-acl': 'bucket-owner-full-control' }, 'private'],
  [{ 'x-amz-grant-read': all }, 'public'],
  [{ 'x-amz-grant-read': all, 'x-amz-grant-full-control': 'id="upstairs"' }, 'public'],
  [{ 'x-amz-grant-read': `${all}, id="someone"` }, 'private'],
  [{ 'x-amz-grant-read': all, 'x-amz-grant-full-control': 'id="someone"' }, 'private'],
  [{ 'x-amz-grant-read': all, 'x-amz-grant-write': all }, 'private'],
  [{ 'x-amz-grant-read': all, 'x-amz-grant-write-acp': 'id=upstairs' }, 'private'],
  [{ 'x-amz-grant-full-control': all }, 'private'],
  [{ 'x-amz-grant-read-acp': all }, 'private'],
  [{ 'x-amz-grant-read': 'uri="http://acs.amazonaws.com/groups/global/AuthenticatedUsers"' }, 'private'],
  [{ 'x-amz-grant-read': 'emailAddress="a@example.org"' }, 'private'],
])('%j asks for %s', (headers, acl) => {
  expect(asked(headers)).toBe(acl);
});

it.each<[Record<string, string>, string]>([
  [{ 'x-amz-acl': 'public' }, 'InvalidArgument'],
  [{ 'x-amz-acl': '' }, 'InvalidArgument'],
  [{ 'x-amz-acl': 'Public-Read' }, 'InvalidArgument'],
  [{ 'x-amz-acl': 'private', 'x-amz-grant-read': all }, 'InvalidRequest'],
  [{ 'x-amz-grant-read': '' }, 'InvalidArgument'],
  [{ 'x-amz-grant-read': 'everybody' }, 'InvalidArgument'],
  [{ 'x-amz-grant-everything': all }, 'InvalidArgument'],
])('%j is refused: %s', (headers, code) => {
  expect(codeOf(() => asked(headers))).toBe(code);
});
