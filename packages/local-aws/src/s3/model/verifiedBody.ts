import { createHash } from 'node:crypto';
import { pipeline, type Readable, Transform } from 'node:stream';
import { StoreError } from '../../base/errors.ts';
import { Checksum } from '../checksums.ts';
import type { StoredObject } from './StoredObject.ts';

/** A digest of a whole object that is computed while the object is read. */
interface Digest {
  /** The value that the bytes must have, in the form of {@link Digest.value}. */
  readonly expected: string;
  /** Takes the next bytes. */
  update(bytes: Uint8Array): unknown;
  /** The digest of all bytes that were taken. */
  value(): string;
}

/**
 * The bytes of a whole object, compared with the digest that was stored with it. The last ones are held back until all
 * are compared: what somebody has changed on disk ends in an error, never as a whole object.
 *
 * @param path Named in the error: `S3_FILE_DAMAGED`.
 */
export function verifiedBody(source: Readable, object: StoredObject, path: string): Readable {
  const digest = digestOf(object);
  let held: Uint8Array | undefined;
  const verified = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      digest.update(chunk);
      const before = held;
      held = chunk;
      if (before === undefined) done();
      else done(null, before);
    },
    flush(done) {
      if (digest.value() === digest.expected) done(null, held);
      else done(new StoreError('S3_FILE_DAMAGED', `${path}: its bytes are not those that were stored.`));
    },
  });
  // Errors of the file become errors of what is returned, and what is not read to its end closes the file.
  pipeline(source, verified, () => undefined);
  return verified;
}

/** The digest that costs the least: of the bytes in an object of parts, whose ETag is none. */
function digestOf({ etag, md5 = etag, checksum }: StoredObject): Digest {
  if (checksum?.type === 'FULL_OBJECT' && checksum.algorithm === 'CRC32') {
    const sum = new Checksum(checksum.algorithm);
    return { expected: checksum.value, update: (bytes) => sum.update(bytes), value: () => sum.digest() };
  }
  const hash = createHash('md5');
  return { expected: md5, update: (bytes) => hash.update(bytes), value: () => hash.digest('hex') };
}
