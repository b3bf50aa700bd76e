import { Hash } from '@smithy/hash-node';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Signs bodyless requests with AWS Signature Version 4 (S3: the path is not encoded twice). */
export class RequestSigner {
  readonly #signer: SignatureV4;

  constructor(options: { region: string; credentials: Credentials }) {
    this.#signer = new SignatureV4({
      service: 's3',
      region: options.region,
      credentials: options.credentials,
      sha256: Hash.bind(null, 'sha256'),
      uriEscapePath: false,
    });
  }

  /** The headers to send, `host` among them. `path` is sent as it is. */
  async sign(method: string, host: string, path: string): Promise<Record<string, string>> {
    const [hostname = host, port] = host.split(':');
    const request = new HttpRequest({
      method,
      protocol: 'http:',
      hostname,
      ...(port === undefined ? {} : { port: Number(port) }),
      path,
      headers: { host, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
    });
    return (await this.#signer.sign(request)).headers;
  }
}
