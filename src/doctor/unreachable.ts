import { networkWords } from '../lib/network-words.ts';
import { error, type Finding } from './finding.ts';

/** Why a server was not reached, and what helps. `option` is where its address stands. */
export function unreachable(check: string, host: string, option: string, cause: unknown): Finding {
  const { found, expected, todo } = networkWords(cause, { host, option });
  return error(check, found, expected, todo);
}
