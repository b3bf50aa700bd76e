import { unlessAborted } from '../lib/unless-aborted.ts';
import { within } from '../lib/within.ts';
import { error, type Finding } from './finding.ts';

/** Checks that belong together. What they found before they broke off, or before their time was up, counts. */
export interface Area {
  readonly name: string;
  readonly limitMs: number;
  /** Waits for nothing that outlives the signal by more than a moment. */
  run(signal: AbortSignal): AsyncGenerator<Finding>;
}

/** How long an area may take to tidy up once its time is up, in milliseconds. */
const tidyMs = 5000;

/**
 * Examines all areas at once: one that fails or hangs does not hide the others. Findings come in the order of the areas. `signal` breaks all
 * of them off; they may tidy up then, and what they found so far counts.
 */
export async function examine(areas: readonly Area[], signal: AbortSignal): Promise<Finding[]> {
  return (await Promise.all(areas.map((area) => examined(area, signal)))).flat();
}

async function examined(area: Area, brokenOffBy: AbortSignal): Promise<Finding[]> {
  const findings: Finding[] = [];
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, brokenOffBy]);
  let over = false;
  const running = (async () => {
    try {
      for await (const finding of area.run(signal)) findings.push(finding);
    } catch (cause) {
      if (!signal.aborted) findings.push(brokenOff(area.name, cause));
    }
    over = true;
  })();
  await within(
    unlessAborted(running, brokenOffBy).catch(() => undefined),
    area.limitMs,
  );
  if (!over) {
    stop.abort();
    await within(running, tidyMs);
    if (brokenOffBy.aborted) return findings;
    findings.push(
      error(
        area.name,
        `the checks did not end within ${area.limitMs / 1000} s`,
        'an answer to each',
        'see the other lines: something hangs or is very slow; mend that first and check again',
      ),
    );
  }
  return findings;
}

/** What a check did not expect. The code alone: a message may quote what it was about. */
export function brokenOff(check: string, cause: unknown): Finding {
  const { code, name } = cause as { code?: unknown; name?: unknown };
  const why = typeof code === 'string' ? code : typeof name === 'string' ? name : 'unknown error';
  return error(check, `the check broke off (${why})`, 'an answer', 'mend what else is found, and check again');
}
