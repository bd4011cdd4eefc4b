import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { AwsError } from './AwsError.ts';
import type { VerifiedSignature } from './sigv4/verifySignature.ts';

/** A request that reached the edge endpoint, signature checked, service recognised. */
export interface AwsRequest {
  readonly method: string;
  /** Path as sent, still percent-encoded, without the query: S3 keys need it untouched. */
  readonly rawPath: string;
  /** Query, decoded; a parameter without `=` has the value ''. */
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  /** The body as it comes: services that take JSON buffer it, S3 streams it to disk. */
  readonly body: Readable;
  readonly region: string;
  /** Also sent back as `x-amzn-requestid` / `x-amz-request-id`. */
  readonly requestId: string;
  /** What the signature says of the body: S3 needs it for the payload hash and for signed chunks. */
  readonly signature: VerifiedSignature;
  /**
   * A service calls it once, as soon as it knows what is asked of it and before it does anything, and lets
   * through what it throws: that is how faults that are set strike. `resource` is what the operation is about,
   * by name: a stream, a table, `bucket/key`; `input` is what is asked, for whoever records calls.
   */
  readonly announce?:
    | ((operation: string, resource: string | undefined, input?: unknown) => Promise<void>)
    | undefined;
  /** Told by a service what else a call is about, by name, where only its body says so. */
  readonly reach?: ((resource: string) => void) | undefined;
}

/** What goes back; the edge adds the request id, date and length headers. */
export interface AwsResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | Readable;
}

/** One emulated service behind the shared edge endpoint. */
export interface AwsService {
  /** The service's name in a signature's scope: `s3`, `firehose`, `glue`, `sqs`, `athena`. */
  readonly signingName: string;
  /** What stands before the dot of `X-Amz-Target`; services of the JSON protocols have one, S3 has none. */
  readonly targetPrefix?: string;
  /** AWS's names of the operations that it emulates. */
  readonly operations?: readonly string[];
  /** Answers errors too, in the service's own wire format. Throws only on our own defects. */
  handle(request: AwsRequest): Promise<AwsResponse>;
  /**
   * Words an error that the edge found before `handle` could be asked, a wrong signature above all.
   * Without it the edge answers as the JSON protocols do.
   */
  refuse?(error: AwsError, request: Pick<AwsRequest, 'method' | 'requestId'>): AwsResponse;
}
