/** A look for series, each of whose labels has to be one that can be: `metric{label="value"}`. */
export interface Selector {
  readonly metric: string;
  readonly labels: readonly { readonly name: string; readonly value: string }[];
}

const selector = /((?:upstairs|process|nodejs)_[a-z_0-9]+|upstairs:[\w:]+|\bup\b)(?:\{([^}]*)\})?/g;
const matcher = /(\w+)\s*(?:=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"/g;

/**
 * What an expression looks for. A matcher that excludes has to name what can be too: else it excludes nothing. Of a pattern like `a|b` each;
 * other patterns are left out.
 */
export function selectorsIn(expr: string): Selector[] {
  return [...expr.matchAll(selector)].map(([, metric = '', inside = '']) => ({
    metric,
    labels: [...inside.matchAll(matcher)].flatMap(([, name = '', pattern = '']) =>
      /[.*+?()[\]\\^]/.test(pattern) ? [] : pattern.split('|').map((value) => ({ name, value })),
    ),
  }));
}
