/** An answer that is no success. */
export class AnsweredError extends Error {
  override readonly name = 'AnsweredError';
  readonly code: string;
  readonly $metadata: { readonly httpStatusCode: number };

  /** `code`: as the store's body names it. */
  constructor(status: number, code: string | undefined) {
    super(`the store answered ${status}`);
    this.code = code ?? String(status);
    this.$metadata = { httpStatusCode: status };
  }
}

/** What a request to the store failed with, without the request (which holds the signature). */
export interface StoreError {
  /** Undefined: no answer came. */
  readonly status: number | undefined;
  readonly code: string;
  readonly slowDown: boolean;
}

export function storeErrorOf(error: unknown): StoreError {
  const { name, code, $metadata } = error as { name?: string; code?: unknown; $metadata?: { httpStatusCode?: number } };
  const status = $metadata?.httpStatusCode;
  // A DOMException's is a number.
  const label = typeof code === 'string' ? code : (name ?? 'Error');
  return { status, code: label, slowDown: status === 503 || status === 429 || label === 'SlowDown' };
}

/** Whether the store itself answered, and for certain did not do it. */
export function refused(error: StoreError): error is StoreError & { status: number } {
  return (
    error.status !== undefined && error.status >= 400 && error.status < 500 && error.status !== 408 && !error.slowDown
  );
}
