import { clockWords } from '../bucket/store-words.ts';
import { error, type Finding, ok, warning } from './finding.ts';

/** The most that a store forgives a signature (S3: RequestTimeTooSkewed), in milliseconds. */
const forgivenMs = 15 * 60_000;
const worthSayingMs = 60_000;
const { todo } = clockWords;

/**
 * What the store's Date header (RFC 9110 §6.6.1, whole seconds) says of this machine's clock.
 *
 * @param askedMs the time here, in the middle between question and answer.
 */
export function clockVerdict(date: string | undefined, askedMs: number): Finding {
  const theirs = Date.parse(date ?? '');
  if (Number.isNaN(theirs)) return ok('clock', 'the store does not tell its time');
  const offMs = askedMs - theirs;
  const seconds = Math.round(Math.abs(offMs) / 1000);
  const found = `this machine is ${seconds} s ${offMs < 0 ? 'behind' : 'ahead of'} the store`;
  if (Math.abs(offMs) > forgivenMs) return error('clock', found, 'less than 15 min, or signatures are refused', todo);
  if (Math.abs(offMs) > worthSayingMs) return warning('clock', found, 'less than 60 s', todo);
  return ok('clock', 'agrees with the store');
}

/** The store refused a signature because of its time. */
export function clockRefused(): Finding {
  return error('clock', clockWords.found, clockWords.expected, todo);
}
