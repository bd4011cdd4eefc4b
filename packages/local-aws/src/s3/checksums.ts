import { createHash, type Hash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** Reflected polynomial of CRC-64/NVME, high and low half. https://reveng.sourceforge.io/crc-catalogue/17plus.htm#crc.cat.crc-64-nvme */
const POLYNOMIAL_HIGH = 0x9a6c9329;
const POLYNOMIAL_LOW = 0xac4bc9b5;

/** A running CRC as two unsigned 32-bit halves: BigInt would make every byte an allocation. */
interface Crc64 {
  high: number;
  low: number;
}

/**
 * Tables of the CRC, high and low half: the member at k * 256 + b is what byte b contributes when k more bytes follow it. With
 * them the CRC advances by eight bytes a step.
 */
const HIGH = new Uint32Array(8 * 256);
const LOW = new Uint32Array(8 * 256);
fillTables();

function fillTables(): void {
  for (let byte = 0; byte < 256; byte++) {
    let high = 0;
    let low = byte;
    for (let bit = 0; bit < 8; bit++) {
      const carry = low & 1;
      low = (low >>> 1) | (high << 31);
      high >>>= 1;
      if (carry === 1) {
        low ^= POLYNOMIAL_LOW;
        high ^= POLYNOMIAL_HIGH;
      }
    }
    HIGH[byte] = high;
    LOW[byte] = low;
  }
  for (let i = 256; i < LOW.length; i++) {
    const high = highAt(i - 256);
    const low = lowAt(i - 256);
    LOW[i] = ((low >>> 8) | (high << 24)) ^ lowAt(low & 0xff);
    HIGH[i] = (high >>> 8) ^ highAt(low & 0xff);
  }
}

/** An index is always inside the tables. The fallback to 0 satisfies the compiler and the JIT. */
function highAt(index: number): number {
  return HIGH[index] ?? 0;
}

function lowAt(index: number): number {
  return LOW[index] ?? 0;
}

/** Updates a CRC with bytes, in place. A new CRC is `{ high: 0, low: 0 }`. */
function crc64nvme(state: Crc64, bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let high = ~state.high;
  let low = ~state.low;
  let i = 0;
  for (const end = bytes.byteLength - 7; i < end; i += 8) {
    const a = view.getUint32(i, true) ^ low;
    const b = view.getUint32(i + 4, true) ^ high;
    const i7 = 1792 + (a & 0xff);
    const i6 = 1536 + ((a >>> 8) & 0xff);
    const i5 = 1280 + ((a >>> 16) & 0xff);
    const i4 = 1024 + (a >>> 24);
    const i3 = 768 + (b & 0xff);
    const i2 = 512 + ((b >>> 8) & 0xff);
    const i1 = 256 + ((b >>> 16) & 0xff);
    const i0 = b >>> 24;
    high =
      highAt(i7) ^ highAt(i6) ^ highAt(i5) ^ highAt(i4) ^ highAt(i3) ^ highAt(i2) ^ highAt(i1) ^ highAt(i0);
    low = lowAt(i7) ^ lowAt(i6) ^ lowAt(i5) ^ lowAt(i4) ^ lowAt(i3) ^ lowAt(i2) ^ lowAt(i1) ^ lowAt(i0);
  }
  for (; i < bytes.byteLength; i++) {
    const index = (low ^ view.getUint8(i)) & 0xff;
    low = ((low >>> 8) | (high << 24)) ^ lowAt(index);
    high = (high >>> 8) ^ highAt(index);
  }
  state.high = ~high >>> 0;
  state.low = ~low >>> 0;
}

/** The algorithms that are emulated, as spelled in S3's headers and XML: CRC-32C and SHA-1 are not. https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html */
export const checksumAlgorithms = ['CRC32', 'CRC64NVME', 'SHA256'] as const;
/** One of {@link checksumAlgorithms}. */
export type ChecksumAlgorithm = (typeof checksumAlgorithms)[number];

/** A checksum of the whole object, or of its parts' checksums. SHAs of parts don't give the SHA of the whole. */
export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE';

/** Lengths of the digests in bytes: a value of any other length is not a valid checksum. */
export const checksumBytes: Readonly<Record<ChecksumAlgorithm, number>> = {
  CRC32: 4,
  CRC64NVME: 8,
  SHA256: 32,
};

/** A running checksum. */
export class Checksum {
  readonly algorithm: ChecksumAlgorithm;
  #crc = 0;
  readonly #crc64: Crc64 = { high: 0, low: 0 };
  readonly #hash: Hash | undefined;

  constructor(algorithm: ChecksumAlgorithm) {
    this.algorithm = algorithm;
    if (algorithm === 'SHA256') this.#hash = createHash(algorithm);
  }

  update(bytes: Uint8Array): void {
    if (this.algorithm === 'CRC32') this.#crc = crc32(bytes, this.#crc);
    else if (this.algorithm === 'CRC64NVME') crc64nvme(this.#crc64, bytes);
    else this.#hash?.update(bytes);
  }

  /** The digest in base64, big-endian, as S3 writes it. The checksum can't be updated afterwards. */
  digest(): string {
    if (this.#hash !== undefined) return this.#hash.digest('base64');
    const bytes = Buffer.alloc(checksumBytes[this.algorithm]);
    if (this.algorithm === 'CRC64NVME') {
      bytes.writeUInt32BE(this.#crc64.high, 0);
      bytes.writeUInt32BE(this.#crc64.low, 4);
    } else {
      bytes.writeUInt32BE(this.#crc, 0);
    }
    return bytes.toString('base64');
  }
}
