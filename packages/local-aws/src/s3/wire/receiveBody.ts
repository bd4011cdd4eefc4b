import { createHash, createHmac, type Hash, timingSafeEqual } from 'node:crypto';
import type { Readable } from 'node:stream';
import { AwsError, notImplemented } from '../../protocol/AwsError.ts';
import type { VerifiedSignature } from '../../protocol/sigv4.ts';
import { type ChecksumAlgorithm, checksumAlgorithms, checksumBytes } from '../checksums.ts';
import { s3Errors } from '../errors.ts';
import { CHUNK_LINE_BYTES, CHUNK_MIN_BYTES } from '../limits.ts';
import type { StoredChecksum } from '../model/StoredObject.ts';
import type { S3Call } from './S3Operation.ts';

/** A request body while it is received. */
export interface ReceivedBody {
  /** The object's bytes. Throws when the payload isn't the signed or announced one. */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** The algorithm of the client's checksum, which is in a header or in the trailer. */
  readonly algorithm: ChecksumAlgorithm | undefined;
  /**
   * Compares the received bytes with what the client states about them. Call it once all bytes are read.
   *
   * @param measured Its checksum is by `algorithm`, if the client has one.
   */
  verify(measured: {
    readonly md5: Uint8Array;
    readonly checksum: Pick<StoredChecksum, 'value'> | undefined;
  }): void;
}

/** A SHA-256 in hexadecimal digits. */
const HEX_DIGEST = /^[0-9a-f]{64}$/;
/** The length of an MD5. */
const MD5_BYTES = 16;

/** The header of an algorithm, e.g. `x-amz-checksum-crc64nvme`. */
export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return `x-amz-checksum-${algorithm.toLowerCase()}`;
}

/**
 * Reads the body of a request in any transfer format: plain, or `aws-chunked` with or without chunk
 * signatures and trailer. Checks its signed hash, its length, Content-MD5 and its checksum.
 *
 * @throws AwsError for headers that do not describe a body. What is wrong with the bytes is thrown while they are read.
 */
export function receiveBody(call: S3Call): ReceivedBody {
  const { headers } = call;
  const announced = announcedChecksum(headers);
  const length = announcedLength(call);
  const trailers = new Map<string, string>();
  const decoded = decodedBody(call.request, (name, value) => void trailers.set(name, value));
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

/** The number of the object's bytes. @throws AwsError `MissingContentLength` */
function announcedLength({ headers, request }: S3Call): number {
  const isStreaming = request.signature.payloadHash.startsWith('STREAMING-');
  const length = headers[isStreaming ? 'x-amz-decoded-content-length' : 'content-length'];
  // A body with neither header has no bytes: only a chunked transfer hides its length.
  if (length === undefined && (isStreaming || 'transfer-encoding' in headers))
    throw s3Errors.missingContentLength();
  return Number(length ?? 0);
}

/** The object's bytes in a body. @throws AwsError for a transfer format that S3 doesn't have or that is not emulated. */
function decodedBody(
  { body, signature }: S3Call['request'],
  onTrailer: ChunkedFormat['onTrailer'],
): AsyncIterable<Uint8Array> {
  const { payloadHash } = signature;
  // A refusal must still be answered: an early end of reading must not destroy the request and its socket.
  const plain: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => body.iterator({ destroyOnReturn: false }),
  };
  switch (payloadHash) {
    case 'UNSIGNED-PAYLOAD':
      return plain;
    case 'STREAMING-UNSIGNED-PAYLOAD-TRAILER':
      return chunkedBody(body, { trailer: true, onTrailer });
    case 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD':
      return chunkedBody(body, { trailer: false, onTrailer, signature });
    case 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER':
      return chunkedBody(body, { trailer: true, onTrailer, signature });
    default:
  }
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

/** @throws AwsError `InvalidDigest`, `BadDigest` */
function checkContentMd5(headers: S3Call['headers'], md5: Uint8Array): void {
  const contentMd5 = headers['content-md5'];
  if (contentMd5 === undefined) return;
  const digest = Buffer.from(contentMd5, 'base64');
  if (digest.length !== MD5_BYTES) throw s3Errors.invalidDigest(contentMd5);
  if (!digest.equals(md5)) throw s3Errors.badDigest('Content-MD5');
}

/** @param expected The client's checksum; undefined if it was announced and not sent. @throws AwsError */
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

/** The checksum that the client sends, and whether it comes in a trailer. @throws AwsError `InvalidRequest` */
function announcedChecksum(headers: S3Call['headers']): {
  readonly algorithm: ChecksumAlgorithm | undefined;
  readonly inTrailer: boolean;
} {
  const trailer = headers['x-amz-trailer']?.trim().toLowerCase();
  const inHeaders = checksumAlgorithms.filter((algorithm) => checksumHeader(algorithm) in headers);
  const trailing = checksumAlgorithms.find((algorithm) => checksumHeader(algorithm) === trailer);
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

/** The format of an `aws-chunked` body. */
export interface ChunkedFormat {
  /** Signature of the request, when each chunk is signed in a chain from it. */
  readonly signature?: VerifiedSignature;
  /** Whether trailing headers follow the last chunk. */
  readonly trailer: boolean;
  /** Called with each trailing header, lower-case, once all of them are verified. */
  readonly onTrailer: (name: string, value: string) => void;
}

/** The line before a chunk: its size, and its signature. */
const HEADER = /^([0-9a-fA-F]{1,12})(?:;chunk-signature=([0-9a-f]{64}))?$/;
const EMPTY_HASH = createHash('sha256').digest('hex');

/**
 * Decodes an `aws-chunked` body: `<hex size>[;chunk-signature=<hex>]\r\n<bytes>\r\n … 0…\r\n[trailers]\r\n`.
 * Bytes are passed on as they arrive. A wrong signature is detected at the end of its chunk and ends the decoding:
 * bytes that were already passed on must be discarded.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 */
export async function* chunkedBody(source: Readable, format: ChunkedFormat): AsyncGenerator<Uint8Array> {
  const reader = new BodyReader(source);
  const chain = format.signature === undefined ? undefined : new SignatureChain(format.signature);
  try {
    yield* readChunks(reader, chain);
    await readTrailers(reader, format, chain);
    await reader.expectEnd();
  } finally {
    await reader.close();
  }
}

async function* readChunks(
  reader: BodyReader,
  chain: SignatureChain | undefined,
): AsyncGenerator<Uint8Array> {
  for (let previousSize = CHUNK_MIN_BYTES; ; ) {
    const line = await reader.line(CHUNK_LINE_BYTES);
    const [, hexSize = '', signature] = HEADER.exec(line) ?? [];
    if (hexSize === '' || (signature === undefined) !== (chain === undefined)) {
      throw s3Errors.incompleteBody(`A chunk begins with ${JSON.stringify(line.slice(0, 100))}.`);
    }
    const size = Number.parseInt(hexSize, 16);
    const hash = chain === undefined ? undefined : createHash('sha256');
    if (size > 0 && previousSize < CHUNK_MIN_BYTES) {
      throw new AwsError(
        'InvalidChunkSizeError',
        403,
        `Only the last chunk is allowed to have a size less than ${CHUNK_MIN_BYTES} bytes`,
      );
    }
    previousSize = size;
    for await (const bytes of reader.take(size)) {
      hash?.update(bytes);
      yield bytes;
    }
    if (hash !== undefined) chain?.checkChunk(hash, signature ?? '');
    if (size === 0) break;
    if ((await reader.line(CHUNK_LINE_BYTES)) !== '') {
      throw s3Errors.incompleteBody('A chunk is longer than it says.');
    }
  }
}

async function readTrailers(
  reader: BodyReader,
  format: ChunkedFormat,
  chain: SignatureChain | undefined,
): Promise<void> {
  const trailers: [name: string, value: string][] = [];
  let signature: string | undefined;
  for (;;) {
    const line = await reader.line(CHUNK_LINE_BYTES);
    if (line === '') {
      // The examples in the documentation end a signed trailer's headers with an empty line before its signature.
      if (chain === undefined || !format.trailer || signature !== undefined) break;
      continue;
    }
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).trim().toLowerCase();
    if (!format.trailer || colon < 0) throw s3Errors.incompleteBody('Something follows the last chunk.');
    if (name === 'x-amz-trailer-signature') signature = line.slice(colon + 1).trim();
    else trailers.push([name, line.slice(colon + 1).trim()]);
  }
  if (format.trailer) chain?.checkTrailer(trailers, signature ?? '');
  for (const [name, value] of trailers) format.onTrailer(name, value);
}

/**
 * Checks the signatures of chunks. Each signature covers the previous one, so no chunk can be left out, repeated or
 * moved.
 */
class SignatureChain {
  readonly #signature: VerifiedSignature;
  #previous: string;

  constructor(signature: VerifiedSignature) {
    this.#signature = signature;
    this.#previous = signature.seedSignature;
  }

  checkChunk(hash: Hash, signature: string): void {
    this.#check('AWS4-HMAC-SHA256-PAYLOAD', [EMPTY_HASH, hash.digest('hex')], signature);
  }

  checkTrailer(trailers: readonly (readonly [string, string])[], signature: string): void {
    const text = [...trailers]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => `${name}:${value}\n`)
      .join('');
    this.#check('AWS4-HMAC-SHA256-TRAILER', [createHash('sha256').update(text).digest('hex')], signature);
  }

  #check(kind: string, hashes: readonly string[], signature: string): void {
    const { signingKey, timestamp, scope } = this.#signature;
    const stringToSign = [kind, timestamp, scope, this.#previous, ...hashes].join('\n');
    const expected = createHmac('sha256', signingKey).update(stringToSign).digest();
    const signatureBytes = Buffer.from(signature, 'hex');
    if (signatureBytes.length !== expected.length || !timingSafeEqual(expected, signatureBytes)) {
      throw s3Errors.signatureDoesNotMatch(
        'The signature of a chunk or of the trailer does not match what was computed.',
      );
    }
    this.#previous = signature;
  }
}

/** Reads a stream by lines and by byte counts, and buffers at most one piece of it. */
class BodyReader {
  readonly #pieces: AsyncIterator<unknown>;
  #rest: Uint8Array = Buffer.alloc(0);

  constructor(source: Readable) {
    this.#pieces = source.iterator({ destroyOnReturn: false });
  }

  /** Releases the stream, which stays open: its unread rest can be drained and the request answered. */
  async close(): Promise<void> {
    await this.#pieces.return?.();
  }

  /**
   * Text up to the next line feed, without the line feed and a carriage return before it.
   *
   * @throws AwsError `IncompleteBody` when the stream ends first, or the line is longer than `limitBytes`.
   */
  async line(limitBytes: number): Promise<string> {
    let line = '';
    for (;;) {
      const end = this.#rest.indexOf(10);
      const piece = end < 0 ? this.#rest : this.#rest.subarray(0, end);
      line += Buffer.from(piece).toString('latin1');
      if (line.length > limitBytes) throw s3Errors.incompleteBody('A line of the chunked body is too long.');
      if (end >= 0) {
        this.#rest = this.#rest.subarray(end + 1);
        return line.endsWith('\r') ? line.slice(0, -1) : line;
      }
      await this.#refill();
    }
  }

  /** Exactly `count` bytes, in pieces. */
  async *take(count: number): AsyncGenerator<Uint8Array> {
    for (let left = count; left > 0; ) {
      if (this.#rest.length === 0) await this.#refill();
      const piece = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(piece.length);
      left -= piece.length;
      if (piece.length > 0) yield piece;
    }
  }

  /** @throws AwsError `IncompleteBody` when there are more bytes. */
  async expectEnd(): Promise<void> {
    while (this.#rest.length === 0) {
      const next = await this.#pieces.next();
      if (next.done === true) return;
      this.#accept(next.value);
    }
    throw s3Errors.incompleteBody('The request body goes on after its last chunk.');
  }

  async #refill(): Promise<void> {
    const next = await this.#pieces.next();
    if (next.done === true) throw s3Errors.incompleteBody('The request body terminated unexpectedly.');
    this.#accept(next.value);
  }

  #accept(piece: unknown): void {
    if (!(piece instanceof Uint8Array)) throw new TypeError('A request body comes in bytes.');
    this.#rest = piece;
  }
}
