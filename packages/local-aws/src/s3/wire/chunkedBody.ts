import { createHash, createHmac, type Hash, timingSafeEqual } from 'node:crypto';
import type { Readable } from 'node:stream';
import { AwsError } from '../../protocol/AwsError.ts';
import type { VerifiedSignature } from '../../protocol/sigv4/verifySignature.ts';
import { s3Errors } from '../errors.ts';
import { CHUNK_LINE_BYTES, CHUNK_MIN_BYTES } from '../limits.ts';
import { BodyReader } from './BodyReader.ts';

/** How an `aws-chunked` body is to be read. */
export interface ChunkedFormat {
  /** Signature of the request, when each chunk is signed in a chain from it. */
  readonly signature?: VerifiedSignature;
  /** Whether trailing headers follow the last chunk. */
  readonly trailer: boolean;
  /** Given each trailing header, lower-case, once all of them proved right. */
  readonly onTrailer: (name: string, value: string) => void;
}

const HEADER = /^([0-9a-fA-F]{1,12})(?:;chunk-signature=([0-9a-f]{64}))?$/;
const EMPTY_HASH = createHash('sha256').digest('hex');

/**
 * Decodes an `aws-chunked` body: `<hex size>[;chunk-signature=<hex>]\r\n<bytes>\r\n … 0…\r\n[trailers]\r\n`.
 * Bytes are handed on as they come; a wrong signature is known at its chunk's end, and ends the decoding: what
 * was handed on before it must not be kept.
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
      // The documents' own examples end a signed trailer's headers with an empty line before its signature.
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

/** Each signature signs the one before it, so no chunk can be left out, doubled or moved. */
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
    const given = Buffer.from(signature, 'hex');
    if (given.length !== expected.length || !timingSafeEqual(expected, given)) {
      throw s3Errors.signatureDoesNotMatch(
        'The signature of a chunk or of the trailer does not match what was computed.',
      );
    }
    this.#previous = signature;
  }
}
