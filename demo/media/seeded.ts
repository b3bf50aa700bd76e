/** Random numbers in [0, 2^32) that are the same for the same seed (xorshift32 over a scrambled seed). */
export function seededNumbers(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x9e3779b1) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
}

/** Bytes that do not compress and are the same for the same seed. */
export function seededBytes(seed: number, length: number): Buffer {
  const next = seededNumbers(seed);
  const words = new Uint32Array(Math.ceil(length / 4));
  for (let i = 0; i < words.length; i++) words[i] = next();
  return Buffer.from(words.buffer, 0, length);
}

/** Printable text of that length. */
export function seededText(seed: number, length: number): Buffer {
  return Buffer.from(
    seededBytes(seed, Math.ceil(length / 2))
      .toString('hex')
      .slice(0, length),
    'latin1',
  );
}
