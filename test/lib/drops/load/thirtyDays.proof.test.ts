import { afterEach, describe, expect, it } from '@jest/globals';
import { seededRandom } from '../../../../bench/collect/seededRandom.ts';
import { DAY_MS, type UtcDay, utcDay } from '../../../../lib/base/time.ts';
import type { PlanRequest } from '../../../../lib/drops/plan/messageBodies.ts';
import { unusualWords } from '../../../../lib/drops/usualRows.ts';
import { planDay } from './planDay.ts';
import { type Loads, parquetOf, readEvents, someEvents, startLoads } from './startLoads.ts';

const HOUR_MS = 3_600_000;
/** Users of a working day, and of a weekend: far below half of it. */
const WORKING = 40;
const WEEKEND = 8;

/** Where a customer's day is: its files, and what a person or the customer has done on purpose since it was loaded. */
interface Drop {
  /** Users of a file, by its name: `from` to `to`, exclusive. */
  readonly files: Map<string, readonly [from: number, to: number]>;
  readonly usual: number;
  /** Rows were delivered anew in other files, fewer perhaps. */
  isDelivered: boolean;
  isEmptied: boolean;
  /** Files were deleted, or emptied, or never had all rows. */
  isSpoiled: boolean;
}

describe('thirty days of a dataset', () => {
  let loads: Loads;
  afterEach(() => loads.close());

  it.each([1])('lose no row but for a known reason, and find only what is missing, seed %i', async (seed) => {
    loads = await startLoads();
    const random = seededRandom(seed);
    const below = (count: number) => Math.floor(random() * count);
    const pick = <Item>(items: readonly Item[]): Item | undefined => items[below(items.length)];
    const drops = new Map<UtcDay, Drop>();
    const { unusualShare = 0 } = loads.source.datasets[0] ?? {};
    const counts = { kept: 0, emptied: 0, unusual: 0, weekends: 0 };
    let serial = 0;

    const put = async (day: UtcDay, drop: Drop, [from, to]: readonly [number, number]) => {
      const name = `part-${serial++}.parquet`;
      await loads.drop(name, await parquetOf(someEvents(from, to)), day);
      drop.files.set(name, [from, to]);
    };
    const remove = async (day: UtcDay, drop: Drop, names: readonly string[]) => {
      for (const name of names) {
        await loads.remove(name, day);
        drop.files.delete(name);
      }
    };
    const users = ({ files }: Drop) => {
      const there = [...files.values()].flatMap(([from, to]) => readEvents(from, to));
      return there.sort();
    };
    /** Plans and loads a day, and checks what queries read of it then. */
    const run = async (day: UtcDay, drop: Drop, asked?: PlanRequest['asked']) => {
      const before = (await loads.read(day)) ?? [];
      const { tasks } = await planDay(loads, day, asked);
      for (const task of tasks) await loads.load(task);
      const read = (await loads.read(day)) ?? [];
      const entry = await loads.entry(day);
      const there = users(drop);
      // What is read is what is there, or what was read before it was gone.
      expect([day, read]).toEqual([day, there.length > 0 || drop.isEmptied ? there : before]);
      if (there.length === 0 && read.length > 0) counts.kept += 1;
      expect([day, entry?.state === 'inputs_missing']).toEqual([
        day,
        there.length === 0 && read.length > 0 && entry?.accepted !== true,
      ]);
      if (before.some((row) => !read.includes(row)))
        expect([day, drop.isDelivered || drop.isEmptied]).toEqual([day, true]);
      drop.isDelivered = false;
      const unusual = entry === null ? null : unusualWords(entry, unusualShare);
      if (unusual !== null) {
        counts.unusual += 1;
        expect([day, unusual, drop.isSpoiled]).toEqual([day, unusual, true]);
      }
    };
    const steps: readonly ((day: UtcDay, drop: Drop) => Promise<unknown>)[] = [
      // All files are deleted.
      (day, drop) => {
        drop.isSpoiled = true;
        return remove(day, drop, [...drop.files.keys()]);
      },
      // A file is deleted: what is left is loaded again, as the documents promise.
      (day, drop) => {
        drop.isSpoiled = true;
        drop.isDelivered = true;
        return remove(day, drop, [...drop.files.keys()].slice(0, 1));
      },
      // The same rows are delivered under other names; the old files go first, or afterwards.
      async (day, drop) => {
        const old = [...drop.files.keys()];
        const isFirst = random() < 0.5;
        if (isFirst) await remove(day, drop, old);
        if (isFirst && random() < 0.5) await run(day, drop);
        await put(day, drop, [0, drop.usual]);
        if (!isFirst) await remove(day, drop, old);
        Object.assign(drop, { isSpoiled: false, isDelivered: true, isEmptied: false });
      },
      // Every file is overwritten by one without rows.
      async (day, drop) => {
        drop.isSpoiled = true;
        const none = await parquetOf(someEvents(0, 0));
        for (const name of drop.files.keys()) {
          await loads.drop(name, none, day);
          drop.files.set(name, [0, 0]);
        }
      },
      // Half of the rows are delivered in place of all.
      async (day, drop) => {
        await remove(day, drop, [...drop.files.keys()]);
        await put(day, drop, [0, Math.ceil(drop.usual / 2) - 1]);
        Object.assign(drop, { isSpoiled: true, isDelivered: true, isEmptied: false });
      },
      (day, drop) => run(day, drop, 'keep'),
      async (day, drop) => {
        // It is for a day whose rows are missing: any other is loaded as it is.
        if (users(drop).length === 0) {
          drop.isEmptied = true;
          counts.emptied += 1;
        }
        await run(day, drop, 'empty');
      },
      (day, drop) => run(day, drop, 'backfill'),
      () => loads.sweep(),
    ];

    for (let night = 0; night < 30; night += 1) {
      const day = utcDay(loads.clock.now() - DAY_MS);
      const isWeekend = [0, 6].includes(new Date(day).getUTCDay());
      if (isWeekend) counts.weekends += 1;
      const usual = (isWeekend ? WEEKEND : WORKING) + below(5);
      const drop = { files: new Map(), usual, isDelivered: false, isEmptied: false, isSpoiled: false };
      drops.set(day, drop);
      const half = below(usual);
      await put(day, drop, [0, half]);
      if (half < usual) await put(day, drop, [half, usual]);
      await run(day, drop);
      for (let step = 0; step < 3; step += 1) {
        const [changed, of] = pick([...drops].slice(-8)) ?? [day, drop];
        await pick(steps)?.(changed, of);
        loads.clock.advance(HOUR_MS);
        if (random() < 0.7) await run(changed, of);
      }
      loads.clock.advance(DAY_MS - 3 * HOUR_MS);
      // The last eight days are looked at every day.
      for (const [one, of] of [...drops].slice(-8)) await run(one, of);
      await loads.sweep();
    }
    for (const [name, count] of Object.entries(counts)) expect([name, count > 0]).toEqual([name, true]);
  });
});
