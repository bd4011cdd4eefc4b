import type { JournalEntry } from './Journal.ts';

/** Why a document can't be delivered, as the error output states it. */
export interface Failure {
  /** The value of `!{firehose:error-output-type}`. */
  readonly outputType:
    | 'metadata-extraction-failed'
    | 'active-partitions-exceeded'
    | 'delivery-failed'
    | 'format-conversion-failed';
  readonly code: string;
  readonly message: string;
}

/** One document of one record: the unit that is buffered, delivered and marked. An unsplit record is one unit. */
export interface DeliveryUnit {
  readonly entry: JournalEntry;
  /** Number of the document within its record, from 0. It is the same each time the record is split. */
  readonly document: number;
  /** Position in the record; `end` is exclusive. */
  readonly start: number;
  readonly end: number;
  /** Its destination: a partition (the values that its prefix needs), or the error output. */
  readonly target: { readonly partition: ReadonlyMap<string, string> } | { readonly failure: Failure };
}

/** Numbers that are kept of each unit: its document, start and end. */
const NUMBERS = 3;
const UNITS_PER_CHUNK = 4096;

/** Units that follow one another and differ in their numbers only. */
interface Run {
  readonly entry: JournalEntry;
  readonly target: DeliveryUnit['target'];
  length: number;
}

/**
 * Units in order. A buffer of Firehose may hold a million small documents for minutes: as objects they would need some 150
 * bytes each, here 12.
 */
export class UnitList implements Iterable<DeliveryUnit> {
  readonly #runs: Run[] = [];
  readonly #chunks: Uint32Array[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push({ entry, document, start, end, target }: DeliveryUnit): void {
    const at = (this.#length % UNITS_PER_CHUNK) * NUMBERS;
    if (at === 0) this.#chunks.push(new Uint32Array(UNITS_PER_CHUNK * NUMBERS));
    this.#chunks.at(-1)?.set([document, start, end], at);
    this.#length += 1;
    const last = this.#runs.at(-1);
    if (last?.entry === entry && last.target === target) last.length += 1;
    else this.#runs.push({ entry, target, length: 1 });
  }

  *[Symbol.iterator](): Generator<DeliveryUnit> {
    let unit = 0;
    for (const { entry, target, length } of this.#runs) {
      for (const end = unit + length; unit < end; unit += 1) {
        const chunk = this.#chunks[Math.floor(unit / UNITS_PER_CHUNK)];
        const at = (unit % UNITS_PER_CHUNK) * NUMBERS;
        yield {
          entry,
          document: chunk?.[at] ?? 0,
          start: chunk?.[at + 1] ?? 0,
          end: chunk?.[at + 2] ?? 0,
          target,
        };
      }
    }
  }

  /** The units that neighbour each other and are of one record, together. */
  *byRecord(): Generator<[DeliveryUnit, ...DeliveryUnit[]]> {
    let ofRecord: [DeliveryUnit, ...DeliveryUnit[]] | undefined;
    for (const unit of this) {
      if (ofRecord !== undefined && ofRecord[0].entry === unit.entry) ofRecord.push(unit);
      else {
        if (ofRecord !== undefined) yield ofRecord;
        ofRecord = [unit];
      }
    }
    if (ofRecord !== undefined) yield ofRecord;
  }

  /** The units that a condition holds for, in a list of their own. */
  filter(condition: (unit: DeliveryUnit) => boolean): UnitList {
    const kept = new UnitList();
    for (const unit of this) if (condition(unit)) kept.push(unit);
    return kept;
  }
}
