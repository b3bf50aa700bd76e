import { numberAsked } from './number-asked.ts';
import { S3Error } from './s3-error.ts';
import { childrenOf, malformed, readXml, textOf, type XmlElement } from './xml-reader.ts';
import { s3Document, xml } from './xml-writer.ts';

export interface CompletedPart {
  readonly partNumber: number;
  /** Without quotes. */
  readonly etag: string;
}

/** S3 user guide, "Amazon S3 multipart upload limits". */
const maxParts = 10_000;
export const maxCompleteBytes = 1024 * 1024;

/** A part's checksums were verified when it came. */
const checksums = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'].map((name) => `Checksum${name}`);

/** Throws an S3Error: MalformedXML, InvalidArgument for a part's number, InvalidPartOrder. */
export function readCompleteRequest(document: Buffer): readonly CompletedPart[] {
  const root = readXml(document, { root: 'CompleteMultipartUpload', maxBytes: maxCompleteBytes });
  const elements = childrenOf(root, 'Part');
  if (elements.length === 0 || elements.length > maxParts) throw malformed(`there must be 1 to ${maxParts} parts`);
  const parts = elements.map(partOf);
  for (const [index, { partNumber }] of parts.entries())
    if (index > 0 && partNumber <= (parts[index - 1]?.partNumber ?? 0))
      throw new S3Error('InvalidPartOrder', 'The parts must be in ascending order of their numbers.');
  return parts;
}

/** The same list for the store. */
export function completeRequestXml(parts: readonly CompletedPart[]): string {
  return s3Document(
    'CompleteMultipartUpload',
    parts.map(({ partNumber, etag }) => xml('Part', [xml('PartNumber', partNumber), xml('ETag', `"${etag}"`)])),
  );
}

function partOf(element: XmlElement): CompletedPart {
  childrenOf(element, 'PartNumber', 'ETag', ...checksums);
  const partNumber = numberAsked('PartNumber', textOf(element, 'PartNumber')?.trim(), 1, maxParts);
  const etag = /^"?([!#-~]{1,256}?)"?$/.exec(textOf(element, 'ETag')?.trim() ?? '')?.[1];
  if (partNumber === undefined || etag === undefined) throw malformed('a Part needs a PartNumber and an ETag');
  return { partNumber, etag };
}
