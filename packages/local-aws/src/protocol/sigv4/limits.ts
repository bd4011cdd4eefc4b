/** How far a request's time may lie from ours. https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html */
export const CLOCK_SKEW_MS = 15 * 60 * 1000;
/** Within this the SDKs leave their clocks alone: less than their 4 minutes, as a call may have been under way for a while. */
export const DATED_ALIKE_MS = 60 * 1000;

/** Seven days, the longest a presigned URL may live. https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html */
export const PRESIGNED_EXPIRES_SECONDS = 604_800;

/**
 * What is buffered of a body whose hash the signature covers but no header names: the AWS CLI signs every
 * service but S3 so. Above the largest JSON request that any emulated service takes.
 */
export const UNNAMED_PAYLOAD_BYTES = 16 * 1024 * 1024;
