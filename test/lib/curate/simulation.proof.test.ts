import { afterEach, describe, expect, it } from '@jest/globals';
import { seededRandom } from '../../../bench/collect/seededRandom.ts';
import { type CurateFaultPoint, curateFaultPoints } from '../../../lib/curate/Curator.ts';
import type { CurateTask } from '../../../lib/curate/messageBodies.ts';
import { type Curations, DAY, exposures, ids, LEASE_MS, startCurations } from './startCurations.ts';

const HOUR_MS = 3_600_000;
const STEPS = 60;

/** Files that land, nights, checks, tasks that are killed, repeated and run late, in any order. */
describe('a day under random files, tasks and kills', () => {
  let curations: Curations;
  afterEach(() => curations.close());

  it.each([1, 2, 3])('is always read whole, seed %i', async (seed) => {
    curations = await startCurations();
    const random = seededRandom(seed);
    const pick = <Item>(items: readonly Item[]): Item | undefined =>
      items[Math.floor(random() * items.length)];
    const sent: CurateTask[] = [];
    const events: { readonly key: string; readonly until: number }[] = [];
    /** Events that have landed; and events that no reader may miss, because Sluice got a message about their file. */
    let landed = 0;
    let promised = 0;
    /** A disk on which the day fits, or does not. */
    const disk = () => ({ freeBytes: async () => (random() < 0.8 ? 2 ** 33 : 3_000) });

    const land = async () => {
      const from = Math.max(0, landed - 5);
      const until = landed + 1 + Math.floor(random() * 10);
      const key = await curations.land(`f${until}`, exposures(from, until));
      landed = until;
      events.push({ key, until });
    };
    const tell = async () => {
      const event = events.shift();
      if (event === undefined) return;
      expect(await curations.plan(curations.fileEvent(event.key))).toEqual([]);
      promised = Math.max(promised, event.until);
    };
    const work = async () => {
      sent.push(...curations.takeTasks());
      // Delivered out of order, some of them twice; the newest more often.
      const task = random() < 0.7 ? sent.at(-1) : pick(sent);
      const killAt =
        random() < 0.4
          ? pick<CurateFaultPoint>(random() < 0.5 ? ['uploaded', 'settled'] : curateFaultPoints)
          : undefined;
      const arrival = random() < 0.2 ? pick(curateFaultPoints) : undefined;
      const at = arrival === undefined ? {} : { [arrival]: () => land().then(tell) };
      if (task !== undefined) await curations.curate(task, { killAt, at, curator: disk() });
    };
    const night = async () => {
      await curations.plan({ sluice: 'curate' });
      promised = landed;
    };
    const steps: readonly (() => Promise<unknown>)[] = [
      land,
      tell,
      night,
      async () => {
        expect(await curations.plan({ sluice: 'curate-check' })).toEqual([]);
        events.length = 0;
        promised = landed;
      },
      () => curations.plan({ sluice: 'curate', days: [DAY], asked: 'rebuild' }),
      async () => {
        const requests = curations.queues.requests.splice(0);
        if (requests.length > 0) await curations.plan(...requests);
      },
      ...Array.from({ length: 8 }, () => work),
      ...Array.from({ length: 4 }, () => async () => void curations.clock.advance(LEASE_MS + 1)),
      async () => void curations.clock.advance(Math.floor(random() * 20 * HOUR_MS)),
      () => curations.sweep(),
    ];
    await land();
    await night();
    for (let step = 0; step < STEPS; step += 1) {
      await pick(steps)?.();
      const seen = await curations.read();
      expect(seen.slice(0, promised)).toEqual(ids(0, promised));
      expect(ids(0, landed)).toEqual(expect.arrayContaining([...seen]));
      const location = await curations.curatedLocation();
      const curated = location === null ? [] : await curations.rowsUnder(location);
      // One row an event: nothing of another attempt is read.
      expect(new Set(curated.map((row) => row['event_id'])).size).toBe(curated.length);
    }
    // Everything comes to rest: some nights later the day is served whole.
    for (let nights = 0; nights < 3; nights += 1) {
      curations.clock.advance(30 * HOUR_MS);
      await curations.night();
    }
    expect(await curations.read()).toEqual(ids(0, landed));
    expect(await curations.listedDays()).toEqual([DAY]);
    curations.clock.advance(60 * HOUR_MS);
    await curations.sweep();
    const folder = `statsig/ingested/curated_exposures/${DAY}/`;
    const versions = (await curations.keys(folder)).map((key) => key.slice(folder.length).split('/')[0]);
    expect(new Set(versions).size).toBe(1);
  });
});
