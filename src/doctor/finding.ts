export type Level = 'ok' | 'warning' | 'error';

/** What one check says. It is printed: it holds no secret, and no text from the configuration that could be one. */
export interface Finding {
  readonly level: Level;
  /** Stable name, `area.what`: `bucket.conditional-put`, `sources.basement.modes`. */
  readonly check: string;
  readonly found: string;
  /** Empty where nothing is wrong. */
  readonly expected: string;
  /** What the operator can do; empty where nothing is wrong. */
  readonly todo: string;
}

export function ok(check: string, found: string): Finding {
  return { level: 'ok', check, found, expected: '', todo: '' };
}

export function warning(check: string, found: string, expected: string, todo: string): Finding {
  return { level: 'warning', check, found, expected, todo };
}

export function error(check: string, found: string, expected: string, todo: string): Finding {
  return { level: 'error', check, found, expected, todo };
}

/** The worst of them. */
export function worstOf(findings: readonly Finding[]): Level {
  if (findings.some(({ level }) => level === 'error')) return 'error';
  return findings.some(({ level }) => level === 'warning') ? 'warning' : 'ok';
}
