/** What a verified SigV4 signature leaves for the service to check against the body. */
export interface VerifiedSignature {
  readonly accessKeyId: string;
  /**
   * `x-amz-content-sha256` as signed: a hex digest, `UNSIGNED-PAYLOAD`, or one of the `STREAMING-…` kinds.
   * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-auth-using-authorization-header.html
   */
  readonly payloadHash: string;
  /** The request's own signature, hex: the seed of the first chunk's. */
  readonly seedSignature: string;
  /** Key that signs chunks. */
  readonly signingKey: Uint8Array;
  /** `20261120T073200Z` and `20261120/us-east-1/s3/aws4_request`, as the chunk signatures need them. */
  readonly timestamp: string;
  readonly scope: string;
}
