import { createHash } from 'node:crypto';
import { notImplemented } from '../../protocol/AwsError.ts';
import { type ChecksumAlgorithm, checksumAlgorithms, checksumBytes } from '../checksums.ts';
import { s3Errors } from '../errors.ts';
import type { StoredChecksum } from '../model/StoredObject.ts';
import { checksumHeader } from './attributes/checksumHeaders.ts';
import { type ChunkedFormat, chunkedBody } from './chunkedBody.ts';
import type { S3Call } from './S3Operation.ts';

/** A request body while it is received. */
interface ReceivedBody {
  /** The object's bytes. Throws when the payload isn't the signed or announced one. */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** The algorithm of the client's checksum, which is in a header or in the trailer; undefined without a checksum. */
  readonly algorithm: ChecksumAlgorithm | undefined;
  /**
   * Compares the received bytes with what the client states about them. Call it once all bytes are read.
   *
   * @param measured Its checksum is by `algorithm`, if the client has one.
   * @throws AwsError `InvalidDigest`, `BadDigest`, `InvalidRequest`
   */
  verify(measured: {
    /** MD5 of the bytes, 16 bytes. */
    readonly md5: Uint8Array;
    /** The checksum that the request states; undefined without one. */
    readonly checksum: Pick<StoredChecksum, 'value'> | undefined;
  }): void;
}

/** A SHA-256 in hexadecimal digits. */
const HEX_DIGEST = /^[0-9a-f]{64}$/;

/** The length of an MD5. */
const MD5_BYTES = 16;

/**
 * Reads the body of a request in any transfer format: plain, or `aws-chunked` with or without chunk
 * signatures and trailer. Its signed hash, its signatures and its length are checked while the bytes are read, its MD5 and its
 * checksum by `verify`. Codes are those of https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 *
 * @throws AwsError `MissingContentLength`, `InvalidArgument`, `InvalidRequest`, `NotImplemented` for headers that do not describe
 *   a body.
 */
export function receiveBody(call: S3Call): ReceivedBody {
  const { headers } = call;
  const announced = announcedChecksum(headers);
  const length = announcedLength(call);
  const trailers = new Map<string, string>();
  const decoded = decodedBody(call.request, (name, value) => {
    trailers.set(name, value);
  });
  return {
    bytes: ofLength(decoded, length),
    algorithm: announced.algorithm,
    verify(measured) {
      checkContentMd5(headers, measured.md5);
      if (announced.algorithm === undefined) return;
      const name = checksumHeader(announced.algorithm);
      const expected = announced.inTrailer ? trailers.get(name) : headers[name];
      checkChecksum(announced.algorithm, expected, measured.checksum?.value);
    },
  };
}

/** The number of the object's bytes. @throws AwsError `MissingContentLength`, also for one that is no number, as is assumed. */
function announcedLength({ headers, request }: S3Call): number {
  const isStreaming = request.signature.payloadHash.startsWith('STREAMING-');
  const length = headers[isStreaming ? 'x-amz-decoded-content-length' : 'content-length'];
  // A body with neither header has no bytes: only a chunked transfer hides its length.
  if (length === undefined && (isStreaming || 'transfer-encoding' in headers))
    throw s3Errors.missingContentLength();
  const bytes = Number(length ?? 0);
  if (Number.isNaN(bytes)) throw s3Errors.missingContentLength();
  return bytes;
}

/** The transfer formats that are emulated with chunks: whether they have a trailer, and signatures of chunks. */
const CHUNKED: ReadonlyMap<string, { readonly trailer: boolean; readonly isSigned: boolean }> = new Map([
  ['STREAMING-UNSIGNED-PAYLOAD-TRAILER', { trailer: true, isSigned: false }],
  ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD', { trailer: false, isSigned: true }],
  ['STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER', { trailer: true, isSigned: true }],
]);

/**
 * The object's bytes in a body, by its transfer format.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-auth-using-authorization-header.html
 *
 * @throws AwsError `NotImplemented`, and `InvalidArgument` for a format that S3 doesn't have.
 */
function decodedBody(
  { body, signature }: S3Call['request'],
  onTrailer: ChunkedFormat['onTrailer'],
): AsyncIterable<Uint8Array> {
  const { payloadHash } = signature;
  // A refusal must still be answered: an early end of reading must not destroy the request and its socket.
  const plain: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => body.iterator({ destroyOnReturn: false }),
  };
  if (payloadHash === 'UNSIGNED-PAYLOAD') return plain;
  const chunked = CHUNKED.get(payloadHash);
  if (chunked !== undefined)
    return chunkedBody(body, {
      trailer: chunked.trailer,
      onTrailer,
      ...(chunked.isSigned ? { signature } : {}),
    });
  if (HEX_DIGEST.test(payloadHash)) return hashed(plain, payloadHash);
  if (payloadHash.startsWith('STREAMING-')) throw notImplemented(`S3 x-amz-content-sha256: ${payloadHash}`);
  throw s3Errors.invalidArgument(
    'x-amz-content-sha256',
    payloadHash,
    'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, a STREAMING kind, or a valid sha256 value.',
  );
}

/** Passes on bytes whose number is known. @throws AwsError `IncompleteBody` for another number. */
async function* ofLength(source: AsyncIterable<Uint8Array>, expected: number): AsyncGenerator<Uint8Array> {
  let received = 0;
  for await (const piece of source) {
    received += piece.byteLength;
    if (received > expected) break;
    yield piece;
  }
  if (received !== expected)
    throw s3Errors.incompleteBody(`The request body is not of the ${expected} bytes that were announced.`);
}

/** Compares the bytes with the MD5 that the request states. @throws AwsError `InvalidDigest`, `BadDigest` */
function checkContentMd5(headers: S3Call['headers'], md5: Uint8Array): void {
  const contentMd5 = headers['content-md5'];
  if (contentMd5 === undefined) return;
  const digest = Buffer.from(contentMd5, 'base64');
  if (digest.length !== MD5_BYTES) throw s3Errors.invalidDigest(contentMd5);
  if (!digest.equals(md5)) throw s3Errors.badDigest('Content-MD5');
}

/**
 * Compares the checksum of the bytes with the one that the request states.
 *
 * @param expected The client's checksum; undefined if it was announced and not sent.
 * @throws AwsError `InvalidRequest`, `BadDigest`; Error for bytes without a checksum, a defect of the caller.
 */
function checkChecksum(
  algorithm: ChecksumAlgorithm,
  expected: string | undefined,
  computed: string | undefined,
): void {
  const name = checksumHeader(algorithm);
  if (expected === undefined)
    throw s3Errors.invalidRequest(`The trailer ${name} was announced and not sent.`);
  if (Buffer.from(expected, 'base64').length !== checksumBytes[algorithm])
    throw s3Errors.invalidRequest(`Value for ${name} header is invalid.`);
  if (computed === undefined) throw new Error(`The ${algorithm} of the bytes was not computed.`);
  if (computed !== expected) throw s3Errors.badDigest(algorithm);
}

/** Passes on bytes whose SHA-256 is known. @throws AwsError `XAmzContentSHA256Mismatch` */
async function* hashed(source: AsyncIterable<Uint8Array>, claimed: string): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  for await (const piece of source) {
    hash.update(piece);
    yield piece;
  }
  const computed = hash.digest('hex');
  if (computed !== claimed) throw s3Errors.contentSha256Mismatch(claimed, computed);
}

/**
 * The checksum that the client sends, and whether it comes in a trailer.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html, x-amz-sdk-checksum-algorithm
 *
 * @throws AwsError `InvalidRequest`
 */
function announcedChecksum(headers: S3Call['headers']): {
  /** The algorithm; undefined if the request states no checksum. */
  readonly algorithm: ChecksumAlgorithm | undefined;
  /** Whether the checksum comes behind the body. */
  readonly inTrailer: boolean;
} {
  const trailer = headers['x-amz-trailer']?.trim().toLowerCase();
  const inHeaders = checksumAlgorithms.filter((known) => checksumHeader(known) in headers);
  const trailing = checksumAlgorithms.find((known) => checksumHeader(known) === trailer);
  if (trailer !== undefined && trailing === undefined) {
    throw s3Errors.invalidRequest(
      `The value specified in the x-amz-trailer header is not supported: ${trailer}`,
    );
  }
  if (inHeaders.length + (trailing === undefined ? 0 : 1) > 1) {
    throw s3Errors.invalidRequest(
      'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
    );
  }
  const algorithm = trailing ?? inHeaders[0];
  const announced = headers['x-amz-sdk-checksum-algorithm'];
  if (announced !== undefined && announced.toUpperCase() !== algorithm) {
    throw s3Errors.invalidRequest(
      'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
    );
  }
  return { algorithm, inTrailer: trailing !== undefined };
}
