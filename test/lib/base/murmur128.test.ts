import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { murmur128, type Words128 } from '../../../lib/base/murmur128.ts';

/** The hash of bytes that are somewhere in memory, among others. */
function murmur(bytes: Uint8Array, seed: Words128, start = 0, filling = 0): Buffer {
  const memory = Buffer.alloc(start + bytes.length + 16, filling);
  memory.set(bytes, start);
  const out = Buffer.alloc(16);
  murmur128(view(memory), start, start + bytes.length, seed, view(out), 0);
  return out;
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function same(seed: number): Words128 {
  return [seed, seed, seed, seed];
}

const text = (value: string) => murmur(Buffer.from(value), same(0)).toString('hex');

describe('murmur128', () => {
  it("has SMHasher's verification value", () => {
    // https://github.com/aappleby/smhasher: VerificationTest in KeysetTest.cpp, value in main.cpp.
    const keys = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    const hashes = Array.from({ length: 256 }, (_, i) => murmur(keys.subarray(0, i), same(256 - i)));
    expect(murmur(Buffer.concat(hashes), same(0)).readUInt32LE(0)).toBe(0xb3ece62a);
  });

  it('does not depend on surrounding bytes', () => {
    const bytes = fc.uint8Array({ maxLength: 80 });
    fc.assert(
      fc.property(bytes, fc.nat(40), fc.nat(255), (some, start, filling) => {
        expect(murmur(some, [1, 2, 3, 4], start, filling)).toEqual(murmur(some, [1, 2, 3, 4]));
      }),
    );
  });

  it('changes half of its bits with any bit of the bytes and of the seed', () => {
    const bytes = Buffer.from('1795159800137,f3ab,{\\"gate\\":\\"gate_1\\",\\"ruleID\\":\\"rule\\"}null');
    const seed: Words128 = [1, 2, 3, 4];
    const base = murmur(bytes, seed);
    const counts: number[] = [];
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const other = Buffer.from(bytes);
      other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      counts.push(differentBits(base, murmur(other, seed)));
    }
    for (let bit = 0; bit < 128; bit += 1) {
      const [a, b, c, d] = seed.map((word, i) => (i === bit >> 5 ? word ^ (1 << (bit & 31)) : word));
      counts.push(differentBits(base, murmur(bytes, [a ?? 0, b ?? 0, c ?? 0, d ?? 0])));
    }
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
    // 128 coins: 64 heads with a standard deviation of 5.7.
    expect(Math.abs(mean - 64)).toBeLessThan(1);
    expect(Math.min(...counts)).toBeGreaterThan(34);
    expect(Math.max(...counts)).toBeLessThan(94);
  });

  it('distinguishes a million nearly equal texts, in each half of its bits', () => {
    const out = Buffer.alloc(16);
    const memory = Buffer.alloc(96);
    const [from, to] = [view(memory), view(out)];
    // 53 bits of each half, as many as a double holds: a million of them are all different but for 1 time in 18,000.
    const firsts = new Float64Array(1_000_000);
    const lasts = new Float64Array(1_000_000);
    const length = memory.write('1795159800000,u,{\\"gate\\":\\"g\\",\\"n\\":\\"       \\"}null');
    for (let i = 0; i < firsts.length; i += 1) {
      for (let digit = 44, rest = i; digit >= 38; digit -= 1, rest = Math.floor(rest / 10)) {
        memory[digit] = 0x30 + (rest % 10);
      }
      murmur128(from, 0, length, [1, 2, 3, 4], to, 0);
      firsts[i] = (to.getUint32(0) >>> 11) * 2 ** 32 + to.getUint32(4);
      lasts[i] = (to.getUint32(8) >>> 11) * 2 ** 32 + to.getUint32(12);
    }
    for (const halves of [firsts.sort(), lasts.sort()]) {
      let equal = 0;
      for (let i = 1; i < halves.length; i += 1) if (halves[i] === halves[i - 1]) equal += 1;
      expect(equal).toBe(0);
    }
  });

  it('distinguishes short, empty and shifted texts', () => {
    const texts = [
      '',
      '\0',
      '\0\0',
      'a',
      'a\0',
      '\0a',
      ' a',
      'aa',
      'a'.repeat(15),
      'a'.repeat(16),
      'a'.repeat(17),
    ];
    expect(new Set(texts.map(text)).size).toBe(texts.length);
  });
});

function differentBits(a: Uint8Array, b: Uint8Array): number {
  let bits = 0;
  for (const [i, byte] of a.entries()) {
    for (let rest = byte ^ (b[i] ?? 0); rest > 0; rest &= rest - 1) bits += 1;
  }
  return bits;
}
