import { parseAmzDate, parseDateHeader } from './amz-date.ts';
import { headerOf, type RawRequest } from './raw-request.ts';
import { S3Error } from './s3-error.ts';
import {
  algorithm,
  parseCredential,
  parseSignature,
  parseSignedHeaders,
  type SignatureClaim,
} from './signature-claim.ts';

const malformed = 'AuthorizationHeaderMalformed';
const fields = ['Credential', 'SignedHeaders', 'Signature'] as const;

/**
 * The claim of an `Authorization` header (S3 API reference, "Authenticating Requests: Using the Authorization Header"). Throws an
 * S3Error: AuthorizationHeaderMalformed; InvalidRequest for Signature Version 2, other algorithms, and where `x-amz-content-sha256` is
 * missing; InvalidArgument for other schemes; AccessDenied without a date.
 */
export function headerClaim(request: RawRequest, authorization: string): SignatureClaim {
  const given = fieldsOf(parametersOf(authorization));
  const payloadHash = headerOf(request, 'x-amz-content-sha256');
  if (payloadHash === undefined)
    throw new S3Error(
      'InvalidRequest',
      'The header x-amz-content-sha256 is missing: it must be the SHA-256 of the body, or UNSIGNED-PAYLOAD.',
    );
  return {
    ...parseCredential(given.Credential, malformed),
    time: timeOf(request),
    signedHeaders: parseSignedHeaders(given.SignedHeaders, malformed),
    signature: parseSignature(given.Signature, malformed),
    payloadHash,
  };
}

function parametersOf(authorization: string): string {
  const [, scheme = '', parameters] = /^(\S*)(?:[ \t]+(.*))?$/.exec(authorization) ?? [];
  if (scheme === algorithm) return parameters ?? '';
  if (/^aws(4-.*)?$/i.test(scheme))
    throw new S3Error('InvalidRequest', `This kind of signature is not taken here. Sign with ${algorithm}.`);
  throw new S3Error('InvalidArgument', `This kind of authorization is not taken here. Sign with ${algorithm}.`);
}

/** Some clients put a space behind the comma, some do not. */
function fieldsOf(parameters: string): Record<(typeof fields)[number], string> {
  const pairs = parameters.split(',').map((part) => {
    const [, name = '', value = ''] = /^[ \t]*([A-Za-z]+)=(.*?)[ \t]*$/.exec(part) ?? [];
    return [name, value] as const;
  });
  const given = new Map(pairs);
  const [credential, signedHeaders, signature] = fields.map((name) => given.get(name));
  if (pairs.length !== 3 || !credential || !signedHeaders || !signature)
    throw new S3Error(
      malformed,
      'The Authorization header must give Credential, SignedHeaders and Signature, each once.',
    );
  return { Credential: credential, SignedHeaders: signedHeaders, Signature: signature };
}

/** `Date` counts where `x-amz-date` is missing: some clients cannot set the one, some relays change the other. */
function timeOf(request: RawRequest): number {
  const amzDate = headerOf(request, 'x-amz-date');
  const date = amzDate ?? headerOf(request, 'date');
  if (date === undefined)
    throw new S3Error('AccessDenied', 'A signed request must have a valid x-amz-date or Date header.');
  const time = amzDate === undefined ? parseDateHeader(date) : parseAmzDate(amzDate);
  if (time === undefined)
    throw new S3Error('AccessDenied', 'The date of the request must be of the form YYYYMMDDTHHMMSSZ, in x-amz-date.');
  return time;
}
