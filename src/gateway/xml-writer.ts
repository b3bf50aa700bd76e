/** A piece of XML, escaped already. */
export interface Xml {
  readonly xml: string;
}

const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n';
const namespace = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** An element around other elements, or around text. Undefined children are left out. */
export function xml(name: string, content: string | number | boolean | readonly (Xml | undefined)[]): Xml {
  const inner =
    typeof content === 'object' ? content.map((piece) => piece?.xml ?? '').join('') : escaped(String(content));
  return { xml: `<${name}>${inner}</${name}>` };
}

/** A whole document in S3's namespace. */
export function s3Document(root: string, content: readonly (Xml | undefined)[] | string): string {
  return `${declaration}${xml(root, content).xml.replace(`<${root}>`, `<${root} xmlns="${namespace}">`)}`;
}

/** A whole document without a namespace, as S3's errors are. */
export function plainDocument(root: string, content: readonly Xml[]): string {
  return declaration + xml(root, content).xml;
}

/**
 * Text for an element or an attribute. What XML 1.0 cannot hold is written as a reference nevertheless, as S3 does: left out, it would
 * name another key.
 */
export function escaped(text: string): string {
  return text
    .toWellFormed()
    .replace(/[&<>"'\p{Cc}\u2028\uFFFE\uFFFF]/gu, (character) => named[character] ?? `&#${character.codePointAt(0)};`);
}

const named: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};
