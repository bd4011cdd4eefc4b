import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { SentRequest } from './Sender.ts';

/** Options of the run. */
const runSchema = z.strictObject({ events: z.int(), seed: z.int() });

/** A window, when it begins: what is drawn for it, and the numbers of its events. */
const windowSchema = z.strictObject({
  window: z.int(),
  kind: z.string(),
  /** A second kind whose faults are set beside it. */
  beside: z.string().optional(),
  first: z.int(),
  count: z.int(),
  /** Epoch milliseconds by the local clock. */
  clock: z.int(),
});
/** A window of the soak. */
export type SoakWindow = z.output<typeof windowSchema>;

/** A partition of a table in Glue, and the table's own location. */
const partitionSchema = z.strictObject({
  table: z.string(),
  root: z.string(),
  values: z.array(z.string()),
  location: z.string(),
});
/** Where a query reads the rows of a day. */
export type SoakPartition = z.output<typeof partitionSchema>;

/** A line of the ledger. */
const entrySchema = z.union([
  runSchema,
  windowSchema,
  /** A part of a window's requests begins to be sent; its events happen at `clock`. */
  z.strictObject({ part: z.int(), of: z.int(), clock: z.int() }),
  /** The local clock at a moment: a restart goes on from the last. With how often faults struck since, by their kind. */
  z.strictObject({ clock: z.int(), struck: z.record(z.string(), z.int()).optional() }),
  z.strictObject({ ended: z.int(), clock: z.int() }),
  z.strictObject({ finished: z.literal(true) }),
]);
/** A line of the ledger. */
type Entry = z.output<typeof entrySchema>;

/** The first line of the file of requests. */
const REQUEST_HEADER = 'window,first,count,outcome\n';

/** A folder that cannot be used for what is asked. */
export class LedgerError extends Error {}

/**
 * The soak's record on disk: `windows.ndjson`, `requests.csv` with a line for each end of a request, and at the end
 * `partitions.ndjson`. Each line is written before the next step. A request whose answer was not written before a kill
 * is sent again. A line that a kill left incomplete is dropped.
 */
export class Ledger {
  /** Path of the file of requests. */
  readonly requestsFile: string;
  readonly #windowsFile: string;
  readonly #partitionsFile: string;
  readonly #windows: SoakWindow[] = [];
  /** The times at which the parts of each window began, by its number. */
  readonly #parts = new Map<number, number[]>();
  readonly #ended = new Set<number>();
  readonly #struck = new Map<string, Map<number, number>>();
  /** The first numbers of requests that were posted, and of those that are answered for good. */
  readonly #posted = new Set<number>();
  readonly #settled = new Set<number>();
  #run: z.output<typeof runSchema> | undefined;
  #sent = 0;
  #clock: number | undefined;
  #finished = false;

  /**
   * @param directory Made when it is missing.
   * @throws LedgerError when what is in it cannot be read.
   */
  constructor(directory: string) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.requestsFile = join(directory, 'requests.csv');
    this.#windowsFile = join(directory, 'windows.ndjson');
    this.#partitionsFile = join(directory, 'partitions.ndjson');
    const unreadable = (file: string, error: unknown) =>
      new LedgerError(`${file} is damaged or of another version. Delete the folder to begin anew.`, {
        cause: error,
      });
    try {
      for (const line of wholeLines(this.#windowsFile)) this.#take(entrySchema.parse(JSON.parse(line)));
    } catch (error) {
      throw unreadable(this.#windowsFile, error);
    }
    const requests = wholeLines(this.requestsFile);
    if (requests.length === 0) appendFileSync(this.requestsFile, REQUEST_HEADER);
    for (const line of requests.slice(1)) {
      const [, first, count, outcome] = line.split(',');
      this.#count(Number(first), Number(count), outcome ?? '');
    }
  }

  /** Begins a run, or goes on with it. @throws LedgerError when another one is in the folder. */
  begin(wanted: { readonly events: number; readonly seed: number }): void {
    const { events, seed } = wanted;
    if (this.#run === undefined) {
      if (this.#windows.length > 0)
        throw new LedgerError('The folder has a run of another version. Delete the folder to begin anew.');
      this.note({ events, seed });
    } else if (this.#run.events !== events || this.#run.seed !== seed) {
      throw new LedgerError(
        `The folder has a run of ${this.#run.events} events with seed ${this.#run.seed}, not of ${events} with seed ${seed}. Name another --directory, or delete the folder.`,
      );
    }
  }

  /** The windows that were begun, in order. */
  get windows(): readonly SoakWindow[] {
    return this.#windows;
  }

  /** Numbers that are given to events, whether they were sent or not. */
  get planned(): number {
    return this.#windows.reduce((sum, { count }) => sum + count, 0);
  }

  /** Events that were posted, whatever the answer. */
  get sent(): number {
    return this.#sent;
  }

  /** The last time of the local clock; undefined before the first window. */
  get clock(): number | undefined {
    return this.#clock;
  }

  /** Whether all events were sent and everything was delivered. */
  get finished(): boolean {
    return this.#finished;
  }

  /** When the parts of a window that were begun happened, in order. */
  partsOf(window: number): readonly number[] {
    return this.#parts.get(window) ?? [];
  }

  /** Whether a window has ended: its faults and its requests. */
  hasEnded(window: number): boolean {
    return this.#ended.has(window);
  }

  /** How often the faults of a kind struck, in one window or in all. */
  struck(kind: string, window?: number): number {
    const byWindow = this.#struck.get(kind) ?? new Map<number, number>();
    if (window !== undefined) return byWindow.get(window) ?? 0;
    return [...byWindow.values()].reduce((sum, times) => sum + times, 0);
  }

  /** Whether a request is accepted or dropped. @param first The number of its first event. */
  isSettled(first: number): boolean {
    return this.#settled.has(first);
  }

  /** Writes a line. */
  note(entry: Entry): void {
    appendFileSync(this.#windowsFile, `${JSON.stringify(entry)}\n`);
    this.#take(entry);
  }

  /** Writes down what became of a request. */
  noteSent({ window, first, count, outcome }: SentRequest): void {
    appendFileSync(this.requestsFile, `${window},${first},${count},${outcome}\n`);
    this.#count(first, count, outcome);
  }

  /** Writes down what Glue has at the end, in place of what was there. */
  notePartitions(partitions: readonly SoakPartition[]): void {
    const text = partitions.map((partition) => `${JSON.stringify(partition)}\n`).join('');
    writeFileSync(`${this.#partitionsFile}.new`, text);
    renameSync(`${this.#partitionsFile}.new`, this.#partitionsFile);
  }

  /** The partitions that Glue had at the end; empty before the end. */
  partitions(): readonly SoakPartition[] {
    return wholeLines(this.#partitionsFile).map((line) => partitionSchema.parse(JSON.parse(line)));
  }

  /** Takes a line into account. */
  #take(entry: Entry): void {
    if ('events' in entry) this.#run = entry;
    else if ('kind' in entry) this.#windows.push(entry);
    else if ('part' in entry) this.#parts.set(entry.of, [...this.partsOf(entry.of), entry.clock]);
    else if ('ended' in entry) this.#ended.add(entry.ended);
    else if ('finished' in entry) this.#finished = true;
    else this.#addStrikes(entry.struck ?? {});
    if ('clock' in entry) this.#clock = entry.clock;
  }

  /** Adds strikes of faults to those of the last window. */
  #addStrikes(struck: Readonly<Record<string, number>>): void {
    const window = this.#windows.length - 1;
    for (const [kind, times] of Object.entries(struck)) {
      const byWindow = this.#struck.get(kind) ?? new Map<number, number>();
      this.#struck.set(kind, byWindow.set(window, (byWindow.get(window) ?? 0) + times));
    }
  }

  /** Takes the outcome of a request into account. */
  #count(first: number, count: number, outcome: string): void {
    if (!this.#posted.has(first)) this.#sent += count;
    this.#posted.add(first);
    if (outcome === 'accepted' || outcome === 'dropped') this.#settled.add(first);
  }
}

/** The lines of a file. Cuts off a last one without its end: nothing may be appended to it. */
function wholeLines(file: string): string[] {
  if (!existsSync(file)) return [];
  const bytes = readFileSync(file);
  const length = bytes.lastIndexOf('\n') + 1;
  if (length < bytes.length) truncateSync(file, length);
  return bytes.toString('utf8', 0, length).split('\n').slice(0, -1);
}
