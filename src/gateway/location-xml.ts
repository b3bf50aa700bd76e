import { s3Document } from './xml-writer.ts';

/** The answer to a GetBucketLocation: the region that clients sign for. S3's first region has no name there. */
export function locationXml(region: string): string {
  return s3Document('LocationConstraint', region === 'us-east-1' ? '' : region);
}
