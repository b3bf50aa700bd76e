export interface StoreRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'DELETE';
  /** Undefined: the bucket itself. */
  readonly key?: string;
  readonly query?: readonly (readonly [string, string])[];
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Asked as a stranger, without a signature. */
  readonly anonymous?: true;
}

export interface StoreAnswer {
  readonly status: number;
  /** S3's word for an error (S3 API reference, "Error responses"); undefined where the answer has none. */
  readonly code: string | undefined;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** From the request to the end of the answer, in milliseconds. */
  readonly ms: number;
}

export interface Listed {
  readonly keys: readonly string[];
  /** With a delimiter: what stands before it. */
  readonly prefixes: readonly string[];
  readonly truncated: boolean;
}

/** The store, asked one thing at a time and without retries. Rejects with what the connection failed with. */
export interface StoreDoor {
  ask(request: StoreRequest, signal: AbortSignal): Promise<StoreAnswer>;
  /** At most 1000 keys, signed. An answer that is no success is an error whose `status` and `code` tell. */
  list(options: { prefix: string; delimiter?: string }, signal: AbortSignal): Promise<Listed>;
}
