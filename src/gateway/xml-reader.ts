import { SaxesParser } from 'saxes';
import { S3Error } from './s3-error.ts';

export interface XmlElement {
  readonly name: string;
  /** All of its own text, white space included. */
  readonly text: string;
  readonly children: readonly XmlElement[];
  /** `xsi:type`. */
  readonly type: string | undefined;
}

export interface XmlLimits {
  readonly root: string;
  readonly maxBytes: number;
  /** Also what XML 1.0 cannot say: references to control characters, as stores give them for keys that hold such. */
  readonly control?: boolean;
}

const namespaces: ReadonlySet<string> = new Set(['', 'http://s3.amazonaws.com/doc/2006-03-01/']);
const instance = 'http://www.w3.org/2001/XMLSchema-instance';
/** S3's deepest document, an ACL, has 5 levels. */
const maxDepth = 8;

/**
 * Reads a small document of S3's own vocabulary, with or without its namespace. Throws MalformedXML for anything else: other roots, a
 * DOCTYPE, entities beyond XML's five, processing instructions, text beside elements, invalid UTF-8, depth.
 */
export function readXml(document: Buffer, limits: XmlLimits): XmlElement {
  if (document.length > limits.maxBytes) throw malformed(`it is longer than ${limits.maxBytes} bytes`);
  try {
    const root = parsed(utf8.decode(document), limits);
    if (root.name !== limits.root) throw malformed(`it must be a ${limits.root}`);
    return root;
  } catch (cause) {
    if (cause instanceof S3Error) throw cause;
    throw malformed('it is not well-formed', cause);
  }
}

/** Its children must have these names, or the document is malformed. */
export function childrenOf(element: XmlElement, ...names: readonly string[]): readonly XmlElement[] {
  if (element.children.some(({ name }) => !names.includes(name)))
    throw malformed(`${element.name} holds something else`);
  return element.children;
}

/** The text of a child that may come once. Undefined: it is not there. */
export function textOf(element: XmlElement, name: string): string | undefined {
  const [child, ...others] = element.children.filter((candidate) => candidate.name === name);
  if (child === undefined) return undefined;
  if (others.length > 0 || child.children.length > 0) throw malformed(`${element.name} must hold one ${name}`);
  return child.text;
}

export function malformed(why: string, cause?: unknown): S3Error {
  return new S3Error('MalformedXML', `The XML was not taken: ${why}.`, cause === undefined ? {} : { cause });
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

interface Open extends XmlElement {
  text: string;
  readonly children: Open[];
}

function parsed(text: string, { control = false }: XmlLimits): XmlElement {
  const parser = new SaxesParser({ xmlns: true, position: false, ...(control ? xml11 : {}) });
  const path: Open[] = [];
  let root: Open | undefined;
  parser.on('opentag', ({ local, uri, attributes }) => {
    if (path.length >= maxDepth) throw malformed('it is too deep');
    if (!namespaces.has(uri)) throw malformed('its namespace is not that of S3');
    const type = Object.values(attributes).find(
      (attribute) => attribute.uri === instance && attribute.local === 'type',
    );
    const element: Open = { name: local, text: '', children: [], type: type?.value };
    path.at(-1)?.children.push(element);
    root ??= element;
    path.push(element);
  });
  parser.on('closetag', () => {
    const element = path.pop();
    if (element && element.children.length > 0 && element.text.trim() !== '')
      throw malformed(`${element.name} holds text beside elements`);
  });
  const addText = (piece: string) => {
    const element = path.at(-1);
    if (element) element.text += piece;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('xmldecl', ({ encoding = 'utf-8' }) => {
    if (encoding.toLowerCase() !== 'utf-8') throw malformed('it must be UTF-8');
  });
  parser.on('doctype', () => {
    throw malformed('it has a DOCTYPE');
  });
  parser.on('processinginstruction', () => {
    throw malformed('it has a processing instruction');
  });
  parser.write(control ? text.replace(lineEnds, reference) : text).close();
  if (root === undefined) throw malformed('it is empty');
  return root;
}

/** XML 1.1 §2.2 allows references to control characters; §2.11 takes more than 1.0 for line ends, which keys must not suffer. */
const xml11 = { defaultXMLVersion: '1.1', forceXMLVersion: true } as const;
const lineEnds = /[\u0085\u2028]/g;

function reference(character: string): string {
  return `&#${character.charCodeAt(0)};`;
}
