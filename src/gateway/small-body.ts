import type { Call } from './call.ts';
import { S3Error } from './s3-error.ts';
import { wholeOf } from './store-answer.ts';

/** A document that came as a request's body. Throws an S3Error: MalformedXML when it is too long, and what `verifiedBody` breaks with. */
export async function smallBody(call: Call, maxBytes: number): Promise<Buffer> {
  const announced = call.announced();
  if (announced.size > maxBytes) throw new S3Error('MalformedXML', `The document may be ${maxBytes} bytes long.`);
  return await wholeOf(call.body(announced));
}
