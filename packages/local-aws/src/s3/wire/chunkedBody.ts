import { createHash, createHmac, type Hash, timingSafeEqual } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { VerifiedSignature } from '../../protocol/sigv4.ts';
import { s3Errors } from '../errors.ts';
import { CHUNK_LINE_BYTES, CHUNK_MIN_BYTES } from '../limits.ts';

/** The format of an `aws-chunked` body. */
export interface ChunkedFormat {
  /** Signature of the request, when each chunk is signed in a chain from it. */
  readonly signature?: VerifiedSignature;
  /** Whether trailing headers follow the last chunk. */
  readonly trailer: boolean;
  /**
   * Called with each trailing header, its name in lower case, except the trailer's signature. It is called once all
   * trailing headers are read, and verified if the body is signed.
   */
  readonly onTrailer: (name: string, value: string) => void;
}

/** The line before a chunk that is not signed: its size. */
const SIZE = /^([0-9a-fA-F]{1,12})$/;
/** The line before a signed chunk: its size, and its signature. */
const SIGNED_SIZE = /^([0-9a-fA-F]{1,12});chunk-signature=([0-9a-f]{64})$/;
/** A signature. */
const SIGNATURE = /^[0-9a-f]{64}$/;
/** The most trailing headers. S3 has two: a checksum, and the signature. */
const MOST_TRAILERS = 16;
/** The trailing header with the signature of the others. */
const TRAILER_SIGNATURE = 'x-amz-trailer-signature';

/** The hash of no bytes, which is part of what a chunk's signature covers. */
const EMPTY_HASH = createHash('sha256').digest('hex');

/**
 * Decodes an `aws-chunked` body: `<hex size>[;chunk-signature=<hex>]\r\n<bytes>\r\n … 0…\r\n[trailers]\r\n`. A line
 * may also end with a line feed alone.
 * Bytes are passed on as they arrive. A wrong signature is detected at the end of its chunk and ends the decoding:
 * bytes that were already passed on must be discarded.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 *
 * @throws AwsError `IncompleteBody` for bytes in another format, `InvalidChunkSizeError` for a small chunk that is not
 *   the last, `SignatureDoesNotMatch` for a chunk or a trailer whose signature is wrong.
 */
export async function* chunkedBody(source: Readable, format: ChunkedFormat): AsyncGenerator<Uint8Array> {
  const reader = new BodyReader(source);
  const chain = format.signature === undefined ? undefined : new SignatureChain(format.signature);
  try {
    yield* readChunks(reader, chain);
    if (format.trailer) await readTrailers(reader, format.onTrailer, chain);
    else if ((await reader.line(CHUNK_LINE_BYTES)) !== '')
      throw s3Errors.incompleteBody('Something follows the last chunk.');
    await reader.expectEnd();
  } finally {
    await reader.close();
  }
}

/**
 * The bytes of the chunks as they arrive. The signature of a chunk is verified after its last byte.
 *
 * @param chain Undefined if chunks are not signed.
 * @throws AwsError as {@link chunkedBody}.
 */
async function* readChunks(
  reader: BodyReader,
  chain: SignatureChain | undefined,
): AsyncGenerator<Uint8Array> {
  let isLastExpected = false;
  for (;;) {
    const line = await reader.line(CHUNK_LINE_BYTES);
    const [, hexSize, signature = ''] = (chain === undefined ? SIZE : SIGNED_SIZE).exec(line) ?? [];
    if (hexSize === undefined)
      throw s3Errors.incompleteBody(`A chunk begins with ${JSON.stringify(line.slice(0, 100))}.`);
    const size = Number.parseInt(hexSize, 16);
    if (size > 0 && isLastExpected) throw s3Errors.invalidChunkSize();
    isLastExpected = size < CHUNK_MIN_BYTES;
    for await (const bytes of reader.take(size)) {
      chain?.update(bytes);
      yield bytes;
    }
    chain?.checkChunk(signature);
    if (size === 0) return;
    if ((await reader.line(CHUNK_LINE_BYTES)) !== '')
      throw s3Errors.incompleteBody('A chunk is longer than it says.');
  }
}

/**
 * Reads the headers behind the last chunk, verifies them if the body is signed, and passes them on.
 *
 * @param chain Undefined if the body is not signed: a signature of its trailer is ignored.
 * @throws AwsError `IncompleteBody`, `SignatureDoesNotMatch`
 */
async function readTrailers(
  reader: BodyReader,
  onTrailer: ChunkedFormat['onTrailer'],
  chain: SignatureChain | undefined,
): Promise<void> {
  const headers = await readHeaders(reader);
  const isSignature = ([name]: TrailingHeader) => name === TRAILER_SIGNATURE;
  // The examples in the documentation end a signed trailer's headers with an empty line before its signature.
  if (chain !== undefined && !headers.some(isSignature)) headers.push(...(await readHeaders(reader)));
  const trailers = headers.filter((header) => !isSignature(header));
  const [, signature = ''] = headers.find(isSignature) ?? [];
  chain?.checkTrailer(trailers, signature);
  for (const [name, value] of trailers) onTrailer(name, value);
}

/** A header behind the last chunk, its name in lower case. */
type TrailingHeader = readonly [name: string, value: string];

/** Reads headers until an empty line. @throws AwsError `IncompleteBody` for a line that is no header, and for too many. */
async function readHeaders(reader: BodyReader): Promise<TrailingHeader[]> {
  const headers: TrailingHeader[] = [];
  for (;;) {
    const line = await reader.line(CHUNK_LINE_BYTES);
    if (line === '') return headers;
    const colon = line.indexOf(':');
    if (colon < 0) throw s3Errors.incompleteBody('What follows the last chunk is no header.');
    if (headers.length === MOST_TRAILERS)
      throw s3Errors.incompleteBody(`More than ${MOST_TRAILERS} headers follow the last chunk.`);
    headers.push([line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()]);
  }
}

/**
 * Checks the signatures of chunks. Each signature covers the previous one, so no chunk can be left out, repeated or
 * moved.
 */
class SignatureChain {
  readonly #signature: VerifiedSignature;
  #previous: string;
  /** Of the bytes of the chunk that is read. */
  #hash: Hash = createHash('sha256');

  constructor(signature: VerifiedSignature) {
    this.#signature = signature;
    this.#previous = signature.seedSignature;
  }

  /** Takes the next bytes of a chunk. */
  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }

  /** Verifies the chunk of the bytes since the last one. @throws AwsError `SignatureDoesNotMatch` */
  checkChunk(signature: string): void {
    const hash = this.#hash.digest('hex');
    this.#hash = createHash('sha256');
    this.#check('AWS4-HMAC-SHA256-PAYLOAD', [EMPTY_HASH, hash], signature);
  }

  /** Verifies the headers behind the chunks. @throws AwsError `SignatureDoesNotMatch` */
  checkTrailer(trailers: readonly TrailingHeader[], signature: string): void {
    const text = [...trailers]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => `${name}:${value}\n`)
      .join('');
    this.#check('AWS4-HMAC-SHA256-TRAILER', [createHash('sha256').update(text).digest('hex')], signature);
  }

  /**
   * Verifies the next signature of the chain, which covers the one before it. @throws AwsError
   * `SignatureDoesNotMatch`
   */
  #check(kind: string, hashes: readonly string[], signature: string): void {
    const { signingKey, timestamp, scope } = this.#signature;
    const stringToSign = [kind, timestamp, scope, this.#previous, ...hashes].join('\n');
    const expected = createHmac('sha256', signingKey).update(stringToSign).digest();
    if (!SIGNATURE.test(signature) || !timingSafeEqual(expected, Buffer.from(signature, 'hex'))) {
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

  /** Exactly `count` bytes, in pieces. @throws AwsError `IncompleteBody` when the stream ends first. */
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

  /** Waits for the next piece of the body. @throws AwsError `IncompleteBody` */
  async #refill(): Promise<void> {
    const next = await this.#pieces.next();
    if (next.done === true) throw s3Errors.incompleteBody('The request body terminated unexpectedly.');
    this.#accept(next.value);
  }

  /** Takes a piece of the body. @throws TypeError for a stream that is not one of bytes, a defect of the caller. */
  #accept(piece: unknown): void {
    if (!(piece instanceof Uint8Array)) throw new TypeError('A request body comes in bytes.');
    this.#rest = piece;
  }
}
