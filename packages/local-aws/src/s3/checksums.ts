import { createHash, type Hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { type Crc64, crc64nvme } from './crc64nvme.ts';

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

  /** Adds bytes. */
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
