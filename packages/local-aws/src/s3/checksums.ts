import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { Crc64Nvme } from './crc64nvme.ts';

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

/** The state of a checksum of one algorithm. */
interface RunningDigest {
  /** Adds bytes. */
  update(bytes: Uint8Array): void;
  /** The digest, big-endian. Nothing can be added afterwards. */
  digest(): Buffer;
}

/** Starts a checksum of each algorithm. */
const START: Readonly<Record<ChecksumAlgorithm, () => RunningDigest>> = {
  CRC32: startCrc32,
  CRC64NVME: () => new Crc64Nvme(),
  SHA256: () => createHash('sha256'),
};

/** Starts a CRC-32. */
function startCrc32(): RunningDigest {
  let crc = 0;
  return {
    update(bytes) {
      crc = crc32(bytes, crc);
    },
    digest() {
      const digest = Buffer.alloc(checksumBytes.CRC32);
      digest.writeUInt32BE(crc);
      return digest;
    },
  };
}

/** A running checksum. */
export class Checksum {
  /** The algorithm of the checksum. */
  readonly algorithm: ChecksumAlgorithm;
  readonly #running: RunningDigest;

  constructor(algorithm: ChecksumAlgorithm) {
    this.algorithm = algorithm;
    this.#running = START[algorithm]();
  }

  /** Adds bytes. */
  update(bytes: Uint8Array): void {
    this.#running.update(bytes);
  }

  /** The digest in base64, as S3 writes it. The checksum can't be updated afterwards. */
  digest(): string {
    return this.#running.digest().toString('base64');
  }
}
