import { pipeline, type Readable, Transform } from 'node:stream';

/** A body that ended before or after its announced length. */
export class LengthError extends Error {
  override readonly name = 'LengthError';
  readonly code = 'LENGTH_MISMATCH';
}

/** The same bytes, but an error instead of an end that comes too early or too late. Destroying the result destroys `body`. */
export function exactly(body: Readable, size: number): Readable {
  let seen = 0;
  const counter = new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      seen += chunk.length;
      if (seen > size) callback(new LengthError(`more than the announced ${size} bytes`));
      else callback(null, chunk);
    },
    flush(callback) {
      callback(seen === size ? null : new LengthError(`${seen} of ${size} bytes`));
    },
  });
  // The error reaches whoever reads the counter; pipeline needs a callback so that it is not thrown.
  return pipeline(body, counter, () => undefined);
}
