import { expect } from '@jest/globals';
import { addDays, MINUTE_MS, type UtcDay } from '../../../lib/base/time.ts';
import { seededRandom } from '../../../packages/local-aws/src/base/index.ts';
import { killPoints, type Lake, nameOf, required } from './Lake.ts';
import { exposures } from './startCurations.ts';

/** Numbers of events that a day may have. No two days have the same. */
const EVENTS_A_DAY = 100;

/** The seed of all that is drawn: the steps between nights, and what each of them takes. */
const SEED = 1;

/** Most events of the files of a day. */
const HALF_DAY = EVENTS_A_DAY / 2;

/** Keys of files, of which there is one at least. */
type Keys = readonly [string, ...string[]];

/** What happens to a lake between nights, drawn by the seed, and what has to hold. */
export class Month {
  readonly lake: Lake;
  readonly #random = seededRandom(SEED);
  /** Days of which a file that a version is made of was changed. */
  readonly #spoiled = new Set<UtcDay>();
  /** Days with a finding. */
  readonly found = new Set<UtcDay>();
  /** Events whose erasure was killed, and has not ended. */
  readonly unfinished: number[] = [];
  /** Keys of files that are gone, and whose copies the customer has kept. */
  readonly keptCopies = new Set<string>();
  /** The number from which the events of each day count. */
  readonly #firstEvents = new Map<UtcDay, number>();
  /** When the last night was, epoch milliseconds. */
  #lastNight = 0;
  /** Events that the last night has seen. */
  #known: ReadonlySet<number> = new Set();

  /** What may happen. Each step says whether there was something to do. */
  readonly steps: Readonly<Record<string, () => Promise<boolean>>> = {
    'land a file of today': () => this.#land(this.lake.today),
    'land a late file': () => this.#land(addDays(this.lake.today, -1 - this.#below(3))),
    'delete a file': () => this.#spoil((keys) => this.lake.remove(this.#pick(keys) ?? keys[0])),
    'delete all files of a day': () =>
      this.#spoil((keys) => Promise.all(keys.map((key) => this.lake.remove(key)))),
    'replace a file by an empty one': () =>
      this.#spoil((keys, day) =>
        this.lake.curations.land(nameOf(this.#pick(keys) ?? keys[0]), exposures(0, 0, day), 'exposures', day),
      ),
    'bring files back': () => this.#restore(),
    'write the rows of a new file under another name': () => this.#rename(),
    'erase a user, or be killed': () => this.#erase(),
    'go on with an erasure': async () => {
      const event = this.unfinished.shift();
      return event !== undefined && (await this.lake.erase(event));
    },
    'look at curated days': async () => {
      await this.lake.curations.plan({ sluice: 'curate-check' });
      return true;
    },
    'sweep versions': async () => {
      await this.lake.curations.sweep();
      return true;
    },
    export: () => this.exportAll(),
  };

  constructor(lake: Lake) {
    this.lake = lake;
  }

  /** Draws a whole number from 0 to less than another. */
  #below(count: number): number {
    return Math.floor(this.#random() * count);
  }

  /** Draws one of some; undefined without any. */
  #pick<Item>(items: readonly Item[]): Item | undefined {
    return items[this.#below(items.length)];
  }

  /** Lands a file with some events of a day. */
  async #land(day: UtcDay): Promise<boolean> {
    const base = this.#firstEvents.get(day) ?? EVENTS_A_DAY * this.#firstEvents.size;
    this.#firstEvents.set(day, base);
    const first = base + this.#below(HALF_DAY);
    const end = first + 1 + this.#below(HALF_DAY);
    // Nobody sends events of a unit that is erased.
    const gone = [...this.lake.erased, ...this.unfinished];
    const isSent = gone.every((event) => event < first || event >= end);
    if (isSent) await this.lake.land(day, first, end);
    return isSent;
  }

  /** Days whose curated files views read, and whose raw files have not expired. */
  async #curated(): Promise<readonly UtcDay[]> {
    return (await this.lake.curations.listedDays()).filter((day) => !this.lake.isExpired(day));
  }

  /** Whether a raw file came after the last night, so that no version is made of it. */
  #isNew(key: string): boolean {
    return required(this.lake.cameAt.get(key), key) > this.#lastNight;
  }

  /** Changes some files that a version is made of. */
  async #spoil(change: (keys: Keys, day: UtcDay) => Promise<unknown>): Promise<boolean> {
    const day = this.#pick(await this.#curated());
    if (day === undefined) return false;
    const [first, ...others] = (await this.lake.rawKeys(day)).filter((key) => !this.#isNew(key));
    if (first === undefined) return false;
    this.#spoiled.add(day);
    await change([first, ...others], day);
    return true;
  }

  /** Brings back most of the deleted files of a day. */
  async #restore(): Promise<boolean> {
    const day = this.#pick([...this.#spoiled].filter((spoiled) => !this.lake.isExpired(spoiled)));
    return day !== undefined && (await this.lake.restore(day, () => this.#random() < 0.6)) > 0;
  }

  /** Deletes a file that no version is made of, and puts its rows into another: as the writer does that is killed. */
  async #rename(): Promise<boolean> {
    const key = this.#pick((await this.lake.rawKeys()).filter((raw) => this.#isNew(raw)));
    const [, day] = key === undefined ? [] : (/([^/]+)\/[^/]+$/.exec(key) ?? []);
    if (key === undefined || day === undefined) return false;
    const events = await this.lake.eventsOf(key);
    const first = Math.min(...events);
    const last = Math.max(...events);
    if (events.length === 0 || last - first >= events.length) return false;
    await this.lake.remove(key);
    await this.lake.land(day, first, last + 1);
    return true;
  }

  /** Erases the user of an event in half of the cases; half of these runs are killed. */
  async #erase(): Promise<boolean> {
    const event = this.#pick([...required(this.#pick([...this.lake.landed.values()]), 'day')]);
    if (event === undefined || this.#random() < 0.5) return false;
    const killAt = this.#random() < 0.5 ? this.#pick(killPoints) : undefined;
    if (!(await this.lake.erase(event, killAt))) this.unfinished.push(event);
    return true;
  }

  /** Exports, after which the customer lacks no event but erased ones, and has no copy of a file that was never changed. */
  async exportAll(): Promise<boolean> {
    const exported = await this.lake.export();
    for (const { table, day, gone, kept } of exported) {
      for (const key of kept) this.keptCopies.add(key);
      if (this.lake.isExpired(day)) continue;
      const isKnown = (event: number) => this.lake.erased.has(event) || this.unfinished.includes(event);
      const lost = gone.filter((event) => !isKnown(event));
      expect({ table, day, lost }).toEqual({ table, day, lost: [] });
      if (!this.#spoiled.has(day)) expect({ table, day, kept }).toEqual({ table, day, kept: [] });
    }
    return exported.length > 0;
  }

  /** Events of a day that views lack, but for those whose erasure has begun. */
  async #missing(day: UtcDay): Promise<readonly number[]> {
    return (await this.lake.missing(day)).filter((event) => !this.unfinished.includes(event));
  }

  /**
   * Draws a step and takes it, after which views lack no event that the last night has seen.
   *
   * @param night The number of the night before, for what fails.
   * @returns The step's name; null if there was nothing to do.
   */
  async step(night: number): Promise<string | null> {
    const [step, run] = required(this.#pick(Object.entries(this.steps)), 'step');
    const isDone = await run();
    // What came since the last night may wait for the next.
    for (const day of await this.#curated()) {
      const lost = (await this.#missing(day)).filter((event) => this.#known.has(event));
      expect({ night, step, day, lost }).toEqual({ night, step, day, lost: [] });
    }
    this.lake.curations.clock.advance(MINUTE_MS);
    return isDone ? step : null;
  }

  /**
   * Passes a night, after which views lack no event of a day that is over, and no day has a finding whose files were never changed.
   *
   * @param night Its number, for what fails.
   */
  async night(night: number): Promise<void> {
    await this.lake.night();
    this.#lastNight = this.lake.curations.clock.now();
    this.#known = new Set([...this.lake.landed.values()].flatMap((events) => [...events]));
    for (const day of this.lake.landed.keys())
      if (day < addDays(this.lake.today, -2) && !this.lake.isExpired(day))
        expect({ night, day, lost: await this.#missing(day) }).toEqual({ night, day, lost: [] });
    for (const day of await this.lake.found()) this.found.add(day);
    expect([...this.found].filter((day) => !this.#spoiled.has(day))).toEqual([]);
  }
}
