import type { SluiceError } from '../../base/errors.ts';
import { isOwnFault, LandingError } from './LandingError.ts';
import {
  findRecord,
  LONGEST_HEAD,
  recordAt,
  type UnreadPiece,
  type WalkedRecord,
  type Window,
} from './records.ts';

/** An object that is read by ranges. */
export interface RangedObject {
  /** Bytes. */
  readonly size: number;
  /** Reads the bytes from `from` up to `to`, without the last. It throws the error of the store. */
  readonly read: (from: number, to: number) => Promise<Uint8Array>;
}

/** The object with reads of so many bytes at least: frames are small and follow each other. */
export function readAhead({ size, read }: RangedObject, bytes: number): RangedObject {
  let held: Window = { from: 0, bytes: new Uint8Array() };
  return {
    size,
    async read(from, to) {
      if (to - from > bytes) return read(from, to);
      if (from < held.from || to > held.from + held.bytes.length)
        held = { from, bytes: await read(from, Math.min(size, from + bytes)) };
      return held.bytes.subarray(from - held.from, to - held.from);
    },
  };
}

/** Bytes that are read at once: 32 reads for the largest object that Firehose writes. */
const WINDOW_BYTES = 4 * 1024 * 1024;

/**
 * Walks the records of an object that does not fit the memory. It holds one window of the object at a time, and reads no
 * frame that reaches beyond it.
 */
export class RecordWalker {
  readonly #object: RangedObject;
  readonly #windowBytes: number;

  /** @param windowBytes Bytes that it holds at most: no less than a header with what is in front of it. */
  constructor(object: RangedObject, windowBytes = WINDOW_BYTES) {
    this.#object = object;
    this.#windowBytes = Math.max(LONGEST_HEAD, windowBytes);
  }

  /**
   * Yields the records in order, and the pieces between them that are not records: a walk goes on after damaged bytes.
   *
   * @throws LandingError `SLUICE_LANDING_VERSION_UNKNOWN`, `SLUICE_LANDING_UNREADABLE`; what reading throws.
   */
  async *pieces(): AsyncGenerator<WalkedRecord | UnreadPiece, void, undefined> {
    const { size } = this.#object;
    let window: Window = { bytes: new Uint8Array(), from: 0 };
    for (let offset = 0; offset < size; ) {
      const needed = Math.min(offset + LONGEST_HEAD, size);
      if (needed > window.from + window.bytes.length) window = await this.#readAt(offset);
      const piece = recordOr(window, offset, size);
      if ('error' in piece) {
        const to = await this.#nextRecord(offset + 1);
        yield { from: offset, to, error: piece.error };
        offset = to;
        window = { bytes: new Uint8Array(), from: 0 };
      } else {
        yield piece;
        offset = piece.end;
      }
    }
  }

  /** Where the next record begins, from an offset on; the object's end if none does. */
  async #nextRecord(from: number): Promise<number> {
    const { size } = this.#object;
    for (let offset = from; offset < size; ) {
      const found = findRecord(await this.#readAt(offset), offset, size);
      if (found.begins) return found.offset;
      offset = found.offset;
    }
    return size;
  }

  async #readAt(from: number): Promise<Window> {
    const to = Math.min(from + this.#windowBytes, this.#object.size);
    const bytes = await this.#object.read(from, to);
    if (bytes.length === to - from) return { bytes, from };
    throw new LandingError(
      'SLUICE_LANDING_UNREADABLE',
      `A read of ${to - from} bytes at offset ${from} answered ${bytes.length}.`,
    );
  }
}

function recordOr(
  window: Window,
  offset: number,
  size: number,
): WalkedRecord | { readonly error: SluiceError } {
  try {
    return recordAt(window, offset, size);
  } catch (error) {
    if (isOwnFault(error)) return { error };
    throw error;
  }
}
