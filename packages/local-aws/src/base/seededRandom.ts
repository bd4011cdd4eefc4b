/**
 * Makes a generator of numbers from 0 to 1 (exclusive), which are the same for the same seed: mulberry32,
 * https://github.com/bryc/code/blob/master/jshash/PRNGs.md#mulberry32
 *
 * @param seed An integer, of which the lower 32 bits count.
 */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Bytes that do not compress, the same for the same seed. @param length How many. */
export function seededBytes(length: number, seed = 1): Buffer {
  const random = seededRandom(seed);
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i += 1) bytes[i] = Math.floor(256 * random());
  return bytes;
}
