import type { RawRequest } from '../../src/gateway/raw-request.ts';

export interface Change {
  readonly what: string;
  readonly request: RawRequest;
}

/** Whatever somebody on the way could change in a signed request, one thing at a time. */
export function* singleChanges(request: RawRequest, signedHeaders: ReadonlySet<string>): Generator<Change> {
  const { method, rawPath, rawQuery, headers } = request;
  yield { what: 'the method', request: { ...request, method: method === 'GET' ? 'PUT' : 'GET' } };
  for (let at = 1; at < rawPath.length; at++)
    yield { what: `byte ${at} of the path`, request: { ...request, rawPath: changedAt(rawPath, at) } };
  yield { what: 'a longer path', request: { ...request, rawPath: `${rawPath}a` } };
  yield { what: 'a shorter path', request: { ...request, rawPath: rawPath.replace(/(%..|.)$/, '') } };
  yield { what: 'another slash in the path', request: { ...request, rawPath: `/${rawPath}` } };
  for (const [what, changed] of queries(rawQuery))
    if (changed !== rawQuery) yield { what, request: { ...request, rawQuery: changed } };
  for (const [i, [name, value]] of headers.entries()) {
    if (name !== 'authorization' && !signedHeaders.has(name)) continue;
    const others = headers.filter((_, j) => j !== i);
    for (const changed of name === 'authorization' ? authorizations(value) : values(value))
      if (changed !== value)
        yield { what: `${name}: ${changed}`, request: { ...request, headers: [...others, [name, changed]] } };
    yield { what: `no ${name}`, request: { ...request, headers: others } };
    yield { what: `${name} twice`, request: { ...request, headers: [...headers, [name, value]] } };
    yield { what: `${name} of another name`, request: { ...request, headers: [...others, [`x-${name}`, value]] } };
  }
  yield { what: 'an x-amz header more', request: { ...request, headers: [...headers, ['x-amz-acl-more', 'a']] } };
}

function* queries(rawQuery: string): Generator<[what: string, rawQuery: string]> {
  for (let at = 0; at < rawQuery.length; at++) yield [`byte ${at} of the query`, changedAt(rawQuery, at)];
  const pairs = rawQuery === '' ? [] : rawQuery.split('&');
  for (const [i, pair] of pairs.entries()) {
    yield [`without ${pair}`, pairs.filter((_, j) => j !== i).join('&')];
    yield [`${pair} twice`, [...pairs, pair].join('&')];
  }
  for (const added of ['acl', 'versionId=1', 'a+b=c', '']) yield [`with ${added}`, [...pairs, added].join('&')];
}

function* values(value: string): Generator<string> {
  yield `${value}x`;
  yield `x${value}`;
  yield `${value},`;
  if (value.trim() !== '') yield '';
  for (let at = 0; at < value.length; at++) if (!/[ \t]/.test(value[at] ?? '')) yield changedAt(value, at);
}

/** Every byte; where the parts are parted there is nothing to change. */
function* authorizations(value: string): Generator<string> {
  for (let at = 0; at < value.length; at++) if (value[at] !== ' ') yield changedAt(value, at);
  yield value.replace(/host;|;host/, '');
  yield value.replace(';x-amz-date', '');
  yield value.replace('Signature=', 'Signature=0');
  yield `${value}0`;
  yield `${value},Signature=${'0'.repeat(64)}`;
}

function changedAt(text: string, at: number): string {
  return `${text.slice(0, at)}${another(text[at] ?? '')}${text.slice(at + 1)}`;
}

/** A hex digit stays one, so that it is not the form that is refused. */
function another(char: string): string {
  if (/[0-9]/.test(char)) return String((Number(char) + 1) % 10);
  if (/[a-eA-E]/.test(char)) return String.fromCharCode(char.charCodeAt(0) + 1);
  return char === 'f' ? 'a' : char === 'F' ? 'A' : char === 'x' ? 'y' : 'x';
}
