import { constants, zstdDecompressSync } from 'node:zlib';
import * as z from 'zod';
import type { SluiceError } from '../../base/errors.ts';
import { parseJson } from '../../base/json.ts';
import { isUtcDay } from '../../base/time.ts';
import { MAX_HEADER_BYTES, MAX_LANDED_BYTES } from '../../schema/deliveryLimits.ts';
import { tableKinds } from '../../schema/kinds.ts';
import { isOwnFault, LandingError } from './LandingError.ts';
import {
  countLines,
  hexCrc,
  MAGIC,
  openText,
  PREFIX_BYTES,
  RECORD_ID,
  type RecordHeader,
  sealed,
  type TableFrame,
  VERSION,
} from './recordFormat.ts';

/** Where a zstd frame has its descriptor, and the bit that says that a checksum follows the content. */
const DESCRIPTOR = 4;
const CHECKSUM_FLAG = 0x04;
/** Characters that {@link sealed} adds. */
const SEAL = sealed('').length;

/** A frame, and where it begins in its object. */
export interface WalkedFrame extends TableFrame {
  readonly offset: number;
}

/** A record, and where it begins and ends in its object. */
export interface WalkedRecord {
  readonly offset: number;
  readonly end: number;
  readonly header: RecordHeader;
  readonly frames: readonly WalkedFrame[];
}

/**
 * The records of an object, by their headers alone: they follow each other from its first byte to its last.
 *
 * @throws LandingError `SLUICE_LANDING_TRUNCATED`, `SLUICE_LANDING_NOT_A_RECORD`, `SLUICE_LANDING_HEADER_DAMAGED`,
 *   `SLUICE_LANDING_VERSION_UNKNOWN`.
 */
export function walkRecords(bytes: Uint8Array): WalkedRecord[] {
  const records: WalkedRecord[] = [];
  const window = { bytes, from: 0 };
  for (let offset = 0; offset < bytes.length; ) {
    const record = recordAt(window, offset, bytes.length);
    records.push(record);
    offset = record.end;
  }
  return records;
}

/** Bytes that the header of a record takes at most, with what is in front of it. */
export const LONGEST_HEAD = PREFIX_BYTES + MAX_HEADER_BYTES;

/** A part of an object. */
export interface Window {
  readonly bytes: Uint8Array;
  /** Where it begins in the object. */
  readonly from: number;
}

/**
 * The record that begins at an offset of an object.
 *
 * @param window Holds {@link LONGEST_HEAD} bytes from there, or all up to the object's end.
 * @param size Bytes of the object.
 * @throws LandingError As {@link walkRecords}.
 */
export function recordAt(window: Window, offset: number, size: number): WalkedRecord {
  const { buffer, byteOffset } = window.bytes;
  const head = Buffer.from(buffer, byteOffset + offset - window.from, Math.min(size - offset, LONGEST_HEAD));
  const magic = head.subarray(0, MAGIC.length);
  if (!magic.equals(MAGIC.subarray(0, magic.length))) throw refusal('NOT_A_RECORD', offset);
  if (head.length < PREFIX_BYTES) throw refusal('TRUNCATED', offset);
  const length = head.readUInt32LE(MAGIC.length);
  if (length > MAX_HEADER_BYTES) throw refusal('HEADER_DAMAGED', offset, `Its length is ${length} bytes.`);
  if (PREFIX_BYTES + length > head.length) throw refusal('TRUNCATED', offset);
  const header = readHeader(head.toString('utf8', PREFIX_BYTES, PREFIX_BYTES + length), offset);
  let end = offset + PREFIX_BYTES + length;
  const frames = header.frames.map((frame) => {
    const walked = { ...frame, offset: end };
    end += frame.length;
    return walked;
  });
  if (end > size) throw refusal('TRUNCATED', offset, `It ends at ${end}, the object at ${size}.`);
  return { offset, end, header, frames };
}

/** Bytes of an object that are not a record: between records, or after the last. */
export interface UnreadPiece {
  readonly from: number;
  readonly to: number;
  /** Why no record begins with them. */
  readonly error: SluiceError;
}

/**
 * Where the next record begins, at an offset or behind it. Rows hold no byte like the third of the magic number, and a header
 * has a checksum: nothing else is taken for one.
 *
 * @param window As of {@link recordAt}, for the first byte at which a record may begin.
 * @returns `begins`: a record does. Otherwise none begins before the offset, for which another window is needed.
 * @throws LandingError `SLUICE_LANDING_VERSION_UNKNOWN`.
 */
export function findRecord(
  window: Window,
  offset: number,
  size: number,
): { readonly offset: number; readonly begins: boolean } {
  const { buffer, byteOffset, length } = window.bytes;
  const bytes = Buffer.from(buffer, byteOffset, length);
  const end = window.from + length;
  for (let at = offset - window.from; ; at += 1) {
    at = bytes.indexOf(MAGIC, at);
    if (at < 0)
      return { offset: end === size ? size : Math.max(offset, end - MAGIC.length + 1), begins: false };
    const candidate = window.from + at;
    if (Math.min(candidate + LONGEST_HEAD, size) > end) return { offset: candidate, begins: false };
    try {
      recordAt(window, candidate, size);
      return { offset: candidate, begins: true };
    } catch (error) {
      if (!isOwnFault(error)) throw error;
    }
  }
}

const frameSchema = z.strictObject({
  table: z.enum(tableKinds),
  length: z.int().positive(),
  decoded: z.int().positive().max(MAX_LANDED_BYTES),
  crc32: z.string().regex(/^[0-9a-f]{8}$/),
  rows: z.record(z.string().refine(isUtcDay), z.int().positive()),
});
const headerSchema = z.strictObject({
  version: z.literal(VERSION),
  id: z.string().regex(RECORD_ID),
  request: z.string().nullable(),
  received_at: z.int().nonnegative(),
  frames: z
    .array(frameSchema)
    .refine((frames) => new Set(frames.map(({ table }) => table)).size === frames.length),
});
const anyVersion = z.object({ version: z.int() });

function readHeader(text: string, offset: number): RecordHeader {
  const open = text.slice(0, -SEAL);
  if (sealed(open) !== text) throw refusal('HEADER_DAMAGED', offset, 'Its checksum is wrong.');
  const json = parseJson(`${open}}`);
  const { data: other } = anyVersion.safeParse(json);
  if (other !== undefined && other.version !== VERSION)
    throw refusal('VERSION_UNKNOWN', offset, `It has version ${other.version}.`);
  const { data } = headerSchema.safeParse(json);
  if (data === undefined) throw refusal('HEADER_DAMAGED', offset, 'Its members do not match version 1.');
  const { id, request, received_at: receivedAt, frames } = data;
  const found = { id, request, receivedAt, frames };
  // So that a member named twice, or one that JSON.parse reads otherwise than another reader, is not read at all.
  if (openText(found) !== open) throw refusal('HEADER_DAMAGED', offset, 'It is written in another way.');
  return found;
}

/**
 * The rows of one frame, as lines. It never makes more bytes than the header says. Node's decoders end at the first frame,
 * whatever follows, without an error (https://github.com/nodejs/node/issues/64741): here the whole frame is one, with a
 * checksum, and decodes to what its header says.
 *
 * @param bytes The frame's alone.
 * @throws LandingError `SLUICE_LANDING_FRAME_DAMAGED`.
 */
export function decodeFrame(bytes: Uint8Array, frame: WalkedFrame): Buffer {
  const { length, decoded, offset } = frame;
  const damaged = (what: string) => refusal('FRAME_DAMAGED', offset, `${frame.table}: ${what}.`);
  if (hexCrc(bytes) !== frame.crc32) throw damaged('another checksum of the frame');
  if (((bytes[DESCRIPTOR] ?? 0) & CHECKSUM_FLAG) === 0) throw damaged('no checksum of the content');
  const { buffer, engine } = decompress(bytes, decoded, damaged);
  if (engine.bytesWritten !== length) throw damaged(`a frame of ${engine.bytesWritten} bytes, and others`);
  if (buffer.length !== decoded) throw damaged(`${buffer.length} bytes of rows instead of ${decoded}`);
  const rows = Object.values(frame.rows).reduce((sum, count) => sum + count, 0);
  const lines = countLines(buffer);
  if (lines !== rows) throw damaged(lines < 0 ? 'an empty or open line' : `${lines} rows instead of ${rows}`);
  return buffer;
}

/** Node's result with `info`: the output, and how much of the input it used. */
const decompressed = z.object({
  buffer: z.custom<Buffer>(Buffer.isBuffer),
  engine: z.object({ bytesWritten: z.number() }),
});

/** Largest window of a frame, 8 MiB, which RFC 8878 asks decoders to support: level 1 needs less, and memory is bounded. */
const WINDOW_LOG = 23;
/** Node's least. */
const LEAST_CHUNK = 64;

function decompress(bytes: Uint8Array, decoded: number, damaged: (what: string) => Error) {
  try {
    const result: unknown = zstdDecompressSync(bytes, {
      info: true,
      maxOutputLength: decoded,
      chunkSize: Math.max(LEAST_CHUNK, decoded + 1),
      params: { [constants.ZSTD_d_windowLogMax]: WINDOW_LOG },
    });
    return decompressed.parse(result);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'Error';
    throw damaged(code);
  }
}

type ReadCode = 'TRUNCATED' | 'NOT_A_RECORD' | 'HEADER_DAMAGED' | 'VERSION_UNKNOWN' | 'FRAME_DAMAGED';

function refusal(code: ReadCode, offset: number, detail = ''): Error {
  return new LandingError(`SLUICE_LANDING_${code}`, `At offset ${offset}.${detail && ` ${detail}`}`);
}
