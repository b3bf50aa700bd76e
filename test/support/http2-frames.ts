/** Frames of HTTP/2 as they are on the wire (RFC 9113 §4.1), for what no client would send. */

/** Types of frames (RFC 9113 §6). */
export const types = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const endStream = 1;
export const endHeaders = 4;

export function frame(type: number, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** What a client begins with: the preface, and settings that change nothing. */
export const hello = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(types.settings, 0, 0)]);

export interface Asked {
  readonly method?: string;
  readonly host?: string;
  readonly path?: string;
  readonly fields?: readonly (readonly [string, string])[];
}

/** A block of fields: literals without indexing, uncompressed (RFC 7541 §6.2.2). */
export function fieldBlock(fields: readonly (readonly [string, string])[]): Buffer {
  return Buffer.concat(
    fields.flatMap((field) => [Buffer.of(0), ...field.map((text) => withLength(Buffer.from(text, 'latin1')))]),
  );
}

export function requestFields({
  method = 'GET',
  host = 'files.test',
  path = '/a.jpg',
  fields = [],
}: Asked = {}): Buffer {
  const pseudo = { ':method': method, ':scheme': 'https', ':authority': host, ':path': path };
  return fieldBlock([...Object.entries(pseudo), ...fields]);
}

export function request(stream: number, asked: Asked = {}, flags: number = endStream): Buffer {
  return frame(types.headers, flags | endHeaders, stream, requestFields(asked));
}

export function reset(stream: number, code: number): Buffer {
  return frame(types.reset, 0, stream, Buffer.of(0, 0, 0, code));
}

/** RFC 7541 §5.2 and §5.1: a prefix of seven bits, then the text as it is. */
function withLength(text: Buffer): Buffer {
  const length: number[] = [];
  let rest = text.length;
  if (rest < 127) length.push(rest);
  else {
    length.push(127);
    for (rest -= 127; rest >= 128; rest = Math.floor(rest / 128)) length.push((rest % 128) + 128);
    length.push(rest);
  }
  return Buffer.concat([Buffer.from(length), text]);
}
