import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Announced } from './payload.ts';
import { S3Error } from './s3-error.ts';

interface Check {
  update(chunk: Buffer): void;
  /** What is wrong, after the last chunk. */
  problem(): S3Error | undefined;
}

/** Every digest that a client announced, computed while the bytes pass. */
export class BodyDigests {
  readonly #checks: readonly Check[];

  constructor(announced: Announced) {
    const { sha256, md5, sha1, checksumSha256, crc32: crc } = announced;
    this.#checks = [
      ...(sha256 === undefined ? [] : [hashed('sha256', Buffer.from(sha256, 'hex'), signedHash)]),
      ...(md5 === undefined ? [] : [hashed('md5', md5, badDigest('Content-MD5'))]),
      ...(sha1 === undefined ? [] : [hashed('sha1', sha1, badDigest('x-amz-checksum-sha1'))]),
      ...(checksumSha256 === undefined ? [] : [hashed('sha256', checksumSha256, badDigest('x-amz-checksum-sha256'))]),
      ...(crc === undefined ? [] : [cyclic(crc)]),
    ];
  }

  update(chunk: Buffer): void {
    for (const check of this.#checks) check.update(chunk);
  }

  /** The first digest that does not match. To be asked once, after the last chunk. */
  problem(): S3Error | undefined {
    for (const check of this.#checks) {
      const problem = check.problem();
      if (problem) return problem;
    }
    return undefined;
  }
}

function hashed(algorithm: string, expected: Buffer, failure: () => S3Error): Check {
  const hash = createHash(algorithm);
  return {
    update: (chunk) => void hash.update(chunk),
    problem: () => (hash.digest().equals(expected) ? undefined : failure()),
  };
}

function cyclic(expected: number): Check {
  let value = 0;
  return {
    update: (chunk) => {
      value = crc32(chunk, value);
    },
    problem: () => (value === expected ? undefined : badDigest('x-amz-checksum-crc32')()),
  };
}

const badDigest = (header: string) => () => new S3Error('BadDigest', `The body that came does not match ${header}.`);

const signedHash = () =>
  new S3Error(
    'XAmzContentSHA256Mismatch',
    'The body that came does not match the x-amz-content-sha256 of its signature.',
  );
