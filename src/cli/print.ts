import { once } from 'node:events';

/** Writes to standard output, and waits where its reader is slower: a long list does not pile up in memory. */
export async function print(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}
