import { readFileSync } from 'node:fs';
import { type Finding, ok, warning } from './finding.ts';

/**
 * The descriptors that this process may have: the hard limit, to which Node raises the soft one (proc(5), "limits"). Undefined: the system
 * does not tell.
 */
export function descriptorLimit(file = '/proc/self/limits'): number | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    // Some containers hide /proc. Nothing else of the check depends on it.
    return undefined;
  }
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(text)?.[1] ?? 'unlimited';
  return hard === 'unlimited' ? Number.POSITIVE_INFINITY : Number(hard);
}

/** @param needed connections of clients and to stores, and files, if all come at once. */
export function descriptorVerdict(limit: number | undefined, needed: number): Finding {
  const check = 'limits.descriptors';
  if (limit === undefined) return ok(check, 'not told by this system');
  if (limit >= needed) return ok(check, `${limit} may be open`);
  return warning(
    check,
    `${limit} descriptors may be open`,
    `${needed}: what maxConnections and the rest allow for`,
    'LimitNOFILE=65536 in the systemd unit (this shell may have another limit), or lower read.maxConnections',
  );
}
