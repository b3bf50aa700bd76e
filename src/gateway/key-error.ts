import { type KeyProblem, keyProblem } from '../media/key.ts';
import { S3Error, type S3ErrorCode } from './s3-error.ts';

const refusals: Readonly<Record<KeyProblem, readonly [code: S3ErrorCode, message: string]>> = {
  empty: ['InvalidArgument', 'The key is empty.'],
  'bad-escape': ['InvalidURI', 'A percent-escape in the key is malformed.'],
  'bad-utf8': ['InvalidURI', 'The key is not valid UTF-8.'],
  'bad-character': ['InvalidURI', 'A key may hold neither control characters nor backslashes here.'],
  'double-encoded': ['InvalidArgument', 'The key is percent-encoded twice.'],
  'empty-segment': ['InvalidURI', 'A key may not begin with a slash or hold two in a row here.'],
  'dot-segment': ['InvalidURI', 'A key may not hold "." or ".." as a segment here.'],
  'trailing-slash': ['InvalidArgument', 'A key may not end with a slash here.'],
  'dot-file': ['InvalidArgument', 'A segment of a key may not begin with a dot here.'],
  reserved: ['AccessDenied', 'Keys under _upstairs/ are reserved.'],
  'too-long': ['KeyTooLongError', 'A key may be 1024 bytes long, a segment of it 255.'],
};

/**
 * Why a decoded key is refused, if it is. The reading side serves no key of another form, so none is written either: a mark would not
 * reach it.
 */
export function keyError(key: string): S3Error | undefined {
  const problem = keyProblem(key);
  if (problem === undefined) return undefined;
  const [code, message] = refusals[problem];
  return new S3Error(code, message);
}
