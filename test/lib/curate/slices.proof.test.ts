import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type CurateFaultPoint, curateFaultPoints } from '../../../lib/curate/Curator.ts';
import type { CurateTask } from '../../../lib/curate/messageBodies.ts';
import { type Curations, DAY, exposures, ids, LEASE_MS, startCurations } from './startCurations.ts';

/** A disk on which the day of these tests does not fit. */
const SMALL = { freeBytes: async () => 12_000 };
const NIGHT_MS = 86_400_000;

describe('a day beyond one function', () => {
  let curations: Curations;
  let task: CurateTask;
  beforeEach(async () => {
    curations = await startCurations();
    for (let file = 0; file < 10; file += 1) {
      // Every file repeats half of the one before.
      await curations.land(`raw-${file}`, exposures(file * 20, file * 20 + 40));
    }
    await curations.plan({ sluice: 'curate' });
    const [first] = curations.takeTasks();
    if (first === undefined) throw new Error('no task');
    task = first;
  });
  afterEach(() => curations.close());

  const work = (how: Parameters<Curations['curate']>[1] = {}) =>
    curations.curate(task, { curator: SMALL, ...how });

  /** Makes slices until so many are left. @returns How many are done. */
  async function workUntilLeft(left: number): Promise<number> {
    for (;;) {
      const outcome = await work();
      if (outcome === 'killed' || outcome.outcome !== 'slice') throw new Error(JSON.stringify(outcome));
      if (outcome.slices - outcome.done === left) return outcome.done;
    }
  }

  async function expectWhole(events = 220, raw = 400) {
    await curations.plan({ sluice: 'curate-check' });
    expect(await curations.viewDays()).toEqual({ exposures: [{ from: DAY, to: DAY }], events: [] });
    expect(await curations.read()).toEqual(ids(0, events));
    expect(await curations.rowsUnder((await curations.curatedLocation()) ?? '')).toHaveLength(events);
    expect((await curations.entry())?.curated?.account).toEqual({
      rawRows: raw,
      kept: 0,
      rows: events,
      resends: raw - events,
      differing: 0,
    });
  }

  it('ends with the same result when every slice is killed at another step', async () => {
    const points = curateFaultPoints.filter((point) => point !== 'listed');
    for (const killAt of points) {
      await work({ killAt });
      expect(await curations.read()).toEqual(ids(0, 220));
      curations.clock.advance(LEASE_MS + 1);
    }
    await curations.work({ curator: SMALL });
    await expectWhole();
  });

  it('whose messages are lost goes on in the next night after the slices that are done', async () => {
    const done = await workUntilLeft(1);
    curations.takeTasks();
    curations.clock.advance(NIGHT_MS);
    await curations.plan({ sluice: 'curate' });
    expect(curations.takeTasks()).toMatchObject([{ version: task.version }]);
    expect((await curations.entry())?.curated?.run?.done).toHaveLength(done);
    expect(await work()).toMatchObject({ outcome: 'curated' });
    await expectWhole();
  });

  it.each<CurateFaultPoint | 'between'>(['between', 'curated', 'recorded'])(
    'is made again of all files when one arrives: %s',
    async (when) => {
      await workUntilLeft(1);
      const arrives = async () => void (await curations.land('late', exposures(220, 230)));
      if (when === 'between') await arrives();
      else expect(await work({ at: { [when]: arrives } })).toMatchObject({ outcome: 'handed_back' });
      expect(await work()).toMatchObject({ outcome: 'slice', done: 1 });
      await workUntilLeft(1);
      expect(await work()).toMatchObject({ outcome: 'curated' });
      await expectWhole(230, 410);
      curations.clock.advance(3 * NIGHT_MS);
      await curations.sweep();
      const folder = `statsig/ingested/curated_exposures/${DAY}/`;
      const versions = (await curations.keys(folder)).map((key) => key.slice(folder.length).split('/')[0]);
      expect(new Set(versions).size).toBe(1);
    },
  );
});
