import { operationsOf, type SourceConfig } from '../config/sources-schema.ts';

/** Threads of libuv's pool beside those that disks may hold. */
const spareThreads = 8;

/** The program that scans, a process of its own: beside this file, whether that is the source or was built. */
export const scanSources = new URL(import.meta.url.replace(/scan-program(\.[jt]s)$/, 'scan-sources$1'));

export function scanThreads(sources: readonly SourceConfig[]): number {
  return sources.reduce((sum, source) => sum + operationsOf(source), spareThreads);
}
