import type { EndedScan } from '../verify/preconditions.ts';
import { ageWords, bytesWords } from '../verify/words.ts';

/** How often a terminal's line is written over, and a log gets another one, in milliseconds. */
const everyMs = { terminal: 200, log: 60_000 };

/** How far a verification is: one line that is written over on a terminal, a line a minute elsewhere. */
export function verifyProgress() {
  const terminal = process.stderr.isTTY === true;
  const intervalMs = terminal ? everyMs.terminal : everyMs.log;
  let beganMs = performance.now();
  let lastMs = beganMs;
  let files = 0;
  let written = false;
  const end = () => {
    if (written) process.stderr.write('\n');
    written = false;
  };
  const begin = (scans: readonly EndedScan[]) => {
    beganMs = performance.now();
    files = scans.reduce((sum, scan) => sum + scan.files, 0);
  };
  const show = ({ keys, bytes }: { readonly keys: number; readonly bytes: number }) => {
    const nowMs = performance.now();
    if (nowMs - lastMs < intervalMs) return;
    lastMs = nowMs;
    const tookMs = nowMs - beganMs;
    const left = keys > 0 && keys < files ? `, about ${ageWords((tookMs / keys) * (files - keys))} left` : '';
    const moved =
      bytes === 0 ? '' : `, ${bytesWords(bytes)} read, ${bytesWords(Math.round((bytes / tookMs) * 1000))}/s`;
    const text = `${keys} keys of about ${files}${moved}${left}`;
    process.stderr.write(terminal ? `\r${text}\u001b[K` : `${text}\n`);
    written = terminal;
  };
  return { begin, show, end };
}
