import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readXml } from '../../../src/gateway/xml-reader.ts';
import { escaped } from '../../../src/gateway/xml-writer.ts';
import { codeOf } from './raw-request-of.ts';

const read = (text: string | Buffer, control = false) =>
  readXml(Buffer.from(text as string), { root: 'Delete', maxBytes: 10_000, control });

describe('XML from clients', () => {
  it.each([
    '<Delete><Object/></Delete>',
    '<?xml version="1.0" encoding="UTF-8"?><Delete><Object/></Delete>',
    '\uFEFF<Delete>\n <Object/>\n</Delete>\n',
    '<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Object/></Delete>',
    '<s3:Delete xmlns:s3="http://s3.amazonaws.com/doc/2006-03-01/"><s3:Object/></s3:Delete>',
    '<!-- hello --><Delete><Object/></Delete>',
  ])('%s is read', (text) => {
    expect(read(text)).toMatchObject({ name: 'Delete', children: [{ name: 'Object', text: '', children: [] }] });
  });

  it.each([
    ['nothing', ''],
    ['no XML', 'delete everything'],
    ['another root', '<Erase/>'],
    ['two roots', '<Delete/><Delete/>'],
    ['an open element', '<Delete><Object>'],
    ['another namespace', '<Delete xmlns="http://example.org/"/>'],
    ['an unbound prefix', '<s3:Delete/>'],
    ['a DOCTYPE', '<!DOCTYPE Delete><Delete/>'],
    ['an external entity', '<!DOCTYPE Delete [<!ENTITY x SYSTEM "file:///etc/passwd">]><Delete>&x;</Delete>'],
    [
      'an entity bomb',
      '<!DOCTYPE Delete [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]><Delete>&c;</Delete>',
    ],
    ['an unknown entity', '<Delete>&nbsp;</Delete>'],
    ['a processing instruction', '<Delete><?php evil ?></Delete>'],
    ['a style sheet', '<?xml-stylesheet href="x"?><Delete/>'],
    ['text beside elements', '<Delete>text<Object/></Delete>'],
    ['depth', `${'<Delete>'.repeat(9)}${'</Delete>'.repeat(9)}`],
    ['much depth', '<Delete>'.repeat(1000)],
    ['length', `<Delete>${' '.repeat(10_000)}</Delete>`],
    ['a control character', '<Delete>\u0001</Delete>'],
    ['a reference to one', '<Delete>&#1;</Delete>'],
    ['an attribute twice', '<Delete a="1" a="2"/>'],
    ['another encoding', '<?xml version="1.0" encoding="ISO-8859-1"?><Delete/>'],
    ['UTF-16', Buffer.from('<Delete/>', 'utf16le')],
    ['invalid UTF-8', Buffer.from([...Buffer.from('<Delete>'), 0xff, ...Buffer.from('</Delete>')])],
  ])('%s is MalformedXML', (_, text) => {
    expect(codeOf(() => read(text))).toBe('MalformedXML');
  });

  it('throws nothing but MalformedXML, whatever comes', () => {
    const piece = fc.constantFrom(
      '<',
      '>',
      '/',
      'Delete',
      '&',
      '#',
      ';',
      '"',
      '!',
      '[',
      ']',
      '?',
      'xml',
      ' ',
      '=',
      'é',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        expect([undefined, 'MalformedXML']).toContain(codeOf(() => read(`<Delete>${pieces.join('')}</Delete>`)));
        expect([undefined, 'MalformedXML']).toContain(codeOf(() => read(pieces.join(''))));
      }),
    );
  });
});

describe('text in XML', () => {
  it('comes back as it was, from the strictest of characters too', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }).filter((text) => !/[\0\uFFFE\uFFFF]/.test(text)),
        (text) => {
          expect(read(`<Delete>${escaped(text)}</Delete>`, true).text).toBe(text.toWellFormed());
        },
      ),
    );
  });

  it('is safe beside elements and attributes', () => {
    expect(escaped(`<a b="c" d='e'>&\u0001\r\n</a>`)).toBe(
      '&lt;a b=&quot;c&quot; d=&apos;e&apos;&gt;&amp;&#1;&#13;&#10;&lt;/a&gt;',
    );
  });
});
