import type { SluiceError } from '../../base/errors.ts';
import type { TableKind } from '../../schema/kinds.ts';
import { isOwnFault, LandingError } from './LandingError.ts';
import { type RangedObject, RecordWalker, readAhead } from './RecordWalker.ts';
import {
  decodeFrame,
  findRecord,
  recordAt,
  type UnreadPiece,
  type WalkedFrame,
  type WalkedRecord,
  type Window,
} from './records.ts';

/** The records of an object, and its pieces that are not records. */
export interface ReadRecords {
  readonly records: readonly WalkedRecord[];
  readonly unread: readonly UnreadPiece[];
}

/** Walks the records of an object of the landing. From a record of an unknown version on nothing is read. */
export function readRecords(bytes: Uint8Array): ReadRecords {
  const records: WalkedRecord[] = [];
  const unread: UnreadPiece[] = [];
  const window = { bytes, from: 0 };
  const size = bytes.length;
  for (let offset = 0; offset < size; ) {
    try {
      const record = recordAt(window, offset, size);
      records.push(record);
      offset = record.end;
    } catch (error) {
      if (!(error instanceof LandingError)) throw error;
      const to = isOwnFault(error) ? nextRecord(window, offset + 1) : size;
      unread.push({ from: offset, to, error });
      offset = to;
    }
  }
  return { records, unread };
}

function nextRecord(object: Window, from: number): number {
  const size = object.bytes.length;
  try {
    return findRecord(object, from, size).offset;
  } catch (error) {
    if (error instanceof LandingError) return size;
    throw error;
  }
}

/** The rows of one frame of an object as JSON, in their order; null if the frame is damaged. */
export function readRows(bytes: Uint8Array, frame: WalkedFrame): readonly string[] | null {
  const { offset, length } = frame;
  const rows = rowsOr(bytes.subarray(offset, offset + length), frame);
  return rows instanceof LandingError ? null : rows;
}

/** Rows of a frame as JSON, or why it, or what follows it, can't be read. */
export type ReadFrame =
  | { readonly table: TableKind; readonly rows: readonly string[] }
  | { readonly error: SluiceError };

/** Bytes that are read at once, so that headers and frames come with one read. */
const AHEAD_BYTES = 8_388_608;
/** Bytes of them in which headers are looked for. */
const HEADER_BYTES = 1_048_576;

/**
 * Reads an object of the landing frame by frame, by the headers: little of it is in memory at a time. What is damaged is
 * passed over.
 *
 * @throws What reading throws.
 */
export async function* readFrames(object: RangedObject): AsyncGenerator<ReadFrame, void, undefined> {
  const ahead = readAhead(object, AHEAD_BYTES);
  try {
    for await (const piece of new RecordWalker(ahead, HEADER_BYTES).pieces()) {
      if ('error' in piece) yield { error: piece.error };
      else
        for (const frame of piece.frames) {
          const rows = rowsOr(await ahead.read(frame.offset, frame.offset + frame.length), frame);
          yield rows instanceof LandingError ? { error: rows } : { table: frame.table, rows };
        }
    }
  } catch (error) {
    if (!(error instanceof LandingError)) throw error;
    yield { error };
  }
}

/** @param bytes The frame's alone. */
function rowsOr(bytes: Uint8Array, frame: WalkedFrame): readonly string[] | SluiceError {
  try {
    return decodeFrame(bytes, frame).toString('utf8').split('\n').slice(0, -1);
  } catch (error) {
    if (error instanceof LandingError) return error;
    throw error;
  }
}
