/** How far back graphs look. */
export const graphSpans = {
  '1h': { ms: 3_600_000, words: 'the last hour' },
  '24h': { ms: 86_400_000, words: 'the last 24 hours' },
  '7d': { ms: 7 * 86_400_000, words: 'the last 7 days' },
} as const;

export type GraphSpan = keyof typeof graphSpans;

export function graphSpan(text: unknown): GraphSpan | undefined {
  return typeof text === 'string' && Object.hasOwn(graphSpans, text) ? (text as GraphSpan) : undefined;
}
