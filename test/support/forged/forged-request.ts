import { type Forge, type ForgeContext, forge, wireBytes } from '../forge.ts';

/** A request that has to be refused, and how. */
export interface ForgedRequest {
  readonly name: string;
  readonly bytes: (context: ForgeContext) => Buffer;
  readonly status: readonly number[];
  /** What S3 calls it; none where HTTP itself is broken, or where the answer has no body. */
  readonly code: readonly string[];
  /** False: nothing of it may reach the store. True: the store may see of it what makes no difference. */
  readonly authorised: boolean;
  /** Closing the connection without an answer will do as well. */
  readonly mayClose?: boolean;
  /** The client says after these bytes that it sends no more. */
  readonly thenEnd?: boolean;
}

type Made = Forge | ((context: ForgeContext) => Forge);
type Outcome = { readonly status: number | readonly number[]; readonly code?: string | readonly string[] };
type Extra = Pick<ForgedRequest, 'mayClose' | 'thenEnd'>;

/** Whoever made this may not do it, or it is no request at all: the store never hears of it. */
export function refused(name: string, made: Made, outcome: Outcome, extra: Extra = {}): ForgedRequest {
  return { ...extra, name, bytes: (context) => bytesOf(made, context), ...listed(outcome), authorised: false };
}

/** The client may do this, but what it sent is broken, which may only be known when some of it went on. */
export function broken(name: string, made: Made, outcome: Outcome, extra: Extra = {}): ForgedRequest {
  return { ...refused(name, made, outcome, extra), authorised: true };
}

/** Bytes that no S3 client makes. */
export function raw(name: string, bytes: (context: ForgeContext) => Buffer, outcome: Outcome): ForgedRequest {
  return { name, bytes, ...listed(outcome), authorised: false, mayClose: true };
}

export const accessDenied = { status: 403, code: 'AccessDenied' } as const;
export const badSignature = { status: 403, code: 'SignatureDoesNotMatch' } as const;
export const notImplemented = { status: 501, code: 'NotImplemented' } as const;
export const noSuchBucket = { status: [403, 404], code: ['AccessDenied', 'NoSuchBucket'] } as const;
/** A bucket, key or copy source that could be understood in two ways. */
export const badName = { status: 400, code: ['InvalidURI', 'InvalidArgument'] } as const;

/** What it is called differs from one S3 to the next; that it is refused does not. */
export const badHeader = {
  status: [400, 403],
  code: ['AuthorizationHeaderMalformed', 'InvalidRequest', 'InvalidArgument', 'AccessDenied', 'SignatureDoesNotMatch'],
};

function bytesOf(made: Made, context: ForgeContext): Buffer {
  return wireBytes(forge(context, typeof made === 'function' ? made(context) : made));
}

function listed({ status, code = [] }: Outcome): Pick<ForgedRequest, 'status' | 'code'> {
  return { status: [status].flat(), code: [code].flat() };
}
