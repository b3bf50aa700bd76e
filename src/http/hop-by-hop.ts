/** A field of a message's head, as it came. */
export type Field = readonly [name: string, value: string];

/** Meant for one connection, not for a message (RFC 9110 §7.6.1). Trailer goes with the trailers, which are not passed on. */
const ofTheConnection: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Whatever Connection says: without one of these a message is another, or ends elsewhere. */
const ofTheMessage: ReadonlySet<string> = new Set(['content-length', 'host']);

/** The fields of Node's flat list of names and values; no pseudo-fields of HTTP/2 (RFC 9113 §8.3). */
export function fieldsOf(rawHeaders: readonly string[]): Field[] {
  const fields: Field[] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const [name = '', value = ''] = rawHeaders.slice(i, i + 2);
    if (!name.startsWith(':')) fields.push([name, value]);
  }
  return fields;
}

/** Those that go on to the next hop, in their order and spelling. What Connection names goes no further either. */
export function endToEnd(fields: readonly Field[]): Field[] {
  const named = fields
    .filter(([name]) => name.toLowerCase() === 'connection')
    .flatMap(([, value]) => value.split(',').map((option) => option.trim().toLowerCase()));
  return fields.filter(([name]) => {
    const lower = name.toLowerCase();
    return !ofTheConnection.has(lower) && (ofTheMessage.has(lower) || !named.includes(lower));
  });
}
