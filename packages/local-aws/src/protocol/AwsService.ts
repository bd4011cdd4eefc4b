import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import { AwsError } from './AwsError.ts';
import type { VerifiedSignature } from './sigv4.ts';

/** A request that reached the edge endpoint, signature checked, service recognised. */
export interface AwsRequest {
  /** The method: `POST`. */
  readonly method: string;
  /** Path as sent, still percent-encoded, without the query: S3 keys need it untouched. */
  readonly rawPath: string;
  /** Query, decoded; a parameter without `=` has the value ''. */
  readonly query: URLSearchParams;
  /** The headers as Node reads them, by names in lower case. */
  readonly headers: IncomingHttpHeaders;
  /** The body as it comes: services that take JSON buffer it, S3 streams it to disk. */
  readonly body: Readable;
  /** The region in the scope of the signature. */
  readonly region: string;
  /** The ID of the request. It is also sent back as `x-amzn-requestid` and `x-amz-request-id`. */
  readonly requestId: string;
  /** The verified signature: S3 needs it for the payload hash and for signed chunks. */
  readonly signature: VerifiedSignature;
  /**
   * A service calls this function once, when it knows the operation and before it does anything. It does not catch what the
   * function throws: policies refuse a call in this way, and injected faults fail it. `resource` is the name of what the
   * operation is about: a stream, a table, `bucket/key`. `input` is the request, by which policies decide.
   */
  readonly announce?:
    | ((operation: string, resource: string | undefined, input?: unknown) => Promise<void>)
    | undefined;
}

/** A service's answer. The edge adds headers with the ID of the request and the date. */
export interface AwsResponse {
  /** Status of HTTP. */
  readonly status: number;
  /** Headers of the service's own. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The body. Default: empty. */
  readonly body?: string | Uint8Array | Readable;
}

/** One emulated service behind the shared edge endpoint. */
export interface AwsService {
  /** The service's name in a signature's scope, e.g. `s3`. */
  readonly signingName: string;
  /** The part of `X-Amz-Target` before the dot. Services of the JSON protocols have one, S3 does not. */
  readonly targetPrefix?: string;
  /** AWS's names of the operations that it emulates. */
  readonly operations: readonly string[];
  /**
   * Answers a request. @throws AwsError, which the edge answers by `refuse`; any other error is a defect of the
   * emulator.
   */
  handle(request: AwsRequest): Promise<AwsResponse>;
  /**
   * The answer to an error, in the service's own wire format: to one of `handle`, or one that the edge finds before it calls
   * `handle`, such as a wrong signature. Default: an answer of the JSON protocols.
   */
  refuse?(error: AwsError, request: Pick<AwsRequest, 'method' | 'requestId'>): AwsResponse;
}

/** A call of a service, as the edge asks whether it is allowed. */
export interface EdgeCall {
  /** ID of the key that has signed the call. */
  readonly accessKeyId: string;
  /** Name of the session whose token was sent along; undefined where tokens are not checked. */
  readonly session?: string | undefined;
  /** Name in the signature's scope. */
  readonly service: string;
  /** AWS's name of the operation. */
  readonly operation: string;
  /** Name of the resource, as the service announced it: a stream, a table, `bucket/key`. */
  readonly resource: string | undefined;
  /** The input, not validated. */
  readonly input: unknown;
}

/**
 * Buffers a request body.
 *
 * @param limitBytes The most that is read. One byte more is answered 413 and nothing further is kept in memory.
 * @throws AwsError `RequestEntityTooLarge`; what the body throws.
 */
export async function readBody(body: AsyncIterable<Uint8Array>, limitBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  // A refusal must still be answered: leaving the loop may not destroy the request, and its socket with it.
  const pieces = body instanceof Readable ? body.iterator({ destroyOnReturn: false }) : body;
  for await (const chunk of pieces) {
    const bytes: Uint8Array = chunk;
    length += bytes.byteLength;
    if (length > limitBytes) {
      throw new AwsError(
        'RequestEntityTooLarge',
        413,
        `The request body is larger than ${limitBytes} bytes.`,
      );
    }
    chunks.push(bytes);
  }
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks, length);
}

/**
 * Requires the body whose hash was signed.
 *
 * @param code The service's error for another body.
 * @throws AwsError
 */
export function requireSignedBody({ signature }: AwsRequest, body: Uint8Array, code: string): void {
  const { payloadHash } = signature;
  if (payloadHash === 'UNSIGNED-PAYLOAD') return;
  if (createHash('sha256').update(body).digest('hex') === payloadHash) return;
  throw new AwsError(
    code,
    403,
    'The request signature does not match: the body is not the one whose SHA-256 was signed.',
  );
}
