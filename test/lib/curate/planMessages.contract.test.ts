import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MINUTE_MS } from '../../../lib/base/time.ts';
import { planMessages } from '../../../lib/curate/planMessages.ts';
import { type Curations, DAY, exposures, ids, startCurations } from './startCurations.ts';

describe('raw files that change', () => {
  let curations: Curations;
  beforeEach(async () => {
    curations = await startCurations();
    await curations.land('a', exposures(0, 20));
  });
  afterEach(() => curations.close());

  const isServed = async () => ((await curations.viewDays())?.exposures ?? []).length > 0;

  it('take the day out of the views before it is curated again, if their event was lost', async () => {
    await curations.night();
    const days = { sluice: 'curate', kinds: ['exposures'], days: [DAY] };
    curations.clock.advance(MINUTE_MS);
    await curations.plan({ ...days, asked: 'rebuild' });
    await curations.land('late', exposures(20, 21));
    await curations.kill(curations.takeTasks()[0], 'listed');
    expect(await curations.listedDays()).toEqual([]);
    await curations.work();
    expect(await isServed()).toBe(false);
  });

  it('within the window of late events are found by the hourly check, and any at the end of a deployment', async () => {
    const { close } = curations;
    curations = await startCurations({ timeWindow: { pastDays: 3 } });
    await close();
    const deployed = {
      source: 'aws.cloudformation',
      'detail-type': 'CloudFormation Stack Status Change',
      detail: { 'stack-id': 'arn', 'status-details': { status: 'UPDATE_COMPLETE' } },
    };
    await curations.land('a', exposures(0, 20));
    await curations.night();
    // Its last day, and one more for the writer.
    await curations.land('late', exposures(20, 21));
    await curations.check();
    expect(await curations.listedDays()).toEqual([]);
    curations.nextNight();
    await curations.night();
    await curations.land('later', exposures(21, 22));
    await curations.check();
    expect(await curations.listedDays()).toEqual([DAY]);
    const operations = ['ListObjectsV2'];
    curations.faults.set({ s3: [{ fault: 'failCalls', code: 'SlowDown', calls: 'all', operations }] });
    // No view gets days that nobody has looked at.
    expect(await curations.plan(deployed, { sluice: 'curate-views' })).toEqual([0, 1]);
    curations.faults.clear();
    expect(await curations.plan(deployed)).toEqual([]);
    expect(await curations.listedDays()).toEqual([]);
    await curations.expectRead(22);
  });

  it('leave the day to the next night when its message has no try left', async () => {
    const task = await curations.task();
    const at = { curated: () => curations.land('late', exposures(20, 21)) };
    expect(await curations.curate(task, { at, run: { isLastAttempt: true } })).toMatchObject({
      outcome: 'outdated',
    });
    curations.nextNight();
    expect(await curations.night()).toMatchObject([{ outcome: 'curated' }]);
  });

  it('that are damaged fail the day by name each night until they are repaired: it is counted, and no view reads it as curated', async () => {
    const key = await curations.land('broken.parquet', new TextEncoder().encode('PAR1 no parquet at all'));
    // Its key is the beginning of the other one.
    await curations.land('broken', exposures(20, 21));
    expect(await curations.night()).toMatchObject([
      { outcome: 'failed', failure: { code: 'SLUICE_CURATE_FILE_UNREADABLE' } },
    ]);
    expect(await curations.entry()).toMatchObject({
      state: 'failed',
      failure: { code: 'SLUICE_CURATE_FILE_UNREADABLE', message: expect.stringContaining(key) },
      files: [{ key, fate: 'failed', reason: 'SLUICE_CURATE_FILE_UNREADABLE' }],
    });
    expect(await isServed()).toBe(false);
    await curations.check();
    expect(curations.logged.at(-1)).toMatchObject({
      curations_failed: 1,
      curations_waiting: 0,
      days_curated: 0,
    });
    // It is tried again every night, and curated once the file is repaired.
    curations.nextNight();
    expect(await curations.night()).toMatchObject([{ outcome: 'failed' }]);
    await curations.land('broken.parquet', exposures(20, 30));
    curations.nextNight();
    expect(await curations.night()).toMatchObject([{ outcome: 'curated' }]);
    await curations.check();
    expect(curations.logged.at(-1)).toMatchObject({
      curations_failed: 0,
      days_curated: 1,
      oldest_not_curated: 0,
    });
    expect((await curations.entry())?.failure).toBeUndefined();
  });

  it('while nothing was curated keep their days out of the first list after it', async () => {
    const OTHER = '2026-11-15';
    const OLD = '2026-10-05';
    for (const day of [OTHER, OLD]) await curations.land('a', exposures(0, 20, day), 'exposures', day);
    await curations.night();
    expect(await curations.listedDays()).toEqual([OLD, OTHER, DAY]);
    await curations.deployViews(false);
    await curations.land('late', exposures(20, 21, OLD), 'exposures', OLD);
    await curations.deployViews(true);
    expect(await isServed()).toBe(false);
    // Before the stack reports its end, anything may publish: a file of another day, for one.
    const key = await curations.land('b', exposures(20, 21, OTHER), 'exposures', OTHER);
    expect(await curations.plan(curations.fileEvent(key))).toEqual([]);
    expect((await curations.viewDays())?.exposures).toContainEqual({ from: DAY, to: DAY });
    expect(await curations.read(OLD)).toEqual(ids(0, 21));
    expect(await curations.read(OTHER)).toEqual(ids(0, 21));
  });

  it('take out a listed day that is too young since curateAfter was raised', async () => {
    await curations.night();
    const config = { ...curations.config, curateAfter: 10 };
    const key = await curations.land('late', exposures(20, 21));
    const body = JSON.stringify(curations.fileEvent(key));
    const deliver = async () => {
      const message = { messageId: '0', body, receives: 1 };
      return (await planMessages({ ...curations.makePlanner(), config }, [message])).batchItemFailures;
    };
    // The first delivery fails after the day is out of the list.
    curations.faults.set({ glue: [{ fault: 'failCalls', calls: 'all' }] });
    expect(await deliver()).toHaveLength(1);
    curations.faults.clear();
    expect(await deliver()).toEqual([]);
    expect(await isServed()).toBe(false);
    await curations.expectRead(21);
  });
});

describe('messages of the plan', () => {
  let curations: Curations;
  beforeEach(async () => {
    curations = await startCurations();
  });
  afterEach(() => curations.close());

  it('are delivered again if they are not of Sluice', async () => {
    expect(await curations.plan('{', { sluice: 'curate', days: [] }, { sluice: 'curate-check' })).toEqual([
      0, 1,
    ]);
  });

  it('are delivered again if the views cannot be written, and are done then', async () => {
    await curations.landDay(DAY);
    await curations.night();
    const key = await curations.land('late', exposures(1, 2));
    curations.faults.set({ glue: [{ fault: 'failCalls', calls: 'all' }] });
    expect(await curations.plan(curations.fileEvent(key), { sluice: 'curate-views' })).toEqual([0, 1]);
    expect(await curations.listedDays()).toEqual([]);
    curations.faults.clear();
    expect(await curations.plan(curations.fileEvent(key))).toEqual([]);
    expect((await curations.viewDays())?.exposures).toEqual([]);
  });

  it('of files of days that are not curated yet, of other tables and of none change nothing', async () => {
    const today = '2026-11-20';
    const keys = [
      await curations.land('a', exposures(0, 1, today), 'exposures', today),
      `quarantine/${DAY}/x.parquet`,
      'elsewhere/x',
    ];
    expect(await curations.plan(...keys.map((key) => curations.fileEvent(key)))).toEqual([]);
    expect(curations.logged).toEqual([]);
  });
});
