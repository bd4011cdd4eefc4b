import { z } from 'zod';
import { checksumAlgorithms } from '../checksums.ts';
import { s3Errors } from '../errors.ts';

/** A checksum as it is stored and returned. */
export const storedChecksumSchema = z.strictObject({
  algorithm: z.enum(checksumAlgorithms),
  type: z.enum(['FULL_OBJECT', 'COMPOSITE']),
  /** Base64. A composite checksum has `-<parts>` appended. */
  value: z.string(),
});
/** The checksum that an object was stored with. */
export type StoredChecksum = z.output<typeof storedChecksumSchema>;

/**
 * All storage classes except STANDARD, which is omitted, and the retired REDUCED_REDUNDANCY. Express One Zone, Outposts
 * and Snow are other services.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html
 */
export const storageClasses = [
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER_IR',
  'GLACIER',
  'DEEP_ARCHIVE',
] as const;

/** Objects in these classes can't be read before they are restored. Restoring is not emulated. */
export const archivedClasses: ReadonlySet<string> = new Set(['GLACIER', 'DEEP_ARCHIVE']);

/** Attributes that the writer of an object sets. */
export const objectAttributesSchema = z.strictObject({
  /** Standard headers that are returned unchanged, by lower-case name: `content-type`, `cache-control`, … */
  headers: z.record(z.string(), z.string()),
  /** The user's metadata, names without `x-amz-meta-`, lower-case. */
  metadata: z.record(z.string(), z.string()),
  /** Server-side encryption headers. They are only returned: nothing is encrypted here. */
  encryption: z.record(z.string(), z.string()),
  /** Set when it is not STANDARD. */
  storageClass: z.enum(storageClasses).optional(),
});
/** Attributes that a request sets on an object besides its bytes. */
export type ObjectAttributes = z.output<typeof objectAttributesSchema>;

/** One object as stored in the index and the journal. Its bytes are in a separate file. */
export const storedObjectSchema = z.strictObject({
  key: z.string(),
  /** Bytes. */
  size: z.int().nonnegative(),
  /** The ETag without quotes: hex MD5, or `<hex>-<parts>` of a multipart upload. */
  etag: z.string(),
  /** Hex MD5 of the bytes, of an object whose `etag` is not. */
  md5: z.string().optional(),
  /** Epoch ms. */
  modifiedMs: z.int(),
  /** Hexadecimal; increases with every write in the bucket: EventBridge's `sequencer`. */
  sequencer: z.string(),
  /**
   * The place of the bytes: in the bucket's folder at the key's own path, under the hash of the key, or among the older
   * versions.
   */
  place: z.enum(['natural', 'encoded', 'version']),
  /** The version, which only an object has that was written while the bucket's versioning was enabled. */
  versionId: z.string().optional(),
  attributes: objectAttributesSchema,
  checksum: storedChecksumSchema.optional(),
  /** The multipart upload that made it: a repeated completion is answered as the first. */
  uploadId: z.string().optional(),
});
/** An object as the journal stores it; its bytes are in a file. */
export type StoredObject = z.output<typeof storedObjectSchema>;

/** Attributes of an object whose writer states none: S3's own default content type. */
export const plainAttributes: ObjectAttributes = {
  headers: { 'content-type': 'binary/octet-stream' },
  metadata: {},
  encryption: {},
};

/**
 * Conditions that must be true at the moment of a write.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
export interface WriteCondition {
  /** The key must not exist. */
  readonly ifNoneMatch?: '*';
  /** The key must exist with this entity tag (no quotes), or, for `*`, with any. */
  readonly ifMatch?: string;
}

/** Whether a condition requires anything. */
export function isConditional({ ifMatch, ifNoneMatch }: WriteCondition): boolean {
  return ifMatch !== undefined || ifNoneMatch !== undefined;
}

/**
 * Checks the condition of a write. @throws AwsError `PreconditionFailed`, or `NoSuchKey` when an object should match
 * and none exists.
 */
export function checkWriteCondition(
  current: StoredObject | undefined,
  condition: WriteCondition,
  key: string,
): void {
  if (condition.ifNoneMatch !== undefined && current !== undefined) {
    throw s3Errors.preconditionFailed('If-None-Match');
  }
  if (condition.ifMatch === undefined) return;
  if (current === undefined) throw s3Errors.noSuchKey(key);
  if (condition.ifMatch !== '*' && condition.ifMatch !== current.etag) {
    throw s3Errors.preconditionFailed('If-Match');
  }
}
