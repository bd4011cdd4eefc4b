import { afterEach, describe, expect, it } from '@jest/globals';
import { HOUR_MS } from '../../../../lib/base/time.ts';
import { PARALLEL_DATASETS } from '../../../../lib/drops/limits.ts';
import { lookForLateDrops } from '../../../../lib/drops/plan/planMessages.ts';
import { type Ingest, PART_OF_RUN, planOne, slowPlanner } from './slowPlanner.ts';
import { startIngest } from './startIngest.ts';

let ingest: Ingest;
afterEach(() => ingest.close());

const COUNT = 20;
const names = Array.from({ length: COUNT }, (_, i) => `d${String(i).padStart(2, '0')}`);

/** One source with many datasets, each of which is expected in the night. */
function manyDatasets() {
  return startIngest([
    { datasets: names.map((name) => ({ name, kind: 'events', lookbackDays: 1, expectedBy: { hour: 1 } })) },
  ]);
}

/** Datasets with a note of a look. */
async function notedNames(): Promise<readonly string[]> {
  const { looks } = ingest.planner();
  const notes = await Promise.all(names.map((name) => looks.read('acme', name)));
  return names.filter((_, i) => notes[i] !== null);
}

/** Tries to plan the source within some seconds. */
async function tryPlan(
  seconds: number,
): Promise<{ readonly looked: readonly string[]; readonly again: boolean }> {
  const { planner, looked } = slowPlanner(ingest, seconds);
  const again = await planOne(planner, PART_OF_RUN);
  return { looked: [...new Set(looked)].sort(), again };
}

describe('a plan whose time runs out', () => {
  it('goes on in its next tries with datasets that have no note of a look, until each was looked at', async () => {
    ingest = await manyDatasets();
    const first = await tryPlan(100);
    expect(first.again).toBe(true);
    const noted = await notedNames();
    const second = await tryPlan(100);
    const third = await tryPlan(100);
    expect(new Set([...first.looked, ...second.looked, ...third.looked])).toEqual(new Set(names));
    // Otherwise the next line asks nothing.
    expect(noted).not.toEqual([]);
    expect(second.looked.filter((name) => noted.includes(name))).toEqual([]);
  });

  it('begins with datasets that were never looked at, then by their looks, and of equal ones by their order', async () => {
    ingest = await manyDatasets();
    const at = ingest.clock.now();
    const look = { newestDay: null, stopped: false, openDays: [] };
    const { looks } = ingest.planner();
    const lookedAt = new Map(names.slice(0, -2).map((name) => [name, at - HOUR_MS]));
    lookedAt.set('d03', at - 3 * HOUR_MS);
    lookedAt.set('d11', at - 2 * HOUR_MS);
    for (const [name, time] of lookedAt) await looks.write('acme', name, { ...look, at: time });
    const { planner, looked } = slowPlanner(ingest, 100_000);
    await planOne(planner, PART_OF_RUN);
    // Eight begin side by side, in this order.
    expect(looked.slice(0, 8)).toEqual(['d18', 'd19', 'd03', 'd11', 'd00', 'd01', 'd02', 'd04']);
  });
});

describe('a look for late drops', () => {
  it('reaches other datasets in its next try, although the eight that begin first never end', async () => {
    ingest = await manyDatasets();
    const stuck = names.slice(0, PARALLEL_DATASETS);
    const tryOnce = async () => {
      const { planner, looked } = slowPlanner(ingest, 60);
      // Each page of a stuck dataset has another one behind it.
      const bucketOf: typeof planner.bucketOf = (source, dataset) => {
        const bucket = planner.bucketOf(source, dataset);
        if (!stuck.includes(dataset.name)) return bucket;
        return {
          list: async ({ prefix }) => ({ ...(await bucket.list({ prefix, next: undefined })), next: 'more' }),
        };
      };
      const report = await lookForLateDrops({ ...planner, bucketOf });
      return { report, looked: new Set(looked) };
    };
    const first = await tryOnce();
    expect(first.looked).toEqual(new Set(stuck));
    expect(first.report.again).toBe(true);
    const second = await tryOnce();
    // Eight others, which begin at once.
    expect(second.looked).toEqual(new Set(names.slice(8, 16)));
  });
});
