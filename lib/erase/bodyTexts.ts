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

/** What can be searched of a body that was refused, whose headers nobody has kept. */
export interface BodyTexts {
  /** Every reading of it: as it is, inflated, and in Statsig's encoding. */
  readonly texts: readonly string[];
  /** Whether some reading has all that was sent. Else a part of it is in no text. */
  readonly isWhole: boolean;
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

/** A stream that ends early gives what it has. */
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
  const isWhole = addTexts(bytes, texts, 0);
  return { texts: [...texts], isWhole };
}

/** @returns Whether some reading is whole. */
function addTexts(bytes: Uint8Array, texts: Set<string>, layer: number): boolean {
  const format = announced(bytes);
  if (format !== null) {
    if (layer === MOST_LAYERS) return false;
    const inner = inflate(format, bytes);
    return addTexts(inner.bytes, texts, layer + 1) && inner.isWhole;
  }
  const text = textOf(bytes);
  texts.add(text);
  if (/^\s*[[{]/.test(text) && !CONTROL.test(text)) return true;
  if (STATSIG.test(text)) texts.add(textOf(decodeStatsig(bytes)));
  let isWhole = isUtf8(bytes) || !CONTROL.test(text);
  if (layer > 0) return isWhole;
  for (const silent of SILENT) {
    const inner = inflate(silent, bytes);
    if (inner.bytes.length === 0) continue;
    const before = texts.size;
    const isRead = addTexts(inner.bytes, texts, layer + 1) && inner.isWhole;
    // Any bytes may begin as such a stream: it is one if a text comes out.
    isWhole ||= isRead && texts.size > before && isUtf8(inner.bytes);
  }
  return isWhole;
}

/** Control characters but white space: a text of a body has none. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for.
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/;
/** Base64 from its end to its beginning. */
const STATSIG = /^\s*={0,2}[A-Za-z0-9+/]+\s*$/;

function announced(bytes: Uint8Array): 'gzip' | 'zstd' | null {
  const magic = Buffer.from(bytes.subarray(0, 4)).toString('hex');
  if (magic.startsWith('1f8b')) return 'gzip';
  return magic === '28b52ffd' ? 'zstd' : null;
}

/** As many bytes as can be inflated. It is whole if it reached the end of what was sent. */
function inflate(
  format: Format,
  bytes: Uint8Array,
): { readonly bytes: Uint8Array; readonly isWhole: boolean } {
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
function inflateFrames(bytes: Uint8Array): { readonly bytes: Uint8Array; readonly isWhole: boolean } {
  const frames: Buffer[] = [];
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
      break;
    }
    frames.push(inflated);
    left -= inflated.length;
    rest = rest.subarray(consumed);
    if (rest.length === 0) return { bytes: Buffer.concat(frames), isWhole: true };
  }
  return { bytes: Buffer.concat(frames), isWhole: false };
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
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}
