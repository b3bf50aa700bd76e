import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';

/** What people read who meet it in a browser. */
const sentences: Readonly<Record<number, string>> = {
  421: 'There is no such site here.',
  502: 'The server behind this one cannot be reached. Please try again in a moment.',
  504: 'The server behind this one did not answer in time. Please try again in a moment.',
};

/** Answers in place of Mastodon, in a way that no cache keeps: a page for browsers, a line for others. */
export function refuseInstead(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  { closing = false } = {},
): void {
  const title = `${status} ${STATUS_CODES[status] ?? ''}`;
  const sentence = sentences[status] ?? '';
  const html = /\btext\/html\b/i.test(request.headers.accept ?? '');
  const body = html
    ? `<!doctype html>\n<meta charset="utf-8">\n<title>${title}</title>\n<h1>${title}</h1>\n<p>${sentence}</p>\n`
    : `${title}\n${sentence}\n`;
  const headers = {
    'content-type': `text/${html ? 'html' : 'plain'}; charset=utf-8`,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(status === 502 && { 'retry-after': '5' }),
    ...(status === 405 && { allow: 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS' }),
    ...(closing && request.httpVersionMajor === 1 && { connection: 'close' }),
  };
  response.writeHead(status, headers).end(request.method === 'HEAD' ? undefined : body);
}
