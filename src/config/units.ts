import { z } from 'zod';

const bytesPer = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
} as const;

const msPer = { ms: 1, s: 1e3, m: 60e3, h: 3600e3, d: 86400e3 } as const;

const sizePattern = /^(\d+) ?(B|kB|KB|MB|GB|TB|KiB|MiB|GiB|TiB)?$/;
const durationPattern = /^(\d+) ?(ms|s|m|h|d)$/;

const sizeForms =
  'must be a size: a whole number of bytes, or one with a unit: B, KB, MB, GB, TB, KiB, MiB, GiB, TiB (512MiB)';
const durationForms = 'must be a duration: a whole number with a unit: ms, s, m, h, d (250ms, 60s, 10m, 24h, 7d)';

const ratePattern = /^(\d{1,9})\/s$/;
const throughputForms = 'must be off, or a size per second: 500KiB/s, 5MiB/s';
const rateForms = 'must be off, or a whole number per second: 100/s';

/** Timers count in 31 bits of milliseconds: a longer one fires at once. */
const longest = '24d';

/** Bytes in `512MiB`, `64KiB`, `5MB`, `1024`; undefined where the text is no size. */
export function parseSize(text: string): number | undefined {
  const [, digits, unit = 'B'] = sizePattern.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const bytes = Number(digits) * bytesPer[unit as keyof typeof bytesPer];
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** Milliseconds in `250ms`, `60s`, `10m`, `24h`, `7d`; undefined where the text is no duration. A unit is never guessed. */
export function parseDuration(text: string): number | undefined {
  const [, digits, unit] = durationPattern.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const ms = Number(digits) * msPer[unit as keyof typeof msPer];
  return Number.isSafeInteger(ms) ? ms : undefined;
}

/** Bytes per second in `5MiB/s`; undefined where the text is none. */
export function parseThroughput(text: string): number | undefined {
  return text.endsWith('/s') ? parseSize(text.slice(0, -2)) : undefined;
}

/** Times per second in `100/s`; undefined where the text is none. */
export function parseRate(text: string): number | undefined {
  const [, digits] = ratePattern.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

/** Schema of a size; gives bytes. Bounds are written the way an operator writes them, and are inclusive. */
export function size({ least = '1B', most = '1024TiB' }: { least?: string; most?: string } = {}) {
  return z
    .union([z.int().min(0, { abort: true }), z.string().regex(sizePattern, { abort: true })], { error: sizeForms })
    .transform((value, context) => {
      const bytes = typeof value === 'number' ? value : parseSize(value);
      if (bytes !== undefined && bytes >= parseSize(least)! && bytes <= parseSize(most)!) return bytes;
      context.addIssue({ code: 'custom', message: `must be a size from ${least} to ${most}` });
      return z.NEVER;
    });
}

/** Schema of a duration; gives milliseconds. Bounds are inclusive. */
export function duration({ least = '1ms', most = longest }: { least?: string; most?: string } = {}) {
  return z
    .string({ error: durationForms })
    .regex(durationPattern, { error: durationForms, abort: true })
    .transform((text, context) => {
      const ms = parseDuration(text);
      if (ms !== undefined && ms >= parseDuration(least)! && ms <= parseDuration(most)!) return ms;
      context.addIssue({ code: 'custom', message: `must be a duration from ${least} to ${most}` });
      return z.NEVER;
    });
}

/** Schema of a limit in bytes; gives bytes per second, or undefined for `off`: no limit. At least 1KiB/s: slower, nothing would ever end. */
export function throughput() {
  return perSecond(parseThroughput, 1024, throughputForms);
}

/** Schema of a limit in times; gives times per second, or undefined for `off`: no limit. */
export function rate() {
  return perSecond(parseRate, 1, rateForms);
}

function perSecond(parse: (text: string) => number | undefined, least: number, forms: string) {
  return z.string({ error: forms }).transform((text, context) => {
    if (text === 'off') return undefined;
    const value = parse(text);
    if (value !== undefined && value >= least) return value;
    context.addIssue({ code: 'custom', message: forms });
    return z.NEVER;
  });
}

/** Schema of a duration that may be `off`, which gives undefined. */
export function durationOrOff(bounds: { least?: string; most?: string } = {}) {
  return z.union([z.literal('off').transform(() => undefined), duration(bounds)], {
    error: `${durationForms}, or off`,
  });
}
