import { seededRandom } from '../base/seededRandom.ts';

/** Bytes that do not compress, the same for the same seed. @param length How many. */
export function seededBytes(length: number, seed = 1): Buffer {
  const random = seededRandom(seed);
  return Buffer.from(Array.from({ length }, () => Math.floor(256 * random())));
}
