import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { SentRequest } from './Sender.ts';

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

const entrySchema = z.union([
  windowSchema,
  /** The local clock at a moment: a restart goes on from the last. */
  z.strictObject({ clock: z.int() }),
  /** A window that has ended, and how often its faults struck. */
  z.strictObject({ ended: z.int(), struck: z.int(), clock: z.int() }),
  z.strictObject({ finished: z.literal(true) }),
]);

/**
 * What the soak has done, on disk: `windows.ndjson`, and `requests.csv` with a line for each request that has ended. What
 * was sent when the process was killed is in neither, and counts as not accepted.
 */
export class Ledger {
  readonly requestsFile: string;
  readonly windowsFile: string;
  readonly #windows: SoakWindow[] = [];
  #clock: number | undefined;
  #finished = false;

  /** @param directory Made when it is missing. */
  constructor(directory: string) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.requestsFile = join(directory, 'requests.csv');
    this.windowsFile = join(directory, 'windows.ndjson');
    if (!existsSync(this.requestsFile))
      appendFileSync(this.requestsFile, 'window,first,count,outcome,tries\n');
    const text = existsSync(this.windowsFile) ? readFileSync(this.windowsFile, 'utf8') : '';
    for (const line of text.split('\n').filter((one) => one !== ''))
      this.#take(entrySchema.parse(JSON.parse(line)));
  }

  get windows(): readonly SoakWindow[] {
    return this.#windows;
  }

  /** Numbers that are given to events, whether they were sent or not. */
  get planned(): number {
    return this.#windows.reduce((sum, { count }) => sum + count, 0);
  }

  /** The last time of the local clock; undefined before the first window. */
  get clock(): number | undefined {
    return this.#clock;
  }

  /** Whether all events were sent and everything was delivered. */
  get finished(): boolean {
    return this.#finished;
  }

  note(entry: z.output<typeof entrySchema>): void {
    appendFileSync(this.windowsFile, `${JSON.stringify(entry)}\n`);
    this.#take(entry);
  }

  /** Writes down what became of requests. */
  noteSent(requests: readonly SentRequest[]): void {
    const lines = requests.map(
      ({ window, first, count, outcome, tries }) => `${window},${first},${count},${outcome},${tries}\n`,
    );
    if (lines.length > 0) appendFileSync(this.requestsFile, lines.join(''));
  }

  #take(entry: z.output<typeof entrySchema>): void {
    if ('window' in entry) this.#windows.push(entry);
    if ('clock' in entry) this.#clock = entry.clock;
    if ('finished' in entry) this.#finished = true;
  }
}
