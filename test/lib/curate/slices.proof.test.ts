import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { curateFaultPoints } from '../../../lib/curate/Curator.ts';
import type { CurateTask } from '../../../lib/curate/messageBodies.ts';
import { type Curations, DAY, exposures, ids, LEASE_MS, startCurations } from './startCurations.ts';

/** A disk on which the day of these tests does not fit. */
const SMALL = { freeBytes: async () => 12_000 };
const NIGHT_MS = 86_400_000;

describe('a day beyond one function', () => {
  let curations: Curations;
  let tasks: readonly CurateTask[];
  beforeEach(async () => {
    curations = await startCurations();
    for (let file = 0; file < 10; file += 1) {
      // Every file repeats half of the one before.
      await curations.land(`raw-${file}`, exposures(file * 20, file * 20 + 40));
    }
    await curations.plan({ sluice: 'curate' });
    const [task] = curations.takeTasks();
    if (task === undefined) throw new Error('no task');
    expect(await curations.curate(task, { curator: SMALL })).toMatchObject({ outcome: 'cut' });
    tasks = curations.takeTasks();
  });
  afterEach(() => curations.close());

  async function expectWhole(events = 220, raw = 400) {
    await curations.plan({ sluice: 'curate-check' });
    expect(await curations.viewDays()).toEqual({ exposures: [{ from: DAY, to: DAY }], events: [] });
    expect(await curations.read()).toEqual(ids(0, events));
    expect(await curations.rowsUnder((await curations.curatedLocation()) ?? '')).toHaveLength(events);
    expect((await curations.entry())?.curated?.account).toEqual({
      ...{ rawRows: raw, rows: events, resends: raw - events, differing: 0 },
    });
  }

  it('is cut into slices that write to one version, which the last one publishes', async () => {
    expect(tasks.length).toBeGreaterThan(2);
    expect(new Set(tasks.map(({ version }) => version)).size).toBe(1);
    expect(tasks.map(({ slice }) => slice)).toEqual(tasks.map((_, i) => i));
    for (const task of tasks.slice(0, -1)) {
      expect(await curations.curate(task)).toEqual({ outcome: 'waiting' });
      expect(await curations.curatedLocation()).toBeNull();
      // A message that is delivered twice does nothing.
      expect(await curations.curate(task)).toEqual({ outcome: 'waiting' });
    }
    expect(await curations.curate(tasks.at(-1))).toMatchObject({ outcome: 'curated' });
    await expectWhole();
    expect(await curations.curate(tasks[0])).toMatchObject({ outcome: 'unchanged' });
  });

  it('is published once when all slices end at the same time', async () => {
    const outcomes = await Promise.all(tasks.map((task) => curations.curate(task)));
    const names = outcomes.map((one) => (one === 'killed' ? one : one.outcome));
    expect(names.filter((one) => one === 'curated')).toHaveLength(1);
    expect(names.filter((one) => one === 'waiting')).toHaveLength(tasks.length - 1);
    await expectWhole();
  });

  it('ends with the same result when every slice is killed at another step', async () => {
    const points = curateFaultPoints.filter((point) => point !== 'listed');
    for (const [i, task] of tasks.entries()) {
      await curations.curate(task, { killAt: points[i % points.length] });
      expect(await curations.read()).toEqual(ids(0, 220));
    }
    // Killed again by those that had the most time, then delivered again.
    for (let round = 0; round < 2; round += 1) {
      curations.clock.advance(LEASE_MS + 1);
      for (const task of tasks) await curations.curate(task);
    }
    await expectWhole();
  });

  it.each(['checked', 'noted', 'moved', 'settled'] as const)(
    'whose last slice is killed at %s is published by its message, delivered again',
    async (killAt) => {
      for (const task of tasks.slice(0, -1)) await curations.curate(task);
      expect(await curations.curate(tasks.at(-1), { killAt })).toBe('killed');
      curations.clock.advance(LEASE_MS + 1);
      await curations.curate(tasks.at(-1));
      await expectWhole();
    },
  );

  it('fails when one of its slices fails, and the others give up', async () => {
    const [first, second, ...others] = tasks;
    expect(await curations.curate(first)).toEqual({ outcome: 'waiting' });
    const curator = { curate: () => Promise.reject(new Error('broken')) };
    expect(await curations.curate(second, { curator, run: { isLastAttempt: true } })).toMatchObject({
      outcome: 'failed',
      failure: { code: 'SLUICE_CURATE_STOPPED' },
    });
    for (const task of others) expect(await curations.curate(task)).toEqual({ outcome: 'unchanged' });
    expect(await curations.curatedLocation()).toBeNull();
    expect(await curations.entry()).toMatchObject({ state: 'failed' });
    expect(await curations.read()).toEqual(ids(0, 220));
    curations.clock.advance(NIGHT_MS);
    await curations.plan({ sluice: 'curate' });
    await curations.work({ curator: SMALL });
    await expectWhole();
  });

  it.each([1, 2])(
    'whose messages are lost after %i slices goes on in the next night with the others',
    async (done) => {
      for (const task of tasks.slice(0, done))
        expect(await curations.curate(task)).toEqual({ outcome: 'waiting' });
      curations.clock.advance(NIGHT_MS);
      await curations.plan({ sluice: 'curate' });
      const again = curations.takeTasks();
      expect(again).toMatchObject(tasks.slice(done));
      for (const task of again) await curations.curate(task);
      await expectWhole();
    },
  );

  it('whose last slice is killed before the version is published is published in the next night', async () => {
    for (const task of tasks.slice(0, -1)) await curations.curate(task);
    expect(await curations.curate(tasks.at(-1), { killAt: 'recorded' })).toBe('killed');
    curations.clock.advance(NIGHT_MS);
    await curations.plan({ sluice: 'curate' });
    const again = curations.takeTasks();
    expect(again).toMatchObject([{ version: tasks[0]?.version, slices: tasks.length }]);
    expect(await curations.curate(again[0])).toMatchObject({ outcome: 'curated' });
    await expectWhole();
  });

  it('is cut again when nobody has finished its version while that was valid', async () => {
    await curations.curate(tasks[0]);
    curations.clock.advance(2 * NIGHT_MS);
    await curations.plan({ sluice: 'curate' });
    const [again] = curations.takeTasks();
    expect(again?.slices).toBeUndefined();
    expect(again?.version).not.toBe(tasks[0]?.version);
    await curations.curate(again, { curator: SMALL });
    await curations.work({ curator: SMALL });
    await expectWhole();
  });

  it('is given up when a raw file arrives between its slices, and cut again in the next night', async () => {
    for (const task of tasks.slice(0, 2)) await curations.curate(task);
    await curations.land('late', exposures(220, 230));
    for (const task of tasks.slice(2)) expect(await curations.curate(task)).toEqual({ outcome: 'outdated' });
    expect(await curations.curatedLocation()).toBeNull();
    curations.clock.advance(NIGHT_MS);
    await curations.plan({ sluice: 'curate' });
    await curations.work({ curator: SMALL });
    await expectWhole(230, 410);
    curations.clock.advance(3 * NIGHT_MS);
    await curations.sweep();
    const folder = `statsig/ingested/curated_exposures/${DAY}/`;
    const versions = (await curations.keys(folder)).map((key) => key.slice(folder.length).split('/')[0]);
    expect(new Set(versions).size).toBe(1);
  });

  it('is given up when a raw file arrives while its last slice works', async () => {
    for (const task of tasks.slice(0, -1)) await curations.curate(task);
    const at = { recorded: () => curations.land('late', exposures(220, 230)) };
    expect(await curations.curate(tasks.at(-1), { at })).toEqual({ outcome: 'outdated' });
    expect(await curations.read()).toEqual(ids(0, 230));
    curations.clock.advance(NIGHT_MS);
    await curations.plan({ sluice: 'curate' });
    await curations.work({ curator: SMALL });
    await expectWhole(230, 410);
  });
});
