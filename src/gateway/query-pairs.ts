import { S3Error } from './s3-error.ts';
import { strictDecode } from './strict-decode.ts';

export type QueryPairs = readonly (readonly [name: string, value: string])[];

/**
 * A query string, decoded. A bare `+` is refused with InvalidURI: some read it as a space, some as itself, and what was signed must be
 * what is done. A name without `=` has the value ''.
 */
export function queryPairs(rawQuery: string): QueryPairs {
  if (rawQuery === '') return [];
  if (rawQuery.includes('+'))
    throw new S3Error('InvalidURI', 'A bare + in the query has two meanings: send %20 for a space, %2B for a plus.');
  return rawQuery.split('&').map((pair) => {
    const equals = pair.indexOf('=');
    return equals < 0
      ? [strictDecode(pair), '']
      : [strictDecode(pair.slice(0, equals)), strictDecode(pair.slice(equals + 1))];
  });
}
