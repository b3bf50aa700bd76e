import { type ForgedRequest, notImplemented, refused } from './forged-request.ts';

/** What S3 knows and the write host does not. */
export const forgedOperations: readonly ForgedRequest[] = [
  ...[
    'tagging',
    'torrent',
    'versionId=1',
    'retention',
    'legal-hold',
    'attributes',
    'x-unknown',
    'acl&tagging',
    'append&position=0',
  ].map((name) => refused(`GET ?${name}`, { query: name }, notImplemented)),
  ...['tagging', 'retention', 'legal-hold', 'versionId=1', 'append', 'renameObject'].map((name) =>
    refused(`PUT ?${name}`, { method: 'PUT', query: name, body: '<X/>' }, notImplemented),
  ),
  ...['tagging', 'versionId=null'].map((name) =>
    refused(`DELETE ?${name}`, { method: 'DELETE', query: name }, notImplemented),
  ),
  ...['restore', 'select&select-type=2', 'x-unknown'].map((name) =>
    refused(`POST ?${name}`, { method: 'POST', query: name, body: '<X/>' }, notImplemented),
  ),
  refused(
    'a form upload',
    (c) => ({
      method: 'POST',
      path: `/${c.bucket}`,
      body: '--x--',
      headers: { 'Content-Type': 'multipart/form-data; boundary=x' },
    }),
    notImplemented,
  ),
  ...['PATCH', 'OPTIONS', 'PROPFIND'].map((method) =>
    refused(
      method,
      { method },
      { status: [400, 403, 405, 501], code: ['MethodNotAllowed', 'NotImplemented', 'AccessDenied'] },
    ),
  ),
  refused(
    'a method by override',
    { method: 'POST', body: '', headers: { 'X-Http-Method-Override': 'DELETE' } },
    { status: [405, 501], code: ['MethodNotAllowed', 'NotImplemented'] },
  ),
];
