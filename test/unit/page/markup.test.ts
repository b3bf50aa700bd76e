import fc from 'fast-check';
import { expect, test } from 'vitest';
import { html, Markup } from '../../../src/page/markup.ts';

/** What a browser makes of text without tags. */
function read(text: string): string {
  const names: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", '#96': '`' };
  return text.replaceAll(/&(amp|lt|gt|quot|#39|#96);/g, (_, name: string) => names[name] ?? '');
}

test('whatever text is put into a page stays text, and is read as it was', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (text) => {
      const { text: made } = html`<p title="${text}">${[text]}</p>`;
      const [, attribute = '', inside = ''] = /^<p title="([^"]*)">([^<]*)<\/p>$/s.exec(made) ?? [];
      expect([read(attribute), read(inside)]).toEqual([text, text]);
    }),
  );
});

test('markup goes in as it is, lists one after the other, and nothing where there is nothing', () => {
  const items = ['<a>', 'b'].map((name) => html`<li>${name}</li>`);
  expect(html`<ul>${items}${undefined}${false}${0}</ul>`).toEqual(new Markup('<ul><li>&lt;a&gt;</li><li>b</li>0</ul>'));
});
