import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeCertificate } from '../support/certificates.ts';
import { needs } from '../support/left-out.ts';
import { documentation, fencedBlocks, type Page } from '../support/markdown.ts';
import { checkNginx } from '../support/nginx.ts';

const readme: Page = { name: 'README.md', text: readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8') };
const shown = [readme, ...documentation()].flatMap(({ name, text }) =>
  fencedBlocks(text)
    .filter(({ language }) => language === 'nginx')
    .map((block) => ({ name, ...block })),
);

describe.skipIf(needs('nginx').skip)('what the pages show of nginx', () => {
  test.each(shown)('is accepted by nginx: $name, line $line', async ({ text }) => {
    const inServer = /^\s*location /.test(text);
    const { cert, key } = makeCertificate(['example.social']);
    const tls = `ssl_certificate ${cert}; ssl_certificate_key ${key};`;
    expect(await checkNginx(inServer ? `server { listen 127.0.0.1:1; ${text} }` : `${tls}\n${text}`)).toMatch(
      /successful/,
    );
  });

  test('is something', () => {
    expect(shown.length).toBeGreaterThan(0);
  });
});
