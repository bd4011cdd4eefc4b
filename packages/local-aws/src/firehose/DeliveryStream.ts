import type { LocalClock } from '../base/clock.ts';
import { FirehoseError } from '../base/errors.ts';
import type { Faults } from '../faults/Faults.ts';
import { BufferSet, type DeliveryUnit, type StreamBuffer, type UnitList } from './BufferSet.ts';
import { Delivery, type DeliveryContext } from './Delivery.ts';
import { DeliveryQueue } from './DeliveryQueue.ts';
import { limits } from './errors.ts';
import { type DeliveredRun, Journal, type JournalEntry, type Segment } from './Journal.ts';
import type { Jq } from './Jq.ts';
import { Partitioner } from './Partitioner.ts';
import type { StreamProperties } from './streamSettings.ts';

/** Bytes of records that are split together. */
const BATCH_BYTES = 4 * 1024 * 1024;
/** Pause before a retry when records could not be split, for example because the disk failed. */
const INTAKE_PAUSE_MS = 1000;
const RETENTION_MS = limits.retentionHours * 3_600_000;
const NOTHING = { incomingRecords: 0, incomingBytes: 0, delivered: 0, succeeded: 0, failed: 0 };

/** Why documents go to the error output when Firehose stops trying to write them where they belong. */
const RETRIES_ENDED = {
  outputType: 'delivery-failed',
  code: 'S3.DeliveryFailed',
  message: 'The data could not be delivered to the prefix within the retry duration.',
} as const;

/** A full buffer on its way. */
interface UnderWay {
  objects: Delivery;
  /** Runs to mark of documents that were dropped and noted. */
  readonly dropped: Map<Segment, DeliveredRun[]>;
  readonly unmarked: Map<Segment, DeliveredRun[]>;
}

interface Arrival {
  readonly entry: JournalEntry;
  /** Absent after a restart; it is then read from the journal. */
  readonly data?: Uint8Array;
}

/**
 * One delivery stream: journal → documents → buffers → S3.
 *
 * Acknowledged records stay in the journal until S3 has them. After a crash between the two, a buffer is
 * delivered again: at least once. After 24 hours in which they could not be delivered they are dropped, as Firehose does
 * with what was put directly.
 */
export class DeliveryStream {
  readonly name: string;
  #context: DeliveryContext;
  readonly #journal: Journal;
  readonly #jq: Jq;
  #partitioner: Partitioner;
  readonly #buffers: BufferSet;
  readonly #deliveries: DeliveryQueue;
  readonly #clock: LocalClock;
  readonly #onFailure: StreamOptions['onFailure'];
  readonly #faults: Faults | undefined;
  readonly #onAccepted: StreamOptions['onAccepted'];
  /** Settings that take effect with the next batch of records that is split. */
  #next: { readonly configuration: StreamConfiguration; readonly seconds: number | undefined } | undefined;
  /** The delivery of each full buffer: its objects, by the settings of its records, and what to mark once S3 has them. */
  readonly #underWay = new Map<StreamBuffer, UnderWay>();
  #arrivals: Arrival[] = [];
  #intake: Promise<void> | undefined;
  #intakeError: unknown;
  #documents = 0;
  #bytes = 0;
  #expired: number;
  #counted = { ...NOTHING };
  #isBlocked = false;
  #closed = false;

  private constructor(options: StreamOptions, journal: Journal, entries: readonly JournalEntry[]) {
    const { context, clock, onFailure } = options;
    this.name = context.stream;
    this.#expired = journal.expired;
    this.#context = context;
    this.#clock = clock;
    this.#journal = journal;
    this.#onFailure = onFailure;
    this.#faults = options.faults;
    this.#onAccepted = options.onAccepted;
    this.#jq = options.jq;
    this.#partitioner = new Partitioner(context.settings, options.jq);
    this.#deliveries = new DeliveryQueue({
      clock,
      random: options.random,
      deliver: (buffer) => this.#deliver(buffer),
      onFailure,
    });
    this.#buffers = new BufferSet({
      clock,
      hints: context.settings.buffering,
      onFull: (buffer) => {
        this.#underWay.set(buffer, {
          objects: new Delivery(this.#context, buffer),
          dropped: new Map(),
          unmarked: deliveredRuns(buffer.units),
        });
        this.#deliveries.push(buffer);
      },
    });
    this.#enqueue(entries.map((entry) => ({ entry })));
  }

  /** Opens a stream with its journal and continues with what an earlier process did not deliver. */
  static async open(options: StreamOptions): Promise<DeliveryStream> {
    const { journal, entries } = await Journal.open(options.directory);
    return new DeliveryStream(options, journal, entries);
  }

  /** Resolves once the records are on disk: they are then delivered even if this process ends. */
  async accept(records: readonly Uint8Array[]): Promise<void> {
    if (this.#closed) throw new FirehoseError('FIREHOSE_CLOSED', `Stream ${this.name}.`);
    if (records.length === 0) return;
    const at = this.#clock.now();
    const entries = await this.#journal.append(records, at);
    this.#enqueue(entries.map((entry, i) => ({ entry, data: records[i] ?? new Uint8Array() })));
    this.#counted.incomingRecords += records.length;
    this.#counted.incomingBytes += records.reduce((sum, { length }) => sum + length, 0);
    for (const data of records) this.#onAccepted(data, at);
  }

  /** Documents that were dropped, because they could not be delivered for 24 hours, since the stream was created. */
  get expired(): number {
    return this.#expired;
  }

  /**
   * Returns the metrics of the time since the last call, as Firehose sends them to CloudWatch once a minute: see
   * {@link StreamMinute}. First it delivers what is due and waits for attempts that are under way, so that a clock that
   * jumped makes nothing look late.
   */
  async minute(): Promise<StreamMinute> {
    this.#buffers.fillDue();
    await this.#intake;
    await this.#deliveries.idle();
    const { documents, oldestArrivalMs } = this.pending();
    const { succeeded, failed } = this.#counted;
    if (succeeded + failed > 0) this.#isBlocked = succeeded === 0;
    const minute = {
      ...this.#counted,
      isBlocked: this.#isBlocked && documents > 0,
      freshnessMs: documents === 0 ? 0 : Math.max(0, this.#clock.now() - oldestArrivalMs),
    };
    this.#counted = { ...NOTHING };
    return minute;
  }

  /**
   * Documents that S3 doesn't have yet, and the arrival of the oldest, epoch ms. A record that isn't split yet counts as
   * one.
   */
  pending(): { readonly documents: number; readonly bytes: number; readonly oldestArrivalMs: number } {
    const arrivals = [
      ...this.#buffers.undelivered().map(({ oldestArrivalMs }) => oldestArrivalMs),
      ...this.#arrivals.slice(0, 1).map(({ entry }) => entry.arrivalMs),
    ];
    const oldestArrivalMs = Math.min(this.#clock.now(), ...arrivals);
    return { documents: this.#documents, bytes: this.#bytes, oldestArrivalMs };
  }

  /**
   * Changes the settings for records that are not split yet. Buffered records count as full buffers now, and are
   * delivered by the old settings.
   *
   * @param seconds The buffer interval instead of the settings' own.
   */
  configure(configuration: StreamConfiguration, seconds?: number): void {
    this.#next = { configuration, seconds };
    if (this.#intake === undefined) this.#applySettings();
  }

  /**
   * The documents that S3 doesn't have yet. A record that isn't split yet is one document. Those that are delivered
   * meanwhile are left out.
   */
  async *undelivered(): AsyncGenerator<UndeliveredDocument> {
    let last: { readonly entry: JournalEntry; readonly bytes: Buffer } | undefined;
    const read = async (entry: JournalEntry) => {
      if (last?.entry === entry) return last.bytes;
      const bytes = await entry.segment.read(entry).catch(() => undefined);
      if (bytes !== undefined) last = { entry, bytes };
      return bytes;
    };
    for (const { target, units } of this.#buffers.undelivered()) {
      for (const { entry, start, end } of units) {
        const bytes = await read(entry);
        if (bytes === undefined) continue;
        const document = bytes.subarray(start, end);
        yield { arrivalMs: entry.arrivalMs, document, failed: 'errorOutputType' in target };
      }
    }
    for (const { entry, data } of this.#arrivals) {
      const bytes = data ?? (await read(entry));
      if (bytes !== undefined) yield { arrivalMs: entry.arrivalMs, document: bytes, failed: false };
    }
  }

  /** Delivers buffers after this many seconds instead of the configured interval. */
  overrideSeconds(seconds: number): void {
    if (this.#next !== undefined) this.#next = { ...this.#next, seconds };
    this.#buffers.setHints({ ...this.#context.settings.buffering, seconds });
  }

  /**
   * Delivers everything accepted so far, now.
   *
   * @throws FirehoseError `FIREHOSE_UNDELIVERED` when S3 refuses it; the data is kept and retried.
   */
  async flush(): Promise<void> {
    await this.#intake;
    if (this.#arrivals.length > 0) {
      this.#startIntake();
      await this.#intake;
    }
    if (this.#arrivals.length > 0 && this.#intakeError !== undefined) {
      throw new FirehoseError('FIREHOSE_UNDELIVERED', String(this.#intakeError), {
        cause: this.#intakeError,
      });
    }
    // An earlier delivery may fail for a reason that no longer exists: it is retried now, too.
    await this.#deliveries.idle();
    this.#buffers.fillAll();
    await this.#deliveries.drain();
  }

  /** Stops. Undelivered data stays in the journal. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#intake;
    this.#buffers.close();
    await this.#deliveries.close();
    await this.#journal.close();
  }

  #enqueue(arrivals: readonly Arrival[]): void {
    for (const arrival of arrivals) {
      this.#arrivals.push(arrival);
      this.#documents += 1;
      this.#bytes += arrival.entry.length;
    }
    this.#startIntake();
  }

  #startIntake(): void {
    if (this.#intake === undefined && this.#arrivals.length > 0 && !this.#closed) {
      this.#intake = this.#takeApart();
    }
  }

  #applySettings(): void {
    if (this.#next === undefined || this.#closed) return;
    const { configuration, seconds } = this.#next;
    const { settings } = configuration;
    this.#next = undefined;
    this.#buffers.fillAll();
    this.#context = { ...this.#context, ...configuration };
    this.#partitioner = new Partitioner(settings, this.#jq);
    const { buffering } = settings;
    this.#buffers.setHints(seconds === undefined ? buffering : { ...buffering, seconds });
  }

  async #takeApart(): Promise<void> {
    while (this.#arrivals.length > 0 && !this.#closed) {
      this.#applySettings();
      const batch = this.#nextBatch();
      try {
        const records: { entry: JournalEntry; data: Uint8Array }[] = [];
        for (const { entry, data } of batch) {
          records.push({ entry, data: data ?? (await entry.segment.read(entry)) });
        }
        const units = await this.#partitioner.partition(records);
        this.#intakeError = undefined;
        this.#arrivals = this.#arrivals.slice(batch.length);
        this.#buffer(records, units);
        await this.#tidy();
      } catch (error) {
        this.#intakeError = error;
        this.#onFailure(error, 1);
        this.#clock.after(INTAKE_PAUSE_MS, () => this.#startIntake());
        break;
      }
    }
    this.#intake = undefined;
    this.#applySettings();
  }

  #nextBatch(): Arrival[] {
    let bytes = 0;
    const end = this.#arrivals.findIndex(({ entry }) => {
      bytes += entry.length;
      return bytes > BATCH_BYTES;
    });
    return this.#arrivals.slice(0, end < 0 ? this.#arrivals.length : Math.max(1, end));
  }

  #buffer(records: readonly { readonly entry: JournalEntry }[], units: readonly DeliveryUnit[]): void {
    const owed = units.filter(({ entry, document }) => !entry.delivered.has(document));
    const owedByEntry = new Map<JournalEntry, number>();
    for (const { entry } of owed) owedByEntry.set(entry, (owedByEntry.get(entry) ?? 0) + 1);
    for (const { entry } of records) {
      this.#documents -= 1;
      this.#bytes -= entry.length;
      entry.segment.settle(owedByEntry.get(entry) ?? 0);
    }
    for (const unit of owed) {
      this.#documents += 1;
      this.#bytes += unit.end - unit.start;
      this.#buffers.add(unit);
    }
    this.#buffers.fillDue();
  }

  async #deliver(buffer: StreamBuffer): Promise<void> {
    const delivery = this.#underWay.get(buffer);
    if (delivery === undefined) return;
    await mark(delivery.dropped);
    if (!delivery.objects.done && buffer.units.length > 0) {
      const fate = this.#takeDelivery();
      try {
        if (fate.failDeliveries !== undefined || fate.expireDeliveries !== undefined)
          throw new Error('S3 does not accept the object, as asked for.');
        await delivery.objects.run(fate.endRetryWindow && RETRIES_ENDED);
        this.#requireAnswer(buffer, delivery);
        this.#counted.succeeded += 1;
        this.#counted.delivered += buffer.units.length;
      } catch (error) {
        this.#counted.failed += 1;
        delivery.objects.hasFailed = true;
        const ages = fate.expireDeliveries === undefined ? RETENTION_MS : Number.NEGATIVE_INFINITY;
        await this.#expire(buffer, delivery, ages);
        if (buffer.units.length > 0) throw error;
      }
    }
    await mark(delivery.unmarked);
    this.#underWay.delete(buffer);
    this.#buffers.delivered(buffer);
    this.#documents -= buffer.units.length;
    this.#bytes -= buffer.bytes;
    await this.#tidy();
  }

  /** Takes the faults that apply to an attempt to deliver a buffer. */
  #takeDelivery() {
    const names = ['failDeliveries', 'endRetryWindow', 'expireDeliveries'] as const;
    return this.#faults?.take('firehose', names, [this.name], 'meanwhile') ?? {};
  }

  /** A delivery whose end Firehose does not see is made again, as other objects: their rows are there twice. */
  #requireAnswer(buffer: StreamBuffer, delivery: UnderWay): void {
    const struck = this.#faults?.take('firehose', ['failDeliveries'], [this.name], 'afterwards');
    if (struck?.failDeliveries === undefined) return;
    delivery.objects = new Delivery(this.#context, buffer);
    throw new Error('S3 has accepted the object without an answer, as asked for.');
  }

  /** Drops the documents of a buffer, which could not be delivered just now, that are older than so many milliseconds. */
  async #expire(buffer: StreamBuffer, { dropped, unmarked }: UnderWay, oldestMs: number): Promise<void> {
    const since = this.#clock.now() - oldestMs;
    const old = buffer.units.filter(({ entry }) => entry.arrivalMs <= since);
    if (old.length === 0) return;
    const kept = buffer.units.filter(({ entry }) => entry.arrivalMs > since);
    await this.#journal.noteExpired(this.#expired + old.length, await readUnits(old));
    this.#expired += old.length;
    for (const [segment, runs] of deliveredRuns(old)) dropped.set(segment, runs);
    unmarked.clear();
    for (const [segment, runs] of deliveredRuns(kept)) unmarked.set(segment, runs);
    let bytes = 0;
    for (const { start, end } of old) bytes += end - start;
    this.#documents -= old.length;
    this.#bytes -= bytes;
    buffer.bytes -= bytes;
    buffer.units = kept;
    buffer.oldestArrivalMs = this.#clock.now();
    for (const { entry } of kept) buffer.oldestArrivalMs = Math.min(buffer.oldestArrivalMs, entry.arrivalMs);
    await mark(dropped);
  }

  /** Files that can't be deleted now are deleted later: everything in them is delivered. */
  async #tidy(): Promise<void> {
    try {
      await this.#journal.removeDelivered();
    } catch (error) {
      this.#onFailure(error, 1);
    }
  }
}

/** Activity of a stream within a minute. */
export interface StreamMinute {
  readonly incomingRecords: number;
  readonly incomingBytes: number;
  /** Documents that S3 has accepted. */
  readonly delivered: number;
  /** Deliveries of a buffer that succeeded and that failed. */
  readonly succeeded: number;
  readonly failed: number;
  /** Whether something waits and no delivery has succeeded since the first that failed. */
  readonly isBlocked: boolean;
  /** Age of the oldest record that is not delivered, milliseconds; 0 for none. */
  readonly freshnessMs: number;
}

/** The parts of a stream that can change. */
type StreamConfiguration = Pick<DeliveryContext, 'settings' | 'version'>;

/** Options to open a stream. */
export interface StreamOptions {
  readonly context: DeliveryContext;
  /** Folder of the stream's journal. */
  readonly directory: string;
  readonly clock: LocalClock;
  readonly jq: Jq;
  /** From 0 to 1, exclusive; spreads retries. */
  readonly random: () => number;
  readonly onFailure: (error: unknown, attempt: number) => void;
  /** Injected failures of deliveries. Default: none. */
  readonly faults?: Faults | undefined;
  /** Called with each record that is on disk, and epoch milliseconds. */
  readonly onAccepted: (data: Uint8Array, at: number) => void;
}

/** Marks documents as delivered. A segment is forgotten then: marked twice, others would count as delivered, too. */
async function mark(marks: Map<Segment, DeliveredRun[]>): Promise<void> {
  for (const [segment, runs] of marks) {
    await segment.markDelivered(runs);
    marks.delete(segment);
  }
}

async function readUnits(units: UnitList) {
  const documents: { readonly arrivalMs: number; readonly bytes: Buffer }[] = [];
  for (const ofRecord of units.byRecord()) {
    const [{ entry }] = ofRecord;
    const bytes = await entry.segment.read(entry);
    for (const { start, end } of ofRecord)
      documents.push({ arrivalMs: entry.arrivalMs, bytes: bytes.subarray(start, end) });
  }
  return documents;
}

/** Joins neighbouring documents of one record into one run. */
function deliveredRuns(units: UnitList): Map<Segment, DeliveredRun[]> {
  const runs = new Map<Segment, DeliveredRun[]>();
  for (const { entry, document } of units) {
    const ofSegment = runs.get(entry.segment) ?? [];
    runs.set(entry.segment, ofSegment);
    const last = ofSegment.at(-1);
    if (last !== undefined && last[0] === entry.index && last[2] === document - 1) {
      ofSegment[ofSegment.length - 1] = [entry.index, last[1], document];
    } else ofSegment.push([entry.index, document, document]);
  }
  return runs;
}

/** A document that waits in a stream. */
export interface UndeliveredDocument {
  /** When its record was accepted, epoch ms. */
  readonly arrivalMs: number;
  readonly document: Uint8Array;
  /** Whether it goes to the error output. */
  readonly failed: boolean;
}

/** A stream as the operations use it. */
export interface StreamEntry {
  readonly stream: DeliveryStream;
  readonly properties: StreamProperties;
  /** How often it was configured; from 1. */
  readonly version: number;
  /** Epoch ms. */
  readonly createdMs: number;
}

/** The streams of one Firehose and their account. */
export interface Streams {
  readonly byName: ReadonlyMap<string, StreamEntry>;
  readonly account: string;
  readonly region: string;
}
