import { afterEach, describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { addDays, utcDay } from '../../../../lib/base/time.ts';
import { PARALLEL_DATASETS } from '../../../../lib/drops/limits.ts';
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
  const deadline = ingest.clock.now() + seconds * 1_000;
  /** List calls that began after the deadline. */
  const late: string[] = [];
  const slowly: PlanSourcesPorts['bucketOf'] = (source, dataset) => {
    const bucket = bucketOf(source, dataset);
    return {
      async list(request) {
        if (looked.at(-1) !== dataset.name) looked.push(dataset.name);
        if (ingest.clock.now() >= deadline) late.push(request.prefix);
        await ingest.clock.advance(5_000);
        return bucket.list(request);
      },
    };
  };
  return {
    looked,
    late,
    planner: { ...others, bucketOf: slowly, deadline },
  };
}

/** Gives messages to a planner; the schedule's by default. */
const send = (planner: Parameters<typeof planMessages>[0], ...bodies: readonly object[]) =>
  planMessages(
    planner,
    (bodies.length > 0 ? bodies : [schedule]).map((body, i) => ({
      messageId: `${i}`,
      body: JSON.stringify(body),
      receives: 1,
    })),
  );

/** Datasets with a note of a look. */
async function notedNames(): Promise<readonly string[]> {
  const { looks } = ingest.planner();
  const notes = await Promise.all(names.map((name) => looks.read('acme', name)));
  return names.filter((_, i) => notes[i] !== null);
}

async function tryPlan(seconds: number): Promise<{ readonly looked: string[]; readonly again: boolean }> {
  const { planner, looked } = slow(seconds);
  const { batchItemFailures } = await send(planner);
  return { looked: [...new Set(looked)].sort(), again: batchItemFailures.length > 0 };
}

describe('a plan whose time runs out', () => {
  it('goes on in its next try with the datasets that no try before has reached', async () => {
    ingest = await manyDatasets();
    const first = await tryPlan(100);
    expect(first.again).toBe(true);
    const noted = await notedNames();
    const second = await tryPlan(100);
    const third = await tryPlan(100);
    expect(new Set([...first.looked, ...second.looked, ...third.looked])).toEqual(new Set(names));
    // None is looked at again before each was looked at once.
    expect(noted.length).toBeGreaterThan(3);
    expect(second.looked.filter((name) => noted.includes(name))).toEqual([]);
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
    await send(planner);
    // Eight begin side by side, in this order.
    expect(looked.slice(0, 8)).toEqual(['d18', 'd19', 'd03', 'd11', 'd00', 'd01', 'd02', 'd04']);
  });
});

describe('a look for late drops', () => {
  it('reaches the datasets behind as many as begin side by side, none of which ends in time', async () => {
    ingest = await manyDatasets();
    const stuck = names.slice(0, PARALLEL_DATASETS);
    const tryOnce = async () => {
      const { planner, looked } = slow(60);
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
    expect([...second.looked].filter((name) => !stuck.includes(name)).length).toBeGreaterThan(3);
  });
});

describe('a dataset whose days take longer to list than a run has', () => {
  /** Twenty days with a file each, of one dataset. */
  async function manyDays(): Promise<readonly string[]> {
    ingest = await startIngest([{ datasets: [{ name: 'events', kind: 'events', lookbackDays: 20 }] }]);
    const today = utcDay(ingest.clock.now());
    const days = Array.from({ length: 20 }, (_, i) => addDays(today, i - 20));
    await ingest.dropInto(...days);
    return days;
  }
  const daysOf = (bodies: readonly unknown[]) =>
    bodies.map((body) => z.object({ day: z.string() }).parse(body).day);

  it('has the days queued that were reached, and lists none after the deadline', async () => {
    const days = await manyDays();
    const { planner, late } = slow(60);
    await send(planner);
    const queued = daysOf(await ingest.received('load'));
    expect(queued).toEqual(days.slice(0, queued.length));
    expect(queued.length).toBeGreaterThan(5);
    expect(late).toEqual([]);
  });

  /** Runs the schedule's plan and the messages that it sends. Returns how many runs of the function that took. */
  async function planAll(): Promise<number> {
    let bodies: readonly object[] = [schedule];
    let runs = 0;
    for (; bodies.length > 0; runs += 1) {
      await send(slow(60).planner, ...bodies);
      bodies = (await ingest.received('plan')).map(Object);
    }
    return runs;
  }

  it('is gone on with by further messages until each day is queued', async () => {
    const days = await manyDays();
    expect(await planAll()).toBe(2);
    expect(daysOf(await ingest.received('load')).sort()).toEqual(days);
  });

  it('counts a failed day that only a further message has reached from the next run on', async () => {
    const days = await manyDays();
    await planAll();
    const failure = { code: 'SLUICE_X', message: 'Why.' };
    for (const day of days.slice(0, -1)) await ingest.settle(day, { version: 'v1' });
    await ingest.settle(days.at(-1) ?? '', { state: 'failed', failure });
    // Until this run all days are open, as they were queued. Then the failed one is.
    await planAll();
    await planAll();
    const tally = { sluice: 'tally', schedule: 'daily', run: 1, left: 1, round: 0 };
    await send(slow(60).planner, tally);
    expect(ingest.lines.at(-1)).toMatchObject({ days_failed: 1, datasets_unreadable: 1 });
    expect(await ingest.planner().looks.read('acme', 'events')).toMatchObject({ openDays: [days.at(-1)] });
  });

  it('leaves open days before the lookback, of which it reaches some, to the next run', async () => {
    const days = await manyDays();
    const { looks } = ingest.planner();
    const old = Array.from({ length: 30 }, (_, i) => addDays(days[0] ?? '', i - 40));
    const at = ingest.clock.now();
    await looks.write('acme', 'events', { at, newestDay: null, stopped: false, openDays: old });
    await send(slow(60).planner);
    // None of the old days has files, so that those which were reached are not open any more.
    const openDays = (await looks.read('acme', 'events'))?.openDays ?? [];
    expect(openDays.length).toBeLessThan(25);
    expect(openDays).toEqual(old.slice(-openDays.length));
    const today = utcDay(ingest.clock.now());
    expect(await ingest.received('plan')).toMatchObject([{ days: [...days, today] }]);
  });

  /** Twenty days of one dataset, which are due and have no files. */
  async function manyLateDays(): Promise<readonly string[]> {
    const expectedBy = { hour: 1 };
    ingest = await startIngest([
      { datasets: [{ name: 'events', kind: 'events', lookbackDays: 20, expectedBy }] },
    ]);
    const now = ingest.clock.now();
    const days = Array.from({ length: 20 }, (_, i) => addDays(utcDay(now), i - 20));
    const first = { day: days[0] ?? '', hasCome: true };
    // The clock is at noon: all of them are due since the last look.
    const at = now - 24 * HOUR_MS;
    await ingest.planner().lateNotes.write('acme', 'events', { at, first, late: [], open: [...days] });
    return days;
  }
  const lateNote = () => ingest.planner().lateNotes.read('acme', 'events');

  it('has each of its days looked for by some looks for late drops, which go on where the last ended', async () => {
    const days = await manyLateDays();
    const began = ingest.clock.now();
    const { planner, late } = slow(60);
    expect(await lookForLateDrops(planner)).toMatchObject({
      level: 'error',
      failed: [{ dataset: 'events', code: 'SLUICE_SOURCE_SLOW' }],
      again: false,
    });
    expect(late).toEqual([]);
    const first = await lateNote();
    const reached = first?.late.map(({ day }) => day) ?? [];
    expect(reached.length).toBeGreaterThan(5);
    expect(reached).toEqual(days.slice(0, reached.length));
    expect(first?.at).toBeGreaterThanOrEqual(began);
    expect(first?.open).toEqual([...days.slice(reached.length), ...reached]);
    await lookForLateDrops(slow(60).planner);
    expect((await lateNote())?.late.map(({ day }) => day)).toEqual(days);
  });

  it('counts as not looked at, and is retried, when the look for late drops reaches no day', async () => {
    await manyLateDays();
    const before = await lateNote();
    const { planner, late } = slow(1);
    const message = { sluice: 'expected', sources: ['acme'], run: 1 };
    expect((await send(planner, message)).batchItemFailures).toHaveLength(1);
    expect(ingest.lines).toMatchObject([
      { event: 'ingest_expected', failed: [{ dataset: 'events', code: 'SLUICE_INGEST_OUT_OF_TIME' }] },
    ]);
    expect(late).toEqual([]);
    expect(await lateNote()).toMatchObject({ at: before?.at, late: [] });
  });
});
