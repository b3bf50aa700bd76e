import { html, type Markup } from './markup.ts';

/** A house, with what was below going up: no file of its own, so that a page needs nothing but its style. */
const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' height='16' rx='4' fill='%230b6b5d'/%3E%3Cpath d='M3 12h3V9h3V6h3V3' fill='none' stroke='white' stroke-width='2'/%3E%3C/svg%3E";

export interface DocumentParts {
  readonly title: string;
  /** URLs. */
  readonly styles: readonly string[];
  /** What else belongs into the head. */
  readonly head?: Markup;
  readonly body: Markup;
}

/** A whole page. */
export function htmlDocument({ title, styles, head, body }: DocumentParts): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<link rel="icon" href="${icon}">
${styles.map((href) => html`<link rel="stylesheet" href="${href}">\n`)}${head}</head>
<body>
${body}
</body>
</html>
`.text;
}
