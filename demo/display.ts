import { stdout } from 'node:process';
import { styleText } from 'node:util';
import type { CopyProgress } from './metrics.ts';
import { type Shares, type Tier, tiers } from './tally.ts';

/** A bar's line without the bar: a wrapped line would spoil the drawing. */
const besideBar = 58;
const looks = {
  basement: { glyph: '█', colour: 'yellow' },
  bucket: { glyph: '▓', colour: 'cyan' },
  cache: { glyph: '░', colour: 'green' },
  failed: { glyph: '!', colour: 'red' },
} as const;

/**
 * Shows each second where the answers came from: on a terminal as a growing picture that is drawn anew, elsewhere as a line a second.
 * `styleText` leaves colours out where NO_COLOR says so or the output is no terminal.
 */
export class Display {
  readonly #live = stdout.isTTY === true;
  readonly #bars: string[] = [];
  #drawn = 0;

  /** What this second brought. */
  second(seconds: number, shares: Shares, copies: CopyProgress): void {
    const { copied, wanted, others, bytes } = copies;
    const status = `${copied} of ${copied + wanted + others} files asked for are in the bucket, ${megabytes(bytes)} up`;
    if (!this.#live) {
      say(`${seconds} s: ${sumOf(shares)} answers: ${percentages(shares)}; ${status}`);
      return;
    }
    this.#bars.push(`${String(seconds).padStart(4)} s ${bar(shares, barWidth())}  ${percentages(shares)}`);
    const legend = tiers.slice(0, 3).map((tier) => `${painted(tier, looks[tier].glyph)} ${tier}`);
    const room = Math.max(1, (stdout.rows ?? 24) - 6);
    const lines = [
      `       where answers came from: ${legend.join('  ')}`,
      ...this.#bars.slice(-room),
      `       ${status}`,
    ];
    // Up to where the last picture began, and away with it.
    const back = this.#drawn > 0 ? `\x1b[${this.#drawn}A\x1b[J` : '';
    stdout.write(`${back}${lines.join('\n')}\n`);
    this.#drawn = lines.length;
  }
}

export function say(text = ''): void {
  stdout.write(`${text}\n`);
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** `basement 70%, bucket 10%, cache 20%`: failed answers are mentioned only if there are any. */
export function percentages(shares: Shares): string {
  const sum = Math.max(1, sumOf(shares));
  const shown = tiers.filter((tier) => tier !== 'failed' || shares.failed > 0);
  return shown.map((tier) => `${tier} ${String(Math.round((100 * shares[tier]) / sum)).padStart(2)}%`).join(', ');
}

export function sumOf(shares: Shares): number {
  return tiers.reduce((sum, tier) => sum + shares[tier], 0);
}

function barWidth(): number {
  return Math.max(10, Math.min(40, (stdout.columns || 80) - besideBar));
}

/** The ends of the parts are rounded, not their lengths, so that the bar is always as long. */
function bar(shares: Shares, width: number): string {
  const sum = sumOf(shares);
  if (sum === 0) return ' '.repeat(width);
  let counted = 0;
  return tiers
    .map((tier) => {
      const from = Math.round((width * counted) / sum);
      counted += shares[tier];
      return painted(tier, looks[tier].glyph.repeat(Math.round((width * counted) / sum) - from));
    })
    .join('');
}

function painted(tier: Tier, text: string): string {
  return text === '' ? '' : styleText(looks[tier].colour, text);
}
