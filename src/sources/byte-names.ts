import { printablePath } from '../lib/printable-path.ts';

/**
 * Names on a disk are bytes. Here a name is a string with one character a byte (latin1): nothing of it is lost, comparing two compares
 * their bytes, and it takes less room than a Buffer.
 */
export type ByteName = string;

export function byteName(text: string): ByteName {
  return Buffer.from(text).toString('latin1');
}

export function bytesOf(name: ByteName): Buffer {
  return Buffer.from(name, 'latin1');
}

/** As a key; U+FFFD stands where the bytes are no UTF-8. */
export function keyOf(name: ByteName): string {
  return isAscii(name) ? name : bytesOf(name).toString('utf8');
}

/** As people can read it. */
export function printable(name: ByteName): string {
  return printablePath(bytesOf(name));
}

function isAscii(name: ByteName): boolean {
  return !/[\x80-\xff]/.test(name);
}
