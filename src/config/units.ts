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

/** Schema of a duration that may be `off`, which gives undefined. */
export function durationOrOff(bounds: { least?: string; most?: string } = {}) {
  return z.union([z.literal('off').transform(() => undefined), duration(bounds)], {
    error: `${durationForms}, or off`,
  });
}
