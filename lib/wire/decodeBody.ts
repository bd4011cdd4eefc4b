import { isUtf8 } from 'node:buffer';
import {
  brotliCompressSync,
  brotliDecompressSync,
  constants,
  deflateSync,
  gunzipSync,
  gzipSync,
  inflateRawSync,
  inflateSync,
  zstdCompressSync,
  zstdDecompressSync,
} from 'node:zlib';
import { nodeErrorCode } from '../base/errors.ts';
import type { Inflated } from '../base/Inflated.ts';
import { MAX_BODY_BYTES, MAX_DECODED_BYTES, MAX_ENCODING_LAYERS, MAX_ZSTD_FRAMES } from './limits.ts';
import { RequestError } from './RequestError.ts';
import type { BodyMarkers, HttpRequest } from './sdkRequest.ts';

/** A body as text. */
export interface DecodedBody {
  /** The text of the body. */
  readonly text: string;
  /** Bytes after decompression. */
  readonly bytes: number;
  /**
   * Whether bytes that are not UTF-8 were replaced by U+FFFD: so one damaged character does not cost the whole batch.
   */
  readonly repaired: boolean;
  /** How it was encoded: {@link encodeBody} does it again. */
  readonly encoding: BodyEncoding;
}

/** How a body was encoded. */
interface BodyEncoding {
  /** Compression, the outermost first; mostly none or one. */
  readonly layers: readonly ContentCoding[];
  /** Whether its text was in Statsig's own encoding. */
  readonly isStatsigEncoded: boolean;
}

/** A compression, named as in `Content-Encoding`: https://www.iana.org/assignments/http-parameters#content-coding */
type ContentCoding = 'gzip' | 'zstd' | 'br' | 'deflate';

/**
 * Options for codings that have one stream only. Without `rejectGarbageAfterEnd`, Node ignores anything after the
 * stream.
 */
const ALONE = { maxOutputLength: MAX_DECODED_BYTES, rejectGarbageAfterEnd: true } as const;

/** What removes each coding. An output that is too large is refused. */
const inflaters: Record<ContentCoding, (bytes: Uint8Array) => Buffer> = {
  // A gzip file can have several members (RFC 1952, 2.2). Node reads all of them and fails on anything except zeros
  // behind the last.
  gzip: (bytes) => gunzipSync(bytes, { maxOutputLength: MAX_DECODED_BYTES }),
  zstd: unzstd,
  br: (bytes) => brotliDecompressSync(bytes, ALONE),
  // "deflate" means zlib's format, but some senders omit its header: RFC 9110, 8.4.1.2.
  deflate: (bytes) => (hasZlibHeader(bytes) ? inflateSync(bytes, ALONE) : inflateRawSync(bytes, ALONE)),
};

/** The bytes of a request's body; null when the gateway destroyed them ({@link isMangled}). */
export function readBody({ body = '', isBase64Encoded, headers }: HttpRequest): Buffer | null {
  if (isBase64Encoded) return Buffer.from(body, 'base64');
  return isMangled(body, headers['content-encoding'] ?? '') ? null : Buffer.from(body, 'utf8');
}

/**
 * Decodes a body of any SDK: plain, gzip, zstd, br or deflate, compressed more than once if necessary, and Statsig's
 * own encoding. js-client marks gzip in the query only (`gz=1`) and some proxies leave stale headers, so gzip and zstd
 * are recognized by their first bytes, whatever the headers say. The header is read for the outermost compression only:
 * br or deflate within another compression is not decoded.
 *
 * @throws RequestError `SLUICE_BODY_…`: empty, too large, inflates too far, unknown, truncated or corrupt.
 */
export function decodeBody(body: Uint8Array, markers: BodyMarkers): DecodedBody {
  if (body.length === 0) throw new RequestError('SLUICE_BODY_EMPTY');
  if (body.length > MAX_BODY_BYTES) {
    throw new RequestError('SLUICE_BODY_TOO_LARGE', `${body.length} bytes, at most ${MAX_BODY_BYTES}.`);
  }
  let bytes = body;
  const layers: ContentCoding[] = [];
  for (let layer = 0; ; layer += 1) {
    const coding = detectCoding(bytes) ?? (layer === 0 ? announcedCoding(bytes, markers) : undefined);
    if (coding === undefined) break;
    if (layer === MAX_ENCODING_LAYERS) {
      throw new RequestError('SLUICE_BODY_CORRUPT', `It is compressed more than ${layer} times.`);
    }
    bytes = inflate(coding, bytes);
    layers.push(coding);
  }
  const isStatsigEncoded = markers.statsigEncoded && !startsLikeJson(bytes);
  if (isStatsigEncoded) bytes = decodeStatsig(bytes);
  const text = asBuffer(bytes).toString('utf8');
  return {
    text: text.charCodeAt(0) === 0xfeff ? text.slice(1) : text,
    bytes: bytes.length,
    repaired: !isUtf8(bytes),
    encoding: { layers, isStatsigEncoded },
  };
}

/** Quality of Brotli, 0 to 11: the default, 11, takes seconds for large bodies. */
const BROTLI_QUALITY = 4;

/** What adds each coding. */
const deflaters: Record<ContentCoding, (bytes: Uint8Array) => Buffer> = {
  gzip: (bytes) => gzipSync(bytes),
  zstd: (bytes) => zstdCompressSync(bytes),
  br: (bytes) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } }),
  deflate: (bytes) => deflateSync(bytes),
};

/** Encodes a text as a body was encoded, so that the headers and the query of its request still fit. */
export function encodeBody(text: string, { layers, isStatsigEncoded }: BodyEncoding): Buffer {
  const plain = isStatsigEncoded ? encodeStatsig(text) : Buffer.from(text, 'utf8');
  return layers.reduceRight((bytes, coding) => deflaters[coding](bytes), plain);
}

/** The coding that the first bytes show; undefined for those without magic bytes. */
function detectCoding(bytes: Uint8Array): ContentCoding | undefined {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return 'gzip';
  if (bytes[0] === 0x28 && bytes[1] === 0xb5 && bytes[2] === 0x2f && bytes[3] === 0xfd) return 'zstd';
  return undefined;
}

/**
 * The coding that the header names, for codings without magic bytes.
 *
 * @throws RequestError `SLUICE_BODY_CORRUPT` if the header names gzip or zstd, and the body does not begin like it;
 *   `SLUICE_BODY_ENCODING_UNKNOWN`.
 */
function announcedCoding(bytes: Uint8Array, markers: BodyMarkers): ContentCoding | undefined {
  const announced = markers.contentEncoding
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity');
  const last = announced.at(-1);
  if (last === undefined) return undefined;
  // Brotli and deflate streams can begin with any byte, including a brace. Only a body that looks like JSON at both ends
  // counts as decoded by a proxy. It is not parsed for this check, because parsing can be costly and happens later anyway.
  if (last === 'br' || last === 'deflate') return looksLikeJson(bytes) ? undefined : last;
  if (startsLikeJson(bytes) || markers.statsigEncoded) return undefined;
  if (last === 'gzip' || last === 'x-gzip' || last === 'zstd') {
    throw new RequestError('SLUICE_BODY_CORRUPT', `It is said to be ${last}, but does not begin like it.`);
  }
  throw new RequestError('SLUICE_BODY_ENCODING_UNKNOWN', `Content-Encoding: ${last.slice(0, 40)}.`);
}

/**
 * Removes one coding. @throws RequestError `SLUICE_BODY_CORRUPT`, `SLUICE_BODY_TRUNCATED`,
 * `SLUICE_BODY_INFLATES_TOO_FAR`.
 */
function inflate(coding: ContentCoding, bytes: Uint8Array): Uint8Array {
  try {
    return inflaters[coding](bytes);
  } catch (error) {
    if (error instanceof RequestError) throw error;
    const code = nodeErrorCode(error);
    if (code === 'ERR_BUFFER_TOO_LARGE') throw inflatesTooFar();
    // Node's name for an input that ends too early, the same for zlib, brotli and zstd.
    if (code === 'Z_BUF_ERROR')
      throw new RequestError('SLUICE_BODY_TRUNCATED', `It is ${coding}, of ${bytes.length} bytes.`);
    throw new RequestError('SLUICE_BODY_CORRUPT', `It is ${coding}.`);
  }
}

/**
 * Decodes Statsig's encoding: `btoa(text)` backwards, and btoa takes Latin-1. Text that is not base64 gives other
 * bytes, which are refused later, as a body that is not JSON.
 */
function decodeStatsig(bytes: Uint8Array): Uint8Array {
  const reversed = Buffer.from(bytes).reverse().toString('latin1');
  return Buffer.from(Buffer.from(reversed, 'base64').toString('latin1'), 'utf8');
}

/** `btoa` takes Latin-1 only; in JSON any other character may be an escape. */
function encodeStatsig(json: string): Buffer {
  const latin = json.replaceAll(
    /[\u0100-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return Buffer.from(Buffer.from(latin, 'latin1').toString('base64'), 'latin1').reverse();
}

/** Whether bytes begin with a brace or a bracket, behind a byte order mark and white space. */
function startsLikeJson(bytes: Uint8Array): boolean {
  let i = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  while (isSpace(bytes[i])) i += 1;
  return bytes[i] === 0x7b || bytes[i] === 0x5b;
}

/**
 * Whether bytes are UTF-8 that begins and ends as JSON's objects and arrays do. Control characters need no rule as in
 * {@link looksLikeJsonText}: compressed bytes are no UTF-8.
 */
function looksLikeJson(bytes: Uint8Array): boolean {
  if (!startsLikeJson(bytes)) return false;
  let end = bytes.length;
  while (isSpace(bytes[end - 1])) end -= 1;
  return (bytes[end - 1] === 0x7d || bytes[end - 1] === 0x5d) && isUtf8(bytes);
}

/** Whether a byte is white space of JSON. */
function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;
}

/** RFC 1950: method 8, and the first two bytes are a multiple of 31. */
function hasZlibHeader([first = 0, second = 0]: Uint8Array): boolean {
  return (first & 0x0f) === 8 && ((first << 8) | second) % 31 === 0;
}

/** Bytes as a Buffer, without a copy. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The error for a body that is larger than {@link MAX_DECODED_BYTES} once it is inflated. */
function inflatesTooFar(): InstanceType<typeof RequestError> {
  return new RequestError('SLUICE_BODY_INFLATES_TOO_FAR', `It was stopped at ${MAX_DECODED_BYTES} bytes.`);
}

/**
 * Decompresses all frames of a zstd body. A body can have several frames (RFC 8878, 3.1): some compressors end a frame
 * at each flush. Node's own function reads the first frame and ignores the rest.
 *
 * @throws RequestError `SLUICE_BODY_INFLATES_TOO_FAR`, for all frames together; `SLUICE_BODY_CORRUPT` for more frames
 *   than anybody writes; and what zstdDecompressSync throws.
 */
function unzstd(bytes: Uint8Array): Buffer {
  const frames: Buffer[] = [];
  let remainingBytes = MAX_DECODED_BYTES;
  for (let rest = bytes; rest.length > 0; ) {
    if (frames.length === MAX_ZSTD_FRAMES) {
      throw new RequestError('SLUICE_BODY_CORRUPT', `It has more than ${MAX_ZSTD_FRAMES} zstd frames.`);
    }
    // Node rejects a limit of 0, and an empty frame can follow.
    const options = { maxOutputLength: Math.max(1, remainingBytes), info: true };
    const { buffer, engine } = zstdDecompressSync(rest, options) as unknown as Inflated;
    remainingBytes -= buffer.length;
    if (remainingBytes < 0) throw inflatesTooFar();
    frames.push(buffer);
    rest = rest.subarray(engine.bytesWritten);
  }
  return Buffer.concat(frames);
}

/** The first bytes of gzip (1f 8b) and zstd (28 b5 2f fd) after decoding as text. No JSON begins with these. */
const MANGLED_MAGIC = ['\u001f\ufffd', '(\ufffd/\ufffd'];

/** Codings without magic bytes: their streams can begin like JSON. */
const WITHOUT_MAGIC = /\b(br|deflate)\b/i;

/** Control characters except white space. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for.
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/;

/**
 * Whether a text body was binary when it was sent. A gateway that treats a compressed body as text replaces each byte
 * that is not UTF-8 with U+FFFD, which cannot be undone. Brotli and deflate have no magic bytes; for them the header and
 * a replacement character in a text that is not JSON decide.
 *
 * @param contentEncoding Header `Content-Encoding`, '' when there is none.
 */
export function isMangled(text: string, contentEncoding: string): boolean {
  if (MANGLED_MAGIC.some((magic) => text.startsWith(magic))) return true;
  return WITHOUT_MAGIC.test(contentEncoding) && text.includes('\ufffd') && !looksLikeJsonText(text);
}

/** Whether a text begins and ends like JSON and has no characters that JSON escapes. Parsing it could be costly. */
function looksLikeJsonText(text: string): boolean {
  const trimmed = text.trim();
  return /^[{[]/.test(trimmed) && /[}\]]/.test(trimmed.slice(-1)) && !CONTROL.test(trimmed);
}
