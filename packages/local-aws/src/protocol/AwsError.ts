/**
 * An error that a service answers on the wire, under AWS's own name for it.
 * A service with several errors has them in its `errors.ts`; what isn't emulated throws {@link notImplemented}.
 */
export class AwsError extends Error {
  /** AWS's name, e.g. `NoSuchKey`, `ResourceNotFoundException`: the SDK makes it the error's `name`. */
  readonly code: string;
  /** The HTTP status of the answer. */
  readonly status: number;
  /** Further members of the error document, e.g. `{ BucketName: 'x' }`. */
  readonly members: Readonly<Record<string, string>>;
  /** Headers of the answer, lower-case, for the services whose errors have some. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: string,
    status: number,
    message: string,
    members: Readonly<Record<string, string>> = {},
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.name = code;
    this.code = code;
    this.status = status;
    this.members = members;
    this.headers = headers;
  }
}

/** The status of {@link notImplemented}, which the AWS SDKs do not retry. */
export const NOT_EMULATED = 501;

/**
 * The refusal of something that the local cloud doesn't emulate; nothing is accepted silently.
 *
 * @param feature Names the thing, e.g. `S3 PutBucketAcl` or `glue GetPartitions member Expression`.
 */
export function notImplemented(feature: string): AwsError {
  return new AwsError('NotImplemented', NOT_EMULATED, `${feature} is not emulated by the local cloud.`);
}
