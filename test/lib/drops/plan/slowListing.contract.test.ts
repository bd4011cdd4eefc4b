import { afterEach, describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import { addDays, HOUR_MS, utcDay } from '../../../../lib/base/time.ts';
import { lookForLateDrops, planMessages } from '../../../../lib/drops/plan/planMessages.ts';
import { type Ingest, PART_OF_RUN, planOne, slowPlanner } from './slowPlanner.ts';
import { startIngest } from './startIngest.ts';

let ingest: Ingest;
afterEach(() => ingest.close());

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
    const { planner, listedTooLate } = slowPlanner(ingest, 60);
    await planOne(planner, PART_OF_RUN);
    const queued = daysOf(await ingest.received('load'));
    // A list call of five seconds for each, and one for the log of Spark.
    expect(queued).toEqual(days.slice(0, 11));
    expect(listedTooLate).toEqual([]);
  });

  /** Runs the schedule's plan and the messages that it sends. Returns how many runs of the function that took. */
  async function planAll(): Promise<number> {
    let bodies = [PART_OF_RUN];
    let runs = 0;
    for (; bodies.length > 0; runs += 1) {
      const messages = bodies.map((body, i) => ({ messageId: `${i}`, body, receives: 1 }));
      const { batchItemFailures } = await planMessages(slowPlanner(ingest, 60).planner, messages);
      expect(batchItemFailures).toEqual([]);
      bodies = (await ingest.received('plan')).map((body) => JSON.stringify(body));
    }
    return runs;
  }

  it('is gone on with by further messages until each day is queued', async () => {
    const days = await manyDays();
    expect(await planAll()).toBe(2);
    expect(daysOf(await ingest.received('load')).sort()).toEqual(days);
  });

  it('counts a failed day, which only its second message reaches, in the run after the next', async () => {
    const days = await manyDays();
    await planAll();
    const failure = { code: 'SLUICE_X', message: 'Why.' };
    for (const day of days.slice(0, -1)) await ingest.settle(day, { version: 'v1' });
    await ingest.settle(days.at(-1) ?? '', { state: 'failed', failure });
    // Until this run all days are open, as they were queued. Then the failed one is.
    await planAll();
    await planAll();
    const tally = { sluice: 'tally', schedule: 'daily', run: 1, left: 1, round: 0 };
    await planOne(slowPlanner(ingest, 60).planner, JSON.stringify(tally));
    expect(ingest.lines.at(-1)).toMatchObject({ days_failed: 1, datasets_unreadable: 1 });
    expect(await ingest.planner().looks.read('acme', 'events')).toMatchObject({ openDays: [days.at(-1)] });
  });

  it('leaves open days before the lookback, of which it reaches some, to the next run', async () => {
    const days = await manyDays();
    const { looks } = ingest.planner();
    const old = Array.from({ length: 30 }, (_, i) => addDays(days[0] ?? '', i - 40));
    const at = ingest.clock.now();
    await looks.write('acme', 'events', { at, newestDay: null, stopped: false, openDays: old });
    await planOne(slowPlanner(ingest, 60).planner, PART_OF_RUN);
    // None of the old days has files, so that those which were reached are not open any more.
    expect((await looks.read('acme', 'events'))?.openDays).toEqual(old.slice(11));
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
    const { planner, listedTooLate } = slowPlanner(ingest, 60);
    expect(await lookForLateDrops(planner)).toMatchObject({
      level: 'error',
      failed: [{ dataset: 'events', code: 'SLUICE_SOURCE_SLOW' }],
      again: false,
    });
    expect(listedTooLate).toEqual([]);
    const first = await lateNote();
    const reached = first?.late.map(({ day }) => day) ?? [];
    expect(reached).toEqual(days.slice(0, 11));
    expect(first?.at).toBeGreaterThanOrEqual(began);
    expect(first?.open).toEqual([...days.slice(reached.length), ...reached]);
    await lookForLateDrops(slowPlanner(ingest, 60).planner);
    expect((await lateNote())?.late.map(({ day }) => day)).toEqual(days);
  });

  it('counts as not looked at, and is retried, when the look for late drops reaches no day', async () => {
    await manyLateDays();
    const before = await lateNote();
    const { planner, listedTooLate } = slowPlanner(ingest, 1);
    expect(await planOne(planner, '{"sluice":"expected","sources":["acme"],"run":1}')).toBe(true);
    expect(ingest.lines).toMatchObject([
      { event: 'ingest_expected', failed: [{ dataset: 'events', code: 'SLUICE_INGEST_OUT_OF_TIME' }] },
    ]);
    expect(listedTooLate).toEqual([]);
    expect(await lateNote()).toMatchObject({ at: before?.at, late: [] });
  });
});
