import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { mapLimit } from '../../lib/base/concurrency.ts';
import { parseJson } from '../../lib/base/json.ts';
import { listObjects, type ObjectStore } from '../../lib/base/ObjectStore.ts';
import { isoTimestamp } from '../../lib/base/time.ts';
import { REDRIVEN_FOLDER, redrivenKey } from '../../lib/tables/ledgerKeys.ts';

/** How many objects of the record are read at the same time. */
const AT_ONCE = 8;

const partSchema = z.object({
  /** Time at which these were put into the landing, epoch milliseconds. */
  at: z.number(),
  /** The quarantine_id of rows that were delivered in full. */
  rows: z.array(z.string()),
  /** The event_id of events that were delivered of rows of which a part is still refused. */
  events: z.array(z.string()),
});

/** The part of the record that one delivery adds. */
type RedrivenPart = Readonly<z.output<typeof partSchema>>;

/**
 * The rows that were redriven from quarantine, as objects under `ledger/_redriven/`. There is one object for each
 * delivery, written after the bucket has the delivery. So a command that is run again finds only the rows that are
 * left, and one that was killed goes on. If a command is killed between the acknowledgement and this write, it forgets
 * one delivery, whose rows then land twice under the same event_ids.
 */
export class RedriveRecord {
  readonly #store: ObjectStore;
  readonly #now: number;
  readonly #rows = new Map<string, number>();
  readonly #events = new Set<string>();

  private constructor(store: ObjectStore, now: number) {
    this.#store = store;
    this.#now = now;
  }

  /**
   * Reads the record of a deployment's bucket.
   *
   * @param now The deployment's time, epoch milliseconds, of what is added: rows have the time of its clock, which can be moved.
   * @throws What S3's client throws.
   */
  static async read(store: ObjectStore, now: number): Promise<RedriveRecord> {
    const record = new RedriveRecord(store, now);
    const keys: string[] = [];
    for await (const { key } of listObjects(store, REDRIVEN_FOLDER)) keys.push(key);
    await mapLimit(keys, AT_ONCE, async (key) => {
      const { text = '' } = (await store.read(key)) ?? {};
      const part = partSchema.safeParse(parseJson(text)).data;
      if (part !== undefined) record.#note(part);
    });
    return record;
  }

  /**
   * Whether all of a row was delivered since it was received. A row that Firehose could not deliver after that is in
   * quarantine under the same ID, and was received later.
   */
  hasRow({
    quarantineId,
    receivedAt,
  }: {
    readonly quarantineId: string;
    readonly receivedAt: number;
  }): boolean {
    return receivedAt < (this.#rows.get(quarantineId) ?? Number.NEGATIVE_INFINITY);
  }

  /** Whether an event was delivered whose row is still refused in part. */
  hasEvent(eventId: string): boolean {
    return this.#events.has(eventId);
  }

  /**
   * Adds a delivery.
   *
   * @throws What S3's client throws.
   */
  async add(delivered: Omit<RedrivenPart, 'at'>): Promise<void> {
    const part = { at: this.#now, ...delivered };
    await this.#store.write(redrivenKey(isoTimestamp(part.at), randomUUID()), JSON.stringify(part));
    this.#note(part);
  }

  #note({ at, rows, events }: RedrivenPart): void {
    for (const id of rows) this.#rows.set(id, Math.max(at, this.#rows.get(id) ?? at));
    for (const id of events) this.#events.add(id);
  }
}
