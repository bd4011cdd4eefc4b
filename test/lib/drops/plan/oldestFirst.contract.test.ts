import { afterEach, describe, expect, it } from '@jest/globals';
import { lookForLateDrops, planMessages } from '../../../../lib/drops/plan/planMessages.ts';
import type { PlanSourcesPorts } from '../../../../lib/drops/plan/planSources.ts';
import { startIngest } from './startIngest.ts';

let ingest: Awaited<ReturnType<typeof startIngest>>;
afterEach(() => ingest.close());

const HOUR_MS = 3_600_000;
const COUNT = 20;
const names = Array.from({ length: COUNT }, (_, i) => `d${String(i).padStart(2, '0')}`);
const schedule = { sluice: 'plan', schedule: 'daily', sources: ['acme'], run: 1 };

/** One source with many datasets, each of which is expected in the night. */
function manyDatasets() {
  return startIngest([
    { datasets: names.map((name) => ({ name, kind: 'events', lookbackDays: 1, expectedBy: { hour: 1 } })) },
  ]);
}

/** A planner whose time is up after some datasets: each call to list takes five seconds. */
function slow(seconds: number) {
  const { bucketOf, ...others } = ingest.planner();
  const looked: string[] = [];
  const slowly: PlanSourcesPorts['bucketOf'] = (source, dataset) => {
    if (looked.at(-1) !== dataset.name) looked.push(dataset.name);
    const bucket = bucketOf(source, dataset);
    return {
      async list(request) {
        await ingest.clock.advance(5_000);
        return bucket.list(request);
      },
    };
  };
  return {
    looked,
    planner: { ...others, bucketOf: slowly, deadline: ingest.clock.now() + seconds * 1_000 },
  };
}

async function tryPlan(seconds: number): Promise<{ readonly looked: string[]; readonly again: boolean }> {
  const { planner, looked } = slow(seconds);
  const messages = [{ messageId: '0', body: JSON.stringify(schedule), receives: 1 }];
  const { batchItemFailures } = await planMessages(planner, messages);
  return { looked: [...new Set(looked)].sort(), again: batchItemFailures.length > 0 };
}

describe('a plan whose time runs out', () => {
  it('goes on in its next try with the datasets that no try before has reached', async () => {
    ingest = await manyDatasets();
    const first = await tryPlan(60);
    expect(first.again).toBe(true);
    const second = await tryPlan(60);
    const third = await tryPlan(60);
    expect(new Set([...first.looked, ...second.looked, ...third.looked])).toEqual(new Set(names));
    // None is looked at again before each was looked at once.
    expect(second.looked.filter((name) => first.looked.includes(name))).toEqual([]);
  });

  it('begins the next day where it ended, also behind a dataset that can not be listed', async () => {
    ingest = await manyDatasets();
    const reached = new Set<string>();
    for (let day = 0; day < 3; day += 1) {
      if (day === 1) await ingest.letNobodyIn();
      for (const name of (await tryPlan(60)).looked) reached.add(name);
      if (day === 1) await ingest.letIn();
      await ingest.clock.advance(24 * HOUR_MS);
    }
    expect(reached).toEqual(new Set(names));
  });

  it('begins with datasets that were never looked at, then by their looks, and of equal ones by their order', async () => {
    ingest = await manyDatasets();
    const at = ingest.clock.now();
    const look = { newestDay: null, stopped: false, openDays: [] };
    const { looks } = ingest.planner();
    const last = new Map(names.slice(0, -2).map((name) => [name, at - HOUR_MS]));
    last.set('d03', at - 3 * HOUR_MS);
    last.set('d11', at - 2 * HOUR_MS);
    for (const [name, lookedAt] of last) await looks.write('acme', name, { ...look, at: lookedAt });
    const { planner, looked } = slow(100_000);
    await planMessages(planner, [{ messageId: '0', body: JSON.stringify(schedule), receives: 1 }]);
    // Eight begin side by side, in this order.
    expect(looked.slice(0, 8)).toEqual(['d18', 'd19', 'd03', 'd11', 'd00', 'd01', 'd02', 'd04']);
  });

  it('looks for late drops of all datasets in turns, too', async () => {
    ingest = await manyDatasets();
    const looked = new Set<string>();
    for (let tries = 0; tries < 3; tries += 1) {
      const late = slow(60);
      await lookForLateDrops(late.planner);
      for (const name of late.looked) looked.add(name);
    }
    expect(looked).toEqual(new Set(names));
  });
});
