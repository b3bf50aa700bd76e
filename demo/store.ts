import { S3Client } from '@aws-sdk/client-s3';
import { buildApp } from 'fauxqs';

/** An S3 server inside this process, with one empty bucket, all in memory. */
export interface Store {
  /** http://127.0.0.1:PORT */
  readonly endpoint: string;
  readonly bucket: string;
  readonly client: S3Client;
  close(): Promise<void>;
}

/** More than any file that the program sends in one request. */
const maxBodyBytes = 1024 ** 3;

/** The server answers anybody, and listens on the loopback interface only. */
export async function startStore(bucket: string): Promise<Store> {
  const app = buildApp({ logger: false });
  // Its own limit is 11 MiB, and a request without a body is an error to it.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: maxBodyBytes }, (_request, body, done) =>
    done(null, body),
  );
  app.addHook('preHandler', async (request) => {
    request.body ??= Buffer.alloc(0);
  });
  const endpoint = await app.listen({ host: '127.0.0.1', port: 0 });
  const created = await app.inject({ method: 'PUT', url: `/${bucket}` });
  if (created.statusCode !== 200) throw new Error(`the S3 server did not create a bucket: ${created.body}`);
  const client = new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'demo', secretAccessKey: 'demo' },
  });
  const close = async () => {
    client.destroy();
    await app.close();
  };
  return { endpoint, bucket, client, close };
}
