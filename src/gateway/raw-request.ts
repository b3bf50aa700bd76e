/** A request to the write host as it came over the wire, before anything in it is believed. */
export interface RawRequest {
  readonly method: string;
  /** What stands before `?`, still percent-encoded. */
  readonly rawPath: string;
  /** What stands behind `?`, still percent-encoded; '' when there is none. */
  readonly rawQuery: string;
  /** Names in lower case, in the order of the wire; a name may come more than once. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** The value of a header that may come once. Undefined: it is not there. Several lines are joined by `,` (RFC 9110 §5.3). */
export function headerOf(request: RawRequest, name: string): string | undefined {
  const values = request.headers.filter(([other]) => other === name).map(([, value]) => value);
  return values.length === 0 ? undefined : values.join(',');
}
