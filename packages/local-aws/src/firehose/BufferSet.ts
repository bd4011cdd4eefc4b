import type { Alarm, LocalClock } from '../base/clock.ts';
import { limits } from './errors.ts';
import type { JournalEntry } from './Journal.ts';

/** Documents that are delivered together: documents of one partition, or failures of one type. */
export interface StreamBuffer {
  /** The partition's values, or the type of the failures. */
  readonly target: { readonly partition: ReadonlyMap<string, string> } | { readonly errorOutputType: string };
  units: UnitList;
  /** Bytes of the documents. */
  bytes: number;
  /** Arrival of the oldest record in it, epoch ms. */
  oldestArrivalMs: number;
}

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
/** Units of the first chunk, and of the largest: each has twice as many as the one before. */
const CHUNK = { first: 16, largest: 4096 };

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
  /** Numbers of the last chunk that are in use. */
  #used = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push({ entry, document, start, end, target }: DeliveryUnit): void {
    let chunk = this.#chunks.at(-1);
    if (chunk === undefined || this.#used === chunk.length) {
      const units = Math.min(CHUNK.largest, CHUNK.first * 2 ** this.#chunks.length);
      chunk = new Uint32Array(units * NUMBERS);
      this.#chunks.push(chunk);
      this.#used = 0;
    }
    chunk.set([document, start, end], this.#used);
    this.#used += NUMBERS;
    this.#length += 1;
    const last = this.#runs.at(-1);
    if (last?.entry === entry && last.target === target) last.length += 1;
    else this.#runs.push({ entry, target, length: 1 });
  }

  *[Symbol.iterator](): Generator<DeliveryUnit> {
    let number = 0;
    let chunk = this.#chunks[0];
    let at = 0;
    for (const { entry, target, length } of this.#runs) {
      for (let unit = 0; unit < length; unit += 1) {
        if (at === chunk?.length) {
          number += 1;
          chunk = this.#chunks[number];
          at = 0;
        }
        const [document = 0, start = 0, end = 0] = [chunk?.[at], chunk?.[at + 1], chunk?.[at + 2]];
        yield { entry, document, start, end, target };
        at += NUMBERS;
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

/** When a buffer is full: at whichever limit is reached first. */
export interface BufferingHints {
  readonly seconds: number;
  readonly bytes: number;
}

/**
 * The open buffers of one stream: one for each active partition and one for each kind of failure. A buffer
 * is full at its size, or when its interval has passed since its first record arrived.
 */
export class BufferSet {
  readonly #clock: LocalClock;
  readonly #onFull: (buffer: StreamBuffer) => void;
  #hints: BufferingHints;
  readonly #open = new Map<string, { readonly buffer: StreamBuffer; alarm: Alarm }>();
  /** Full buffers of partitions that aren't delivered yet. Their partitions count as active. */
  readonly #leaving = new Map<StreamBuffer, string>();
  /** Full buffers that aren't delivered yet, of failures too. */
  readonly #full = new Set<StreamBuffer>();

  constructor(options: {
    readonly clock: LocalClock;
    readonly hints: BufferingHints;
    readonly onFull: (buffer: StreamBuffer) => void;
  }) {
    this.#clock = options.clock;
    this.#hints = options.hints;
    this.#onFull = options.onFull;
  }

  add(unit: DeliveryUnit): void {
    const { target } = unit;
    if ('failure' in target) {
      this.#put(`failure ${target.failure.outputType}`, unit, {
        errorOutputType: target.failure.outputType,
      });
      return;
    }
    const key = `partition ${JSON.stringify([...target.partition])}`;
    if (!this.#isActive(key) && this.#activePartitions() >= limits.activePartitions) {
      this.add({ ...unit, target: { failure: tooManyPartitions } });
      return;
    }
    this.#put(key, unit, target);
  }

  /** Marks a buffer as delivered: its partition is no longer active, unless it has been opened again. */
  delivered(buffer: StreamBuffer): void {
    this.#leaving.delete(buffer);
    this.#full.delete(buffer);
  }

  /** Every buffer that isn't delivered yet, the oldest first. */
  undelivered(): StreamBuffer[] {
    return [...this.#full, ...[...this.#open.values()].map(({ buffer }) => buffer)];
  }

  /** Fills the buffers whose interval had already passed when they were opened, for example after a restart. */
  fillDue(): void {
    for (const [key, { buffer }] of [...this.#open]) {
      if (this.#dueMs(buffer) <= this.#clock.now()) this.#fill(key);
    }
  }

  /** Marks every open buffer as full now. */
  fillAll(): void {
    for (const key of [...this.#open.keys()]) this.#fill(key);
  }

  /** Sets new hints, also for the open buffers. */
  setHints(hints: BufferingHints): void {
    this.#hints = hints;
    for (const [key, held] of this.#open) {
      held.alarm.cancel();
      held.alarm = this.#alarm(key, held.buffer);
    }
    for (const [key, { buffer }] of [...this.#open]) {
      if (buffer.bytes >= hints.bytes) this.#fill(key);
    }
  }

  /** Cancels the alarms and forgets the buffers. */
  close(): void {
    for (const { alarm } of this.#open.values()) alarm.cancel();
    this.#open.clear();
  }

  #put(key: string, unit: DeliveryUnit, target: StreamBuffer['target']): void {
    let buffer = this.#open.get(key)?.buffer;
    if (buffer === undefined) {
      buffer = { target, units: new UnitList(), bytes: 0, oldestArrivalMs: unit.entry.arrivalMs };
      this.#open.set(key, { buffer, alarm: this.#alarm(key, buffer) });
    }
    buffer.units.push(unit);
    buffer.bytes += unit.end - unit.start;
    buffer.oldestArrivalMs = Math.min(buffer.oldestArrivalMs, unit.entry.arrivalMs);
    if (buffer.bytes >= this.#hints.bytes) this.#fill(key);
  }

  #fill(key: string): void {
    const held = this.#open.get(key);
    if (held === undefined) return;
    held.alarm.cancel();
    this.#open.delete(key);
    this.#full.add(held.buffer);
    if ('partition' in held.buffer.target) this.#leaving.set(held.buffer, key);
    this.#onFull(held.buffer);
  }

  #alarm(key: string, buffer: StreamBuffer): Alarm {
    const delayMs = Math.max(0, this.#dueMs(buffer) - this.#clock.now());
    return this.#clock.after(delayMs, () => this.#fill(key));
  }

  /** Records whose arrival is in the future, because the clock was moved back, wait at most one interval from now. */
  #dueMs({ oldestArrivalMs }: StreamBuffer): number {
    return Math.min(oldestArrivalMs, this.#clock.now()) + this.#hints.seconds * 1000;
  }

  #isActive(key: string): boolean {
    return this.#open.has(key) || [...this.#leaving.values()].includes(key);
  }

  #activePartitions(): number {
    const keys = new Set(this.#leaving.values());
    for (const [key, { buffer }] of this.#open) if ('partition' in buffer.target) keys.add(key);
    return keys.size;
  }
}

/** The code was observed on AWS. Its output type is not documented. */
const tooManyPartitions = {
  outputType: 'active-partitions-exceeded',
  code: 'DynamicPartitioning.ActivePartitionsLimitExceeded',
  message: `The stream has ${limits.activePartitions} active partitions already`,
} as const;
