import { isUtf8 } from 'node:buffer';
import {
  brotliDecompressSync,
  constants,
  gunzipSync,
  inflateRawSync,
  inflateSync,
  zstdDecompressSync,
} from 'node:zlib';
import { decodeStatsig } from '../wire/decodeBody.ts';

/** Searchable texts of a refused body. Its headers are not kept. */
export interface BodyTexts {
  /** Every reading of it: as it is, inflated, in Statsig's encoding, from base64, as Latin-1 or UTF-16. */
  readonly texts: readonly string[];
  /**
   * `whole`: some reading has all that was sent. `part`: it is compressed and damaged, too large, or cut where nothing comes
   * out. `coded`: a text, which may be base64 of bytes without text. `nothing`: bytes that are not text in any reading.
   */
  readonly read: 'whole' | 'part' | 'coded' | 'nothing';
}

type Format = 'gzip' | 'zstd' | 'br' | 'zlib' | 'deflate';

/** Bytes that a body is inflated to: twice what the collector accepts. What is beyond is not searched. */
const MOST_INFLATED = 64 * 1024 ** 2;
/** Compressions of one another. */
const MOST_LAYERS = 4;
const MOST_FRAMES = 1_000;
/** Formats that no bytes announce. */
const SILENT = ['br', 'zlib', 'deflate'] as const;

const options = { maxOutputLength: MOST_INFLATED };
const flushed = { ...options, finishFlush: constants.Z_SYNC_FLUSH };

/** A stream that ends early returns the bytes up to there. */
const inflaters: Readonly<Record<Exclude<Format, 'zstd'>, (bytes: Uint8Array) => Buffer>> = {
  gzip: (bytes) => gunzipSync(bytes, flushed),
  br: (bytes) => brotliDecompressSync(bytes, { ...options, finishFlush: constants.BROTLI_OPERATION_FLUSH }),
  zlib: (bytes) => inflateSync(bytes, flushed),
  deflate: (bytes) => inflateRawSync(bytes, flushed),
};

/** Reads a body in every way in which SDKs encode bodies. What is damaged is inflated as far as it can be. */
export function bodyTexts(bytes: Uint8Array): BodyTexts {
  // Also what follows a stream.
  const texts = new Set([textOf(bytes)]);
  const read = addTexts(bytes, texts, 0);
  return { texts: [...texts], read };
}

function addTexts(bytes: Uint8Array, texts: Set<string>, layer: number): BodyTexts['read'] {
  const format = announced(bytes);
  if (format !== null) {
    if (layer === MOST_LAYERS) return 'part';
    const inner = inflate(format, bytes);
    // Noise may begin as a stream does.
    if (inner.bytes.length === 0 && !inner.isWhole && !inner.isCut) return 'nothing';
    const read = addTexts(inner.bytes, texts, layer + 1);
    return inner.isWhole ? read : 'part';
  }
  const text = textOf(bytes);
  texts.add(text);
  if (!isUtf8(bytes)) texts.add(bufferOf(bytes).toString('latin1'));
  if (/^\s*[[{]/.test(text) && !CONTROL.test(text)) return 'whole';
  const isMarked = hasUtf16Mark(bytes);
  if (isMarked || bytes.includes(0)) for (const one of utf16Texts(bytes)) texts.add(one);
  const isCode = isBase64(bytes);
  if (isCode) texts.add(textOf(decodeStatsig(bytes)));
  let read: BodyTexts['read'] = isUtf8(bytes) || !CONTROL.test(text) || isMarked ? 'whole' : 'nothing';
  if (layer < MOST_LAYERS && isCode) {
    const inner = addTexts(Buffer.from(text, 'base64'), texts, layer + 1);
    if (inner !== 'whole') read = inner === 'part' ? inner : 'coded';
  }
  // Streams without a mark have bytes that no text has.
  if (layer > 0 || (isUtf8(bytes) && !CONTROL.test(text))) return read;
  for (const silent of SILENT) {
    const inner = inflate(silent, bytes);
    if (inner.bytes.length === 0) continue;
    const readInner = addTexts(inner.bytes, texts, layer + 1);
    // Any bytes may begin as such a stream: it is one if a text comes out.
    if (read === 'whole' || readInner !== 'whole' || !isText(inner.bytes.subarray(0, TRIED))) continue;
    if (inner.isWhole) read = 'whole';
    else if (inner.bytes.length >= LEAST_TEXT) read = 'part';
  }
  return read;
}

/** Bytes of a stream without a mark that tell whether it is a text, and those by chance fewer come out of noise. */
const TRIED = 64;
const LEAST_TEXT = 16;

function isText(bytes: Uint8Array): boolean {
  const text = textOf(bytes);
  // Its last character may be cut.
  return !CONTROL.test(text) && !text.slice(0, -1).includes('\ufffd');
}

/** https://www.rfc-editor.org/rfc/rfc2781#section-3.2 */
function hasUtf16Mark(bytes: Uint8Array): boolean {
  return ['fffe', 'feff'].includes(bufferOf(bytes.subarray(0, 2)).toString('hex'));
}

/** As little-endian and as big-endian. */
function utf16Texts(bytes: Uint8Array): readonly string[] {
  const even = Buffer.from(bytes.subarray(0, bytes.length - (bytes.length % 2)));
  return [even.toString('utf16le'), even.swap16().toString('utf16le')];
}

/** Control characters but white space: a text of a body has none. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for.
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/;
/** Base64, also with the alphabet of URLs and in lines; or from its end to its beginning, as Statsig writes it. */
function isBase64(bytes: Uint8Array): boolean {
  if (bytes.length < LEAST_CODE) return false;
  // Senders choose the text, and a regular expression would keep every step of it.
  let [from, to] = [0, bytes.length];
  const isPadding = (byte: number | undefined) => byte === 0x3d || isSpace(byte);
  while (isPadding(bytes[from])) from += 1;
  while (to > from && isPadding(bytes[to - 1])) to -= 1;
  for (let i = from; i < to; i += 1) if (!isBase64Byte(bytes[i] ?? 0) && !isSpace(bytes[i])) return false;
  return to > from;
}

const LEAST_CODE = 8;

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function isBase64Byte(byte: number): boolean {
  const isLetter = (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a;
  // Digits and the slash; +, - and _.
  return isLetter || (byte >= 0x2f && byte <= 0x39) || byte === 0x2b || byte === 0x2d || byte === 0x5f;
}

function announced(bytes: Uint8Array): 'gzip' | 'zstd' | null {
  const magic = Buffer.from(bytes.subarray(0, 4)).toString('hex');
  if (magic.startsWith('1f8b')) return 'gzip';
  return magic === '28b52ffd' ? 'zstd' : null;
}

/** As many bytes as could be inflated. */
interface Inflated {
  readonly bytes: Uint8Array;
  /** Whether the end of what was sent was reached. */
  readonly isWhole: boolean;
  /** Whether the remaining bytes may be the beginning of more. */
  readonly isCut?: boolean;
}

function inflate(format: Format, bytes: Uint8Array): Inflated {
  if (format === 'zstd') return inflateFrames(bytes);
  const inflater = inflaters[format];
  const whole = attempt(() => inflater(bytes));
  if (whole !== null) return { bytes: whole, isWhole: true };
  // Nothing comes out of a call that fails. The longest beginning that does not fail is found by halves.
  let [good, bad] = [0, bytes.length];
  let best: Buffer = Buffer.alloc(0);
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    const inflated = attempt(() => inflater(bytes.subarray(0, middle)));
    if (inflated === null) bad = middle;
    else {
      good = middle;
      best = inflated;
    }
  }
  return { bytes: best, isWhole: false };
}

/** zstd has frames, of which Node reads the first. Of one that ends early, it gives whole blocks. */
function inflateFrames(bytes: Uint8Array): Inflated {
  const frames: Buffer[] = [];
  let isCut = false;
  let left = MOST_INFLATED;
  let rest = bytes;
  for (let i = 0; rest.length > 0 && i < MOST_FRAMES && left > 0; i += 1) {
    const maxOutputLength = left;
    // With `info`, the result differs from its type: https://nodejs.org/docs/latest-v24.x/api/zlib.html#class-options
    const result: unknown = attempt(() => zstdDecompressSync(rest, { maxOutputLength, info: true }));
    const inflated: unknown = Reflect.get(Object(result), 'buffer');
    const consumed: unknown = Reflect.get(Object(Reflect.get(Object(result), 'engine')), 'bytesWritten');
    if (!Buffer.isBuffer(inflated) || typeof consumed !== 'number' || consumed <= 0) {
      const finishFlush = constants.ZSTD_e_flush;
      const some = attempt(() => zstdDecompressSync(rest, { maxOutputLength, finishFlush }));
      if (some !== null) frames.push(some);
      isCut = some !== null;
      break;
    }
    frames.push(inflated);
    left -= inflated.length;
    rest = rest.subarray(consumed);
    if (rest.length === 0) return { bytes: Buffer.concat(frames), isWhole: true };
  }
  return { bytes: Buffer.concat(frames), isWhole: false, isCut };
}

/** Null if the bytes are damaged, or too many come out. */
function attempt<Result>(inflateSome: () => Result): Result | null {
  try {
    return inflateSome();
  } catch (error) {
    // zlib's, Brotli's and zstd's errors, and that of `maxOutputLength`: each has a code.
    if (error instanceof Error && 'code' in error) return null;
    throw error;
  }
}

function textOf(bytes: Uint8Array): string {
  const text = bufferOf(bytes).toString('utf8');
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
