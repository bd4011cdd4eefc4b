import { defineErrorFamily } from '../../base/errors.ts';
import { systemClock, type UtcDay } from '../../base/time.ts';
import type { TableKind } from '../../schema/kinds.ts';
import { LandedReader } from './LandedReader.ts';
import { type LandedPart, rowJson } from './landedLines.ts';
import { Skipped } from './Skipped.ts';

/** Why an object of the landing can't be read as a whole. */
export const LandedError = defineErrorFamily('system', {
  SLUICE_LANDED_DAMAGED: {
    cause:
      'Bytes of an object of the landing are no rows that this release reads. They may be accepted events. All other rows of the object are written, and these bytes are in damaged/.',
    cure: 'Find out who writes to the landing, or to its stream, besides Sluice. Rows of a newer release are written once the writer is upgraded and the object is tried again.',
  },
});

/** An object of the landing of which all bytes are there. */
export class LandedObject {
  /** What was skipped, once all parts were read. */
  readonly skipped = new Skipped();
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /**
   * The parts of the object. They are to be read once, by this method or by rows(), because reading adds to `skipped`.
   */
  *parts(): Generator<LandedPart, void, undefined> {
    for (const part of new LandedReader(systemClock, 0, 0).read([this.#bytes], true)) {
      this.skipped.add(part);
      yield part;
    }
  }

  /** Every row as JSON: for small objects. */
  *rows(): Generator<
    { readonly kind: TableKind; readonly day: UtcDay; readonly json: string },
    void,
    undefined
  > {
    for (const { text, lines } of this.parts())
      for (const line of lines) yield { kind: line.kind, day: line.day, json: rowJson(text, line) };
  }
}

/** Rows of an object of `damaged/`. */
interface DamagedRows {
  /** How many lines begin as a row of any release. */
  readonly rows: number;
  /** Whether bytes that cannot be inflated may hold more. */
  readonly mayBeMore: boolean;
}

/** How many rows an object of `damaged/` has. */
export function rowsIn(bytes: Uint8Array): DamagedRows {
  const object = new LandedObject(bytes);
  let rows = 0;
  for (const { lines } of object.parts()) rows += lines.length;
  return { rows: rows + object.skipped.rowLike, mayBeMore: object.skipped.hours === null };
}
