import { contentMd5, type Forge, type ForgeContext } from '../forge.ts';

/** DeleteObjects of these keys. */
export function deleteXml(context: ForgeContext, keys: readonly string[]): Forge {
  const objects = keys.map((key) => `<Object><Key>${key}</Key></Object>`).join('');
  return deleteBody(context, `<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${objects}</Delete>`);
}

/** DeleteObjects with this body. */
export function deleteBody({ bucket }: ForgeContext, body: string | Buffer): Forge {
  return { method: 'POST', path: `/${bucket}`, query: 'delete', body, headers: { 'Content-Md5': contentMd5(body) } };
}

/** CompleteMultipartUpload of the upload under way, with this body. */
export function completeBody({ upload }: ForgeContext, body: string): Forge {
  return { method: 'POST', key: upload.key, query: `uploadId=${upload.id}`, body };
}

/** CompleteMultipartUpload with these parts. */
export function completeXml(context: ForgeContext, parts: readonly (readonly [number: string, etag: string])[]): Forge {
  const all = parts.map(([number, etag]) => `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag></Part>`);
  return completeBody(context, `<CompleteMultipartUpload>${all.join('')}</CompleteMultipartUpload>`);
}
