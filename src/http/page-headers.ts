/** For pages of ours: they load what is theirs, and nobody shows them in a frame. */
export function pageHeaders(policy: string): Record<string, string> {
  return {
    'content-security-policy': policy,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  };
}

const nothingElse = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Scripts, styles and connections of the page's own origin; the icon is in the page. Its forms are sent by script alone. */
export const operatorPolicy = `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; ${nothingElse}`;

/** A page without scripts. */
export const publicPolicy = `default-src 'none'; style-src 'self'; img-src data:; ${nothingElse}`;
