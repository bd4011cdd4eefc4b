// Limits of S3: https://docs.aws.amazon.com/general/latest/gr/s3.html and
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html

/** The most bytes of a key, in UTF-8. https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
export const KEY_BYTES = 1024;
/** The limit of one PutObject, one part and one CopyObject: 5 GiB. */
export const SINGLE_PUT_BYTES = 5 * 1024 ** 3;
/** The most parts of a multipart upload. Its object has 48.8 TiB at the most: 10,000 parts of 5 GiB. */
export const PART_COUNT = 10_000;
/** The least size of a part, except the last part: 5 MiB. */
export const PART_MIN_BYTES = 5 * 1024 ** 2;
/** The most keys and common prefixes in one page of a list; also the most parts or uploads in one page. */
export const LIST_KEYS = 1000;
/** The most keys in one DeleteObjects. https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
export const DELETE_KEYS = 1000;
/** The most bytes of the names and values of the user's metadata: 2 KB. https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html */
export const USER_METADATA_BYTES = 2048;
/** The most bytes of a bucket's policy: 20 KB. https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html */
export const POLICY_BYTES = 20 * 1024;
/** The most bytes of an XML request body, of our own choice: enough for 10,000 parts with checksums, or 1,000 keys of the greatest length. */
export const XML_BODY_BYTES = 4 * 1024 ** 2;
/**
 * The least bytes of a chunk of an `aws-chunked` body, except the last chunk.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
 */
export const CHUNK_MIN_BYTES = 8192;
/** The most bytes of a line before a chunk, or of a trailing header, of an `aws-chunked` body; of our own choice. */
export const CHUNK_LINE_BYTES = 8 * 1024;
/** The account of the deployment. It owns every bucket that no other account creates. */
export const OWNER_ACCOUNT = '000000000000';
