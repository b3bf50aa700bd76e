import { Readable } from 'node:stream';

/** A stream of what `next` gives, one call at a time, until null; its rejection breaks the stream. `closed` is told once, however it ends. */
export function pulled(next: () => Promise<Buffer | null>, closed: () => void, highWaterMark: number): Readable {
  return new Readable({
    highWaterMark,
    read() {
      next().then(
        (chunk) => this.push(chunk),
        (error) => this.destroy(error),
      );
    },
    destroy(error, callback) {
      closed();
      callback(error);
    },
  });
}
