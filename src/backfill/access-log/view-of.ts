import type { OneViewer } from './one-viewer.ts';

/** What a request's answer tells of it. */
export interface Answered {
  readonly method: string;
  readonly status: number;
  readonly key: string;
  readonly address: string;
  readonly atMs: number;
}

/** Whether it is a view: somebody asked for the key and was answered with it, or that he has it. */
export function isView({ method, status, key, address, atMs }: Answered, viewers: OneViewer): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  return status === 200 || status === 304 || (status === 206 && viewers.begins(address, key, atMs));
}
