import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Checksum, checksumAlgorithms } from '../../src/s3/checksums.ts';

/** Check values of the CRC catalogue (https://reveng.sourceforge.io/crc-catalogue/) and of RFC 6234's algorithm. */
const OF_123456789 = {
  CRC32: 'cbf43926',
  CRC64NVME: 'ae8b14860a799888',
  SHA256: '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225',
};

/** The slow way: a bit at a time, from the polynomial alone. */
function bitwise(bytes: Uint8Array, polynomial: bigint, width: bigint): string {
  const mask = (1n << width) - 1n;
  let crc = mask;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1n) === 1n ? (crc >> 1n) ^ polynomial : crc >> 1n;
  }
  return (crc ^ mask).toString(16).padStart(Number(width) / 4, '0');
}

const hex = (checksum: Checksum) => Buffer.from(checksum.digest(), 'base64').toString('hex');

describe('Checksum', () => {
  it.each(checksumAlgorithms)('%s produces its published check value', (algorithm) => {
    const checksum = new Checksum(algorithm);
    checksum.update(Buffer.from('123456789'));
    expect(hex(checksum)).toBe(OF_123456789[algorithm]);
  });

  it.each([
    { algorithm: 'CRC32', polynomial: 0xedb88320n, width: 32n },
    { algorithm: 'CRC64NVME', polynomial: 0x9a6c9329ac4bc9b5n, width: 64n },
  ] as const)('$algorithm is the same however the bytes are split', ({ algorithm, polynomial, width }) => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 }), (pieces) => {
        const checksum = new Checksum(algorithm);
        for (const piece of pieces) checksum.update(piece);
        expect(hex(checksum)).toBe(bitwise(Buffer.concat(pieces), polynomial, width));
      }),
    );
  });
});
