import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { exclusive } from '../../../lib/base/concurrency.ts';
import { QueueError } from '../../../lib/base/queue.ts';
import { addDays, DAY_MS, MINUTE_MS } from '../../../lib/base/time.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { countDays } from '../../../lib/curate/countDays.ts';
import type { LedgerSubject } from '../../../lib/ledger/LedgerEntry.ts';
import { curatedSubject } from '../../../lib/tables/ledgerKeys.ts';
import { ledgerEntry } from '../../harness/ledgerEntry.ts';
import { type Curations, DAY, exposures, startCurations } from './startCurations.ts';

describe('the nightly plan', () => {
  let curations: Curations;
  beforeEach(async () => {
    curations = await startCurations();
  });
  afterEach(() => curations.close());

  const queuedDays = () => curations.takeTasks().map(({ kind, day, reason }) => `${kind} ${day} ${reason}`);
  const plan = () => curations.plan({ sluice: 'curate' });

  it('queues days from the night on in which they have been over for curateAfter days', async () => {
    for (const day of Array.from({ length: 5 }, (_, i) => addDays(DAY, i))) await curations.landDay(day);
    // The 17th ends when the 18th begins, and two days later the 20th begins.
    await plan();
    expect(queuedDays()).toEqual(['exposures 2026-11-17 new', 'exposures 2026-11-16 new']);
    curations.nextNight();
    await plan();
    expect(queuedDays()[0]).toBe('exposures 2026-11-18 new');
  });

  it('queues 31 days of a table, the newest first, and the days before them the next time', async () => {
    const days = Array.from({ length: 36 }, (_, i) => addDays(DAY, -i));
    for (const day of days) await curations.landDay(day);
    await curations.land('a', exposures(0, 1), 'events', DAY);
    const plans = await curations.planDays();
    expect(plans.map(({ kind, looked, left }) => ({ kind, looked, left }))).toEqual([
      { kind: 'exposures', looked: 36, left: 5 },
      { kind: 'events', looked: 1, left: 0 },
    ]);
    expect(queuedDays()).toEqual([
      ...days.slice(0, 31).map((day) => `exposures ${day} new`),
      `events ${DAY} new`,
    ]);
    // Days that are queued already are not queued again in the same night.
    await plan();
    expect(queuedDays()).toEqual(days.slice(31).map((day) => `exposures ${day} new`));
    // Days that somebody names are queued all.
    const [asked] = await curations.planDays({}, { kinds: ['exposures'], days, asked: 'run' });
    expect(asked).toMatchObject({ looked: 36, left: 0 });
    expect(queuedDays()).toHaveLength(36);
  });

  it('holds the files of few days at a time: all of them are more than its memory', async () => {
    setFlagsFromString('--expose-gc');
    const days = Array.from({ length: 100 }, (_, i) => addDays(DAY, -i));
    const collect: () => void = runInNewContext('gc');
    const listed: WeakRef<object>[] = [];
    const known: WeakRef<object>[] = [];
    const isHeld = (list: WeakRef<object>) => list.deref() !== undefined;
    let held = [days.length, days.length];
    const files = async () => {
      if (listed.length === days.length - 1) {
        // The answer of a listing is held at least until its step of the event loop ends.
        await new Promise(setImmediate);
        collect();
        held = [listed, known].map((lists) => lists.filter(isHeld).length);
      }
      const list = [{ size: 1_000, eTag: '"x"', key: 'a' }];
      listed.push(new WeakRef(list));
      return list;
    };
    const planner = curations.makePlanner();
    const ledger = {
      change: planner.ledger.change.bind(planner.ledger),
      read: async (place: LedgerSubject) => {
        const inputs = [{ name: 'a', eTag: '"x"' }];
        known.push(new WeakRef(inputs));
        return ledgerEntry({
          ...place,
          curated: { inputs },
        });
      },
    };
    const raw = { days: async () => days, files, alone: exclusive() };
    await curations.planDays({ raw, ledger }, { kinds: ['exposures'] });
    expect(listed.length).toEqual(days.length);
    expect(known.length).toEqual(days.length);
    // Sixteen days are looked at at the same time.
    for (const count of held) expect(count).toBeLessThan(50);
  });

  it('notes days whose columns have changed as queued, so that they are counted while they wait', async () => {
    await curations.landDay(DAY);
    await curations.night();
    const { bucket } = curations.config;
    const config = defineConfig({ bucket, curate: true, unitIds: { planID: 'plan' } });
    const planReshaped = () => curations.planDays({ config });
    await planReshaped();
    expect(queuedDays()).toEqual([`exposures ${DAY} reshaped`]);
    expect(await curations.entry()).toMatchObject({ state: 'succeeded', queued: { reason: 'reshaped' } });
    await planReshaped();
    expect(queuedDays()).toEqual([]);
    curations.clock.advance(DAY_MS + MINUTE_MS);
    expect(await countDays({ ...curations.makePlanner(), config }, 'exposures')).toMatchObject({
      waiting: 1,
    });
  });

  it('has counts of the oldest day that is not curated, and of days that wait for more than a day', async () => {
    const count = () => countDays(curations.makePlanner(), 'exposures');
    await curations.landDay('2026-11-19');
    expect(await count()).toMatchObject({ oldest: null });
    for (const day of ['2026-11-14', '2026-11-16']) await curations.landDay(day);
    expect(await count()).toMatchObject({ oldest: '2026-11-14' });
    await plan();
    curations.nextNight();
    expect(await count()).toMatchObject({ waiting: 0 });
    curations.clock.advance(1);
    expect(await count()).toMatchObject({ waiting: 2 });
  });

  it('queues nothing twice, and a lost task again in the next night, until when it is not counted', async () => {
    await curations.landDay(DAY);
    await plan();
    expect(queuedDays()).toEqual([`exposures ${DAY} new`]);
    const first = (await curations.entry())?.queued?.at;
    curations.clock.advance(MINUTE_MS);
    await plan();
    expect(queuedDays()).toEqual([]);
    expect(curations.logged.at(-1)).toMatchObject({ curations_waiting: 0 });
    curations.clock.advance(DAY_MS + MINUTE_MS);
    await plan();
    expect(queuedDays()).toEqual([`exposures ${DAY} new`]);
    expect((await curations.entry())?.queued?.at).toBe(first);
    expect(curations.logged.at(-1)).toMatchObject({ curations_waiting: 1, oldest_not_curated: 5 });
    // The hourly check counts it, too.
    curations.logged.length = 0;
    await curations.check();
    expect(curations.logged.at(-1)).toMatchObject({ curations_waiting: 1 });
  });

  it('notes no task that the queue has not taken', async () => {
    await curations.landDay(DAY);
    const tasks = { send: () => Promise.reject(new QueueError('SLUICE_QUEUE_NOT_SENT')) };
    await expect(curations.planDays({ tasks })).rejects.toMatchObject({
      code: 'SLUICE_QUEUE_NOT_SENT',
    });
    expect(await curations.entry()).toBeNull();
    await plan();
    expect(queuedDays()).toEqual([`exposures ${DAY} new`]);
  });

  it.each([
    { what: 'begun', since: { lease: { owner: 'o', until: Date.UTC(2026, 11, 1) } } },
    { what: 'ended', since: { curated: { ended: 'v' } } },
  ])('notes no task that has $what since the day was looked at', async ({ since }) => {
    await curations.landDay(DAY);
    let sent = 0;
    const tasks = {
      send: async () => {
        const place = curatedSubject(curations.config, 'exposures', DAY);
        await curations.ledger.change(place, (known) => ({ entry: { ...known, ...since } }));
        sent += 1;
      },
    };
    await curations.planDays({ tasks });
    expect(sent).toBe(1);
    expect((await curations.entry())?.queued).toBeUndefined();
  });

  it('sends tasks once no view reads the versions that they replace', async () => {
    await curations.landDay(DAY);
    await curations.night();
    expect((await curations.viewDays())?.exposures).toEqual([{ from: DAY, to: DAY }]);
    curations.nextNight();
    await curations.land('late', exposures(1, 2));
    const served: unknown[] = [];
    const tasks = { send: async () => void served.push(await curations.viewDays()) };
    const [plan] = await curations.planDays({ tasks });
    expect(plan).toMatchObject({ queued: [{ day: DAY, reason: 'changed' }] });
    expect(served).toEqual([{ exposures: [], events: [] }]);
  });

  it('names days that it cannot look at, and plans the others', async () => {
    for (const day of ['2026-11-15', DAY]) await curations.landDay(day);
    const Key = 'ledger/curated/exposures/2026-11-15.json';
    await curations.s3.send(new PutObjectCommand({ Bucket: curations.config.bucket, Key, Body: '{}' }));
    await curations.land('a', exposures(0, 1), 'events', '2026-11-14');
    await plan();
    expect(queuedDays()).toEqual([`exposures ${DAY} new`, 'events 2026-11-14 new']);
    expect(curations.logged.at(-1)).toMatchObject({ curations_failed: 1, oldest_not_curated: 6 });
    expect(curations.logged).toContainEqual(
      expect.objectContaining({
        level: 'error',
        tables: expect.arrayContaining([
          expect.objectContaining({
            unreadable: [{ day: '2026-11-15', code: 'SLUICE_INGEST_LEDGER_INVALID' }],
          }),
        ]),
      }),
    );
  });

  it('refuses days by name that are too young', async () => {
    await curations.landDay('2026-11-18');
    const days = ['2026-11-18', DAY];
    const [plan] = await curations.planDays({}, { days, asked: 'run' });
    expect(plan).toMatchObject({ queued: [], young: ['2026-11-18'], looked: 1 });
  });
});
