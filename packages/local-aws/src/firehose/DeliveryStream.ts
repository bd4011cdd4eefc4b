import type { Alarm, LocalClock } from '../base/clock.ts';
import type { Faults } from '../faults/Faults.ts';
import { DeliveryQueue } from './DeliveryQueue.ts';
import { type DeliveryContext, deliver, objectKey, type StreamBuffer } from './deliver.ts';
import { FIREHOSE_LIMITS } from './errors.ts';
import { Journal, type JournalEntry, type Segment } from './Journal.ts';

/** How long a record is kept that S3 does not accept, milliseconds. */
const RETENTION_MS = FIREHOSE_LIMITS.retentionHours * 3_600_000;
/** The counts of a minute in which nothing has happened. */
const NO_COUNTS = { incomingRecords: 0, incomingBytes: 0, delivered: 0, succeeded: 0, failed: 0 };

/** Records to mark in the journal as done. */
type Marks = Map<Segment, readonly JournalEntry[]>;

/** A full buffer on its way. */
interface UnderWay {
  /** The records that are delivered together. */
  readonly buffer: StreamBuffer;
  /**
   * The key of the object: the same in every attempt, so that an attempt that fails halfway leaves no second copy, even if
   * the oldest record, whose time it has, has expired since. Only a fault asks for another one.
   */
  key: string;
  /** Whether S3 has every record of the buffer. */
  isDelivered: boolean;
  // To mark is a write to the disk, which can fail: the next attempt marks what this one could not.
  /** Records that have expired and are noted, and are not marked as done yet. */
  expired: Marks;
  /** Records that are to be marked as done once the buffer is delivered. */
  unmarked: Marks;
}

/**
 * One delivery stream: journal → buffer → S3. A buffer is full at its size, or when its interval has passed since its
 * first record arrived.
 *
 * Acknowledged records stay in the journal until S3 has them. After a crash between the two, a buffer is delivered
 * again: at least once. Records that could not be delivered for 24 hours expire, as those of Direct PUT do:
 * https://docs.aws.amazon.com/firehose/latest/dev/basic-deliver.html
 */
export class DeliveryStream {
  /** Name of the stream. */
  readonly name: string;
  readonly #context: DeliveryContext;
  readonly #journal: Journal;
  readonly #deliveries: DeliveryQueue<UnderWay>;
  readonly #clock: LocalClock;
  readonly #onFailure: StreamOptions['onFailure'];
  readonly #faults: Faults | undefined;
  readonly #onAccepted: StreamOptions['onAccepted'];
  /** The buffer that takes new records. */
  #open = bufferOf([]);
  #alarm: Alarm | undefined;
  /** The buffer interval instead of the settings' own. */
  #seconds: number | undefined;
  /** Full buffers that S3 does not have yet, or that are not marked as done in the journal; the oldest first. */
  readonly #full = new Set<StreamBuffer>();
  #counted = { ...NO_COUNTS };
  /** Whether no attempt of the last minute that had any has succeeded. */
  #isBlocked = false;
  #closed = false;

  private constructor(options: StreamOptions, journal: Journal, entries: readonly JournalEntry[]) {
    const { context, clock, onFailure } = options;
    this.name = context.stream;
    this.#context = context;
    this.#clock = clock;
    this.#journal = journal;
    this.#onFailure = onFailure;
    this.#faults = options.faults;
    this.#onAccepted = options.onAccepted;
    this.#deliveries = new DeliveryQueue({
      clock,
      random: options.random,
      deliver: (underWay) => this.#deliver(underWay),
      onFailure,
    });
    this.#add(entries);
  }

  /** Opens a stream with its journal and continues with what an earlier process did not deliver. */
  static open(options: StreamOptions): DeliveryStream {
    const { journal, entries } = Journal.open(options.directory);
    return new DeliveryStream(options, journal, entries);
  }

  /** Writes a record to the disk: it is then delivered even if this process ends. */
  accept(data: Uint8Array): void {
    const at = this.#clock.now();
    this.#add([this.#journal.append(data, at)]);
    this.#counted.incomingRecords += 1;
    this.#counted.incomingBytes += data.length;
    this.#onAccepted(data, at);
  }

  /** Records that have expired since the stream was created. */
  get expired(): number {
    return this.#journal.expired;
  }

  /**
   * Returns the metrics of the time since the last call, as Firehose sends them to CloudWatch once a minute, and begins to
   * count anew. First it delivers what is due and waits for attempts that are under way, so that a clock that jumped makes
   * nothing look late.
   */
  async takeMinute(): Promise<StreamMinute> {
    this.#fillIfDue();
    await this.#deliveries.idle();
    const { records, oldestArrivalMs } = this.pending();
    const { succeeded, failed } = this.#counted;
    if (succeeded + failed > 0) this.#isBlocked = succeeded === 0;
    const minute = {
      ...this.#counted,
      isBlocked: this.#isBlocked && records > 0,
      freshnessMs: records === 0 ? 0 : Math.max(0, this.#clock.now() - oldestArrivalMs),
    };
    this.#counted = { ...NO_COUNTS };
    return minute;
  }

  /** The records that are not delivered, as numbers. */
  pending(): PendingRecords {
    const buffers = [...this.#full, this.#open];
    return {
      records: buffers.reduce((sum, { entries }) => sum + entries.length, 0),
      bytes: buffers.reduce((sum, { bytes }) => sum + bytes, 0),
      oldestArrivalMs: Math.min(this.#clock.now(), ...buffers.map(({ oldestArrivalMs }) => oldestArrivalMs)),
    };
  }

  /** The records that are not delivered, and those that are not marked as done in the journal yet. */
  undelivered(): readonly Pick<JournalEntry, 'arrivalMs' | 'data'>[] {
    return [...this.#full, this.#open].flatMap(({ entries }) => entries);
  }

  /** Delivers buffers after this many seconds instead of the configured interval. */
  overrideSeconds(seconds: number): void {
    this.#seconds = seconds;
    this.#setAlarm();
  }

  /**
   * Delivers everything accepted so far, now.
   *
   * @throws FirehoseError `FIREHOSE_UNDELIVERED` when S3 refuses it; the data is kept and retried.
   */
  async flush(): Promise<void> {
    // An earlier delivery may fail for a reason that no longer exists: it is retried now, too.
    await this.#deliveries.idle();
    this.#fill();
    await this.#deliveries.drain();
  }

  /** Stops. Undelivered data stays in the journal. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#alarm?.cancel();
    await this.#deliveries.close();
    this.#journal.close();
  }

  /** Takes records that are in the journal. */
  #add(entries: readonly JournalEntry[]): void {
    for (const entry of entries) {
      addTo(this.#open, entry);
      if (this.#open.bytes >= this.#context.settings.buffering.bytes) this.#fill();
      else if (this.#open.entries.length === 1) this.#setAlarm();
    }
    this.#fillIfDue();
  }

  /**
   * Time at which the open buffer is due. Records of the future, after the clock was moved back, wait for one interval
   * at most.
   */
  #dueMs(): number {
    const seconds = this.#seconds ?? this.#context.settings.buffering.seconds;
    return Math.min(this.#open.oldestArrivalMs, this.#clock.now()) + seconds * 1000;
  }

  /** Counts the open buffer as full if its time is over. */
  #fillIfDue(): void {
    if (this.#open.entries.length > 0 && this.#dueMs() <= this.#clock.now()) this.#fill();
  }

  /** Lets the open buffer count as full when it is due. */
  #setAlarm(): void {
    this.#alarm?.cancel();
    if (this.#open.entries.length === 0 || this.#closed) return;
    this.#alarm = this.#clock.after(Math.max(0, this.#dueMs() - this.#clock.now()), () => this.#fill());
  }

  /** Hands the open buffer to the deliveries, and begins another. */
  #fill(): void {
    this.#alarm?.cancel();
    if (this.#open.entries.length === 0 || this.#closed) return;
    const buffer = this.#open;
    this.#open = bufferOf([]);
    this.#full.add(buffer);
    this.#deliveries.push({
      buffer,
      key: objectKey(this.#context, buffer),
      isDelivered: false,
      expired: new Map(),
      unmarked: marksOf(buffer.entries),
    });
  }

  /**
   * Makes one attempt to deliver a buffer: marks what has expired in an earlier attempt, puts the object, and marks its
   * records. What an earlier attempt has done is not done again.
   */
  async #deliver(underWay: UnderWay): Promise<void> {
    const { buffer } = underWay;
    mark(underWay.expired);
    if (!underWay.isDelivered && buffer.entries.length > 0) {
      const faults = this.#takeDelivery();
      try {
        if (faults.failDeliveries !== undefined || faults.expireDeliveries !== undefined)
          throw new Error('S3 does not accept the object, as asked for.');
        await deliver(this.#context, underWay.key, buffer);
        this.#requireAnswer(underWay);
        underWay.isDelivered = true;
        this.#counted.succeeded += 1;
        this.#counted.delivered += buffer.entries.length;
      } catch (error) {
        this.#counted.failed += 1;
        // Records that came while the clock was ahead are expired by the fault, too.
        const retentionMs = faults.expireDeliveries === undefined ? RETENTION_MS : Number.NEGATIVE_INFINITY;
        this.#expire(underWay, this.#clock.now() - retentionMs);
        if (buffer.entries.length > 0) throw error;
      }
    }
    mark(underWay.unmarked);
    this.#full.delete(buffer);
    this.#tidy();
  }

  /** Takes the faults that apply to an attempt to deliver a buffer. */
  #takeDelivery() {
    const names = ['failDeliveries', 'expireDeliveries'] as const;
    return this.#faults?.take('firehose', names, [this.name], 'meanwhile') ?? {};
  }

  /** A delivery whose end Firehose does not see is made again, as another object: its records are there twice. */
  #requireAnswer(underWay: UnderWay): void {
    const struck = this.#faults?.take('firehose', ['failDeliveries'], [this.name], 'afterwards');
    if (struck?.failDeliveries === undefined) return;
    underWay.key = objectKey(this.#context, underWay.buffer);
    throw new Error('S3 has accepted the object without an answer, as asked for.');
  }

  /** Drops the records of a buffer that could not be delivered just now. @param until The last arrival that expires, epoch ms. */
  #expire(underWay: UnderWay, until: number): void {
    const { buffer } = underWay;
    const old = buffer.entries.filter(({ arrivalMs }) => arrivalMs <= until);
    if (old.length === 0) return;
    const kept = buffer.entries.filter(({ arrivalMs }) => arrivalMs > until);
    this.#journal.noteExpired(old);
    underWay.expired = marksOf(old);
    underWay.unmarked = marksOf(kept);
    Object.assign(buffer, bufferOf(kept));
    mark(underWay.expired);
  }

  /** Deletes files in which everything is delivered. Those that can't be deleted now are deleted later. */
  #tidy(): void {
    try {
      this.#journal.removeDelivered();
    } catch (error) {
      this.#onFailure(error);
    }
  }
}

/** Activity of a stream within a minute. */
export interface StreamMinute {
  /** Records that the stream has accepted. */
  readonly incomingRecords: number;
  /** Bytes of these records. */
  readonly incomingBytes: number;
  /** Records that S3 has accepted. */
  readonly delivered: number;
  /** Deliveries of a buffer that succeeded. */
  readonly succeeded: number;
  /** Deliveries of a buffer that failed. */
  readonly failed: number;
  /** Whether something waits, and no attempt of the last minute that had any has succeeded. */
  readonly isBlocked: boolean;
  /** Age of the oldest record that is not delivered, milliseconds; 0 for none. */
  readonly freshnessMs: number;
}

/** The records of a stream that are not delivered. */
interface PendingRecords {
  /** How many they are. */
  readonly records: number;
  /** Their bytes. */
  readonly bytes: number;
  /** Arrival of the oldest, epoch ms; now without records, or if all of them are of a future that was set back. */
  readonly oldestArrivalMs: number;
}

/** Options to open a stream. */
interface StreamOptions {
  /** What a delivery needs to know of the stream. */
  readonly context: DeliveryContext;
  /** Folder of the stream's journal. */
  readonly directory: string;
  /** The clock of buffering and retries. */
  readonly clock: LocalClock;
  /** A number from 0 to 1, exclusive, which spreads retries. */
  readonly random: () => number;
  /** Receives why an attempt failed: what S3 answered, or what the disk did. Also why a file of the journal stays. */
  readonly onFailure: (error: unknown) => void;
  /** Injected failures of deliveries. Default: none. */
  readonly faults?: Faults | undefined;
  /** Called with each record that is on disk, and epoch milliseconds. */
  readonly onAccepted: (data: Uint8Array, at: number) => void;
}

/** A buffer with records of the journal. */
function bufferOf(entries: readonly JournalEntry[]): StreamBuffer {
  const buffer = { entries: [], bytes: 0, oldestArrivalMs: Number.POSITIVE_INFINITY };
  for (const entry of entries) addTo(buffer, entry);
  return buffer;
}

/** Adds a record to a buffer. */
function addTo(buffer: StreamBuffer, entry: JournalEntry): void {
  buffer.entries.push(entry);
  buffer.bytes += entry.data.length;
  buffer.oldestArrivalMs = Math.min(buffer.oldestArrivalMs, entry.arrivalMs);
}

/** The records by the segment in which they are marked. */
function marksOf(entries: readonly JournalEntry[]): Marks {
  return Map.groupBy(entries, ({ segment }) => segment);
}

/**
 * Marks records in the journal as done. Each segment is removed from `marks` then: if records were marked twice, the
 * segment would count others as delivered, too.
 */
function mark(marks: Marks): void {
  for (const [segment, entries] of marks) {
    segment.markDelivered(entries);
    marks.delete(segment);
  }
}
