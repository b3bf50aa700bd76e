/**
 * A path as people can read and tell it from every other: what is no UTF-8, does not print, or could be taken for a space or an escape is
 * written `\xNN`, byte by byte.
 */
export function printablePath(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!/[^ -[\]-~]/.test(buffer.toString('latin1'))) return buffer.toString('latin1');
  let text = '';
  for (let at = 0; at < buffer.length; ) {
    const length = lengthOf(buffer, at);
    const character = buffer.toString('utf8', at, at + length);
    text += plain(character) ? character : escaped(buffer.subarray(at, at + length));
    at += length;
  }
  return text;
}

/** Bytes of the character that begins here; 1 where none does. */
function lengthOf(buffer: Buffer, at: number): number {
  for (let length = 1; length <= 4 && at + length <= buffer.length; length++) {
    const character = buffer.toString('utf8', at, at + length);
    if (!character.includes('\uFFFD')) return length;
  }
  return 1;
}

function plain(character: string): boolean {
  return character === ' ' || !/[\p{C}\p{Z}\\\uFFFD]/u.test(character);
}

function escaped(bytes: Buffer): string {
  return Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}
