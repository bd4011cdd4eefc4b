/** 128 bits as four 32-bit words, in the order in which MurmurHash3 writes them out. */
export type Words128 = readonly [number, number, number, number];

const { imul } = Math;

const C1 = 0x239b961b;
const C2 = 0xab0e9789;
const C3 = 0x38b34ae5;
const C4 = 0xa1e38b93;

/**
 * MurmurHash3_x86_128 of some bytes, in the public domain:
 * https://github.com/aappleby/smhasher/blob/master/src/MurmurHash3.cpp. The original starts all four lanes from one
 * 32-bit seed; here each has its own, so that a seed is as wide as the hash.
 *
 * @param bytes Readable up to the multiple of 16 at or after `end`, counted from `start`: what stands there does not matter.
 * @param start First byte.
 * @param end Byte after the last.
 * @param out Gets the 16 bytes of the hash at `at`, in the order of the original's on a little-endian machine.
 */
export function murmur128(
  bytes: DataView,
  start: number,
  end: number,
  seed: Words128,
  out: DataView,
  at: number,
): void {
  let [h1, h2, h3, h4] = seed;
  const length = end - start;
  const tail = start + (length & ~15);
  for (let i = start; i < tail; i += 16) {
    h1 ^= lane(bytes.getInt32(i, true), C1, 15, C2);
    h1 = (imul((rotate(h1, 19) + h2) | 0, 5) + 0x561ccd1b) | 0;
    h2 ^= lane(bytes.getInt32(i + 4, true), C2, 16, C3);
    h2 = (imul((rotate(h2, 17) + h3) | 0, 5) + 0x0bcaa747) | 0;
    h3 ^= lane(bytes.getInt32(i + 8, true), C3, 17, C4);
    h3 = (imul((rotate(h3, 15) + h4) | 0, 5) + 0x96cd1c35) | 0;
    h4 ^= lane(bytes.getInt32(i + 12, true), C4, 18, C1);
    h4 = (imul((rotate(h4, 13) + h1) | 0, 5) + 0x32ac3b17) | 0;
  }
  // A word without bytes is 0 and changes nothing.
  h1 ^= lane(tailWord(bytes, tail, end), C1, 15, C2);
  h2 ^= lane(tailWord(bytes, tail + 4, end), C2, 16, C3);
  h3 ^= lane(tailWord(bytes, tail + 8, end), C3, 17, C4);
  h4 ^= lane(tailWord(bytes, tail + 12, end), C4, 18, C1);
  h1 ^= length;
  h2 ^= length;
  h3 ^= length;
  h4 ^= length;
  h1 = (h1 + h2 + h3 + h4) | 0;
  h2 = avalanche((h2 + h1) | 0);
  h3 = avalanche((h3 + h1) | 0);
  h4 = avalanche((h4 + h1) | 0);
  h1 = avalanche(h1);
  h1 = (h1 + h2 + h3 + h4) | 0;
  out.setInt32(at, h1, true);
  out.setInt32(at + 4, (h2 + h1) | 0, true);
  out.setInt32(at + 8, (h3 + h1) | 0, true);
  out.setInt32(at + 12, (h4 + h1) | 0, true);
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

function lane(word: number, before: number, bits: number, after: number): number {
  return imul(rotate(imul(word, before), bits), after);
}

/** The word at an offset, without the bytes beyond the end. */
function tailWord(bytes: DataView, at: number, end: number): number {
  const left = end - at;
  if (left <= 0) return 0;
  const word = bytes.getInt32(at, true);
  return left >= 4 ? word : word & ((1 << (left * 8)) - 1);
}

function avalanche(word: number): number {
  let h = imul(word ^ (word >>> 16), 0x85ebca6b);
  h = imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
