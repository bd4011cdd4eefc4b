import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { addDays, HOUR_MS, MINUTE_MS } from '../../../lib/base/time.ts';
import { ExportError } from '../../../lib/export/ExportError.ts';
import { exportDay, type exportFaultPoints } from '../../../lib/export/exportDay.ts';
import { type ExportTask, exportTaskSchema } from '../../../lib/export/messageBodies.ts';
import { planExports } from '../../../lib/export/planExports.ts';
import { EXPORTS_LEDGER, exportSubject } from '../../../lib/tables/ledgerKeys.ts';
import { killedAt } from '../../harness/killedAt.ts';
import { DAY, type ExportWorld, startExport, TARGET, THEIRS } from './startExport.ts';

describe('the plan of exports', () => {
  let world: ExportWorld;
  let sent: ExportTask[];
  beforeEach(async () => {
    world = await startExport();
    sent = [];
  });
  afterEach(() => world.close());

  const plan = (
    request: { days?: string[]; schedule?: 'daily' | 'hourly'; exports?: string[]; drop?: true } = {},
    more: Partial<Parameters<typeof planExports>[0]> = {},
  ) =>
    planExports(
      {
        exports: [world.configured()],
        ledger: world.ledger,
        looks: world.looks,
        clock: world.clock,
        tableOf: () => world.table,
        targetOf: () => world.exporter().target,
        entriesOf: world.entriesOf,
        tasks,
        ...more,
      },
      { sluice: 'export', ...request },
    );
  const send = async (bodies: readonly string[]) => {
    sent.push(...bodies.map((body) => exportTaskSchema.parse(JSON.parse(body))));
  };
  const tasks = { send };
  /** Days that a plan queues, with the reason. */
  const reasons = async (...asked: Parameters<typeof plan>) =>
    (await plan(...asked)).queued.map(({ day, reason }) => `${day} ${reason}`).sort();
  const work = async (table = world.table) => {
    for (const task of sent.splice(0)) await exportDay(world.exporter({ table }), world.configured(), task);
  };
  const planAndWork = async (...asked: Parameters<typeof plan>) => {
    await plan(...asked);
    await work();
  };
  /** A day with one file. */
  const addOne = async () => {
    await world.register(DAY);
    await world.put('a.parquet', 'x');
  };
  /** The same, which is queued. */
  const queueOne = async () => {
    await addOne();
    await plan();
  };
  /** The same, which is exported. */
  const exportOne = async () => {
    await addOne();
    await planAndWork();
  };
  const entry = (day = DAY) => world.ledger.read(exportSubject(world.configured(), day));
  const days = ['2026-11-17', '2026-11-18', DAY];

  it('queues each new, changed or deleted day of the lookback once, but never today', async () => {
    for (const day of ['2026-11-16', ...days, '2026-11-20']) {
      await world.register(day);
      await world.put('a.parquet', day, day);
    }
    expect(await reasons()).toEqual(days.map((day) => `${day} new`));
    expect(await reasons()).toEqual([]);
    expect(sent.map(({ day }) => day).sort()).toEqual(days);
    await work();
    expect(await reasons()).toEqual([]);
    await world.put('b.parquet', 'more', days[0]);
    world.remove('a.parquet', days[1]);
    expect(await reasons()).toEqual([`${days[0]} changed`, `${days[1]} deleted`]);
    await work();
    expect(await reasons()).toEqual([]);
  });

  it('queues a lost task again after an hour, and a changed day immediately', async () => {
    await queueOne();
    await world.put('b.parquet', 'y');
    expect(await reasons()).toEqual([`${DAY} new`]);
    world.clock.advance(HOUR_MS - 1);
    expect(await reasons()).toEqual([]);
    world.clock.advance(1);
    expect(await reasons()).toEqual([`${DAY} new`]);
  });

  it('notes no task that has ended before that, and asks by name for copies to go', async () => {
    const workedAtOnce = {
      send: async (bodies: readonly string[]) => {
        await send(bodies);
        await work();
      },
    };
    await addOne();
    expect(await reasons({ days: [DAY], drop: true }, { tasks: workedAtOnce })).toEqual([`${DAY} asked`]);
    expect(await entry()).toMatchObject({
      state: 'succeeded',
    });
    await plan({ days: [DAY], drop: true });
    expect(sent).toMatchObject([{ drop: true }]);
  });

  it('queues a day of a raw table at once when an erasure has replaced a file of it', async () => {
    const table = world.tableWith({ kind: 'raw', expireAfterDays: null });
    await addOne();
    world.clock.advance(HOUR_MS);
    await plan({}, { tableOf: () => table });
    await work(table);
    await world.put('a.parquet', 'y');
    expect(await reasons({}, { tableOf: () => table })).toEqual([`${DAY} changed`]);
  });

  describe('of many, whose time runs out', () => {
    const names = Array.from({ length: 20 }, (_, i) => `e${String(i).padStart(2, '0')}`);

    /** Plans with a minute, of which each look takes five seconds. Answers which exports were looked at. */
    async function tryAll(request: { schedule?: 'daily'; days?: string[] }, missing = 'none') {
      const deadline = world.clock.now() + MINUTE_MS;
      const looked: string[] = [];
      const { failed } = await plan(request, {
        exports: names.map((name) => ({ ...world.configured(), name, table: name })),
        tableOf: (name) => ({
          isRaw: false,
          isPast: () => false,
          async locations() {
            if (name === missing) throw new ExportError('SLUICE_EXPORT_TABLE_MISSING', '');
            if (world.clock.now() >= deadline) throw new ExportError('SLUICE_EXPORT_OUT_OF_TIME', '');
            looked.push(name);
            await world.clock.advance(5_000);
            return new Map();
          },
          files: async () => [],
          read: async () => null,
        }),
        targetOf: () => ({ listDays: async () => new Set() }),
      });
      return { looked, again: failed.some(({ transient }) => transient) };
    }

    it('goes on with those that were looked at longest ago, in the next try and on the next day', async () => {
      const first = await tryAll({ schedule: 'daily' }, 'e00');
      expect(first.again).toBe(true);
      // Days that somebody names, of all exports, are no look at them.
      await tryAll({ days: [DAY] });
      world.clock.advance(24 * HOUR_MS);
      const second = await tryAll({ schedule: 'daily' });
      const left = names.filter((name) => name !== 'e00' && !first.looked.includes(name));
      expect(left.length).toBeGreaterThan(5);
      expect(second.looked.slice(0, left.length).sort()).toEqual(left);
    });
  });

  it('retries failed days in the next run', async () => {
    await addOne();
    world.store.bucket(TARGET).settings = {};
    await planAndWork();
    world.openTarget();
    // Before the next run of an hourly schedule.
    world.clock.advance(45 * MINUTE_MS - 1);
    expect(await plan({ schedule: 'daily' })).toMatchObject({ queued: [], failedDays: 1 });
    world.clock.advance(1);
    expect(await plan({ schedule: 'daily' })).toMatchObject({
      queued: [{ reason: 'retried' }],
      failedDays: 1,
    });
    await work();
    expect(await plan()).toMatchObject({ queued: [], failedDays: 0 });
  });

  it('retries failed days at once if a person asks', async () => {
    await addOne();
    world.store.bucket(TARGET).settings = {};
    await planAndWork();
    world.openTarget();
    expect(await reasons()).toEqual([`${DAY} retried`]);
    expect(await reasons()).toEqual([]);
  });

  describe('after the bucket was gone', () => {
    const OLD = '2026-11-10';
    const scheduled = { schedule: 'daily' } as const;
    const names = async (day: string) => [...(await world.exported(day)).keys()].sort();
    const lose = async (day: string) => {
      for (const name of await names(day)) world.store.delete(TARGET, `events/${day}/${name}`);
    };
    const deleteBucket = async () => {
      for (const day of [OLD, '2026-11-18', DAY]) await lose(day);
      world.store.deleteBucket(TARGET);
    };
    const makeBucket = () => {
      world.store.createBucket(TARGET, { account: THEIRS });
      world.openTarget();
    };
    /** Runs of the schedule, an hour apart, with the work that each queues. */
    const runs = async (count: number) => {
      const queued: string[] = [];
      for (let run = 0; run < count; run += 1) {
        world.clock.advance(HOUR_MS);
        queued.push(...(await reasons(scheduled)));
        await work();
      }
      return queued;
    };
    beforeEach(async () => {
      for (const day of [OLD, '2026-11-18', DAY]) {
        await world.register(day);
        await world.put('a.parquet', day, day);
      }
      await planAndWork({ days: [OLD, '2026-11-18'] });
    });

    it('exports each day again that the new bucket lacks, once', async () => {
      const before = await names(OLD);
      await deleteBucket();
      expect(await runs(2)).toEqual([`${DAY} new`, `${DAY} retried`]);
      makeBucket();
      expect(await runs(1)).toEqual([`${OLD} missing`, '2026-11-18 missing', `${DAY} retried`]);
      expect(await names(OLD)).toEqual(before);
      expect(await runs(2)).toEqual([]);
    });

    it('waits for the policy of the new bucket, also if a day failed by it meanwhile', async () => {
      await deleteBucket();
      await runs(2);
      makeBucket();
      world.store.bucket(TARGET).settings = {};
      await runs(2);
      expect(await entry()).toMatchObject({
        failure: { code: 'SLUICE_EXPORT_ACCESS_DENIED' },
      });
      world.openTarget();
      expect(await runs(2)).toEqual([`${OLD} missing`, '2026-11-18 missing', `${DAY} retried`]);
    });

    it('exports each day again in the next run if a person asks for the one that failed', async () => {
      await deleteBucket();
      await runs(1);
      makeBucket();
      await planAndWork({ days: [DAY] });
      expect(await runs(2)).toEqual([`${OLD} missing`, '2026-11-18 missing']);
    });

    it('writes no empty day where the files of our table are gone, too', async () => {
      await deleteBucket();
      await runs(2);
      world.remove('a.parquet', OLD);
      makeBucket();
      await runs(2);
      expect(await names(OLD)).toEqual([]);
    });

    it('looks at all days that the new bucket lacks before today, however many', async () => {
      const before = Array.from({ length: 205 }, (_, i) => addDays('2026-11-19', -i));
      const entries = ['2026-11-20', ...before].map((day) => [day, { eTag: '"1"', modifiedAt: 0 }] as const);
      await world.looks.write(EXPORTS_LEDGER, 'events', { at: 0, bucketGone: true });
      const looked: string[] = [];
      const locations = async (of: readonly string[]) => {
        looked.push(...of);
        return new Map();
      };
      await plan(scheduled, {
        tableOf: () => ({ ...world.table, locations }),
        targetOf: () => ({ listDays: async () => new Set() }),
        entriesOf: async () => new Map(entries),
      });
      expect(looked).toEqual([...days, ...before.toReversed()]);
    });

    // In the first run after it was made again, the day that failed tells of it; that day's next try ends this.
    it.each([1, 2])(
      'asks again in the next run if the bucket could not be listed for now, gone for %i runs',
      async (gone) => {
        await deleteBucket();
        await runs(gone);
        makeBucket();
        world.clock.advance(HOUR_MS);
        const busy = await plan(scheduled, {
          targetOf: () => ({
            listDays: () => Promise.reject(new ExportError('SLUICE_EXPORT_TARGET_UNAVAILABLE', 'SlowDown')),
          }),
        });
        expect(busy.failed).toMatchObject([{ code: 'SLUICE_EXPORT_TARGET_UNAVAILABLE', transient: true }]);
        await work();
        expect(await runs(1)).toEqual([`${OLD} missing`, '2026-11-18 missing']);
      },
    );
  });

  it('keeps a copy whose source is gone only while the copy is there', async () => {
    await world.register(DAY);
    for (const name of ['a.parquet', 'b.parquet']) await world.put(name, name);
    await planAndWork();
    world.remove('a.parquet');
    await planAndWork();
    const { files = [] } = (await entry()) ?? {};
    const kept = files.flatMap(({ fate, detail = '' }) => (fate === 'kept' ? [detail] : []));
    expect(kept).toHaveLength(1);
    for (const name of kept) world.store.delete(TARGET, `events/${DAY}/${name}`);
    await planAndWork({ days: [DAY] });
    const left = await world.exported();
    expect(world.manifest(left).files.map(({ name }) => left.has(name))).toEqual([true]);
  });

  it('queues no day that was queued and then lost its files', async () => {
    await queueOne();
    sent.splice(0);
    world.remove('a.parquet');
    world.clock.advance(HOUR_MS);
    expect(await reasons()).toEqual([]);
  });

  it.each([
    { notes: true, transient: false },
    { notes: false, transient: true },
  ])(
    'is not retried where the table is missing, unless that can’t be noted: $notes',
    async ({ notes, transient }) => {
      const locations = () => Promise.reject(new ExportError('SLUICE_EXPORT_TABLE_MISSING', ''));
      const write = () => Promise.reject(new Error('away'));
      const more = {
        tableOf: () => ({ ...world.table, locations }),
        ...(notes ? {} : { looks: { ...world.looks, write } }),
      };
      // Of days that a person names nothing is noted.
      await plan({ days: [DAY] }, more);
      expect(await world.looks.read(EXPORTS_LEDGER, 'events')).toBeNull();
      expect((await plan({}, more)).failed).toMatchObject([
        { code: 'SLUICE_EXPORT_TABLE_MISSING', transient },
      ]);
    },
  );

  it('never lists the bucket of a customer who deletes what was read', async () => {
    await exportOne();
    for (const name of (await world.exported()).keys()) world.store.delete(TARGET, `events/${DAY}/${name}`);
    world.clock.advance(HOUR_MS);
    const listDays = () => Promise.reject(new Error('listed'));
    expect(await plan({}, { targetOf: () => ({ listDays }) })).toMatchObject({ queued: [], failed: [] });
  });

  it('skips a day that is being exported', async () => {
    await queueOne();
    const [task] = sent;
    if (task === undefined) throw new Error('nothing was queued');
    let planned: string[] | undefined;
    const faultPoint = async (point: string) => {
      if (point !== 'listed') return;
      await world.put('b.parquet', 'y');
      planned = await reasons();
    };
    await exportDay(world.exporter({ faultPoint }), world.configured(), task);
    expect(planned).toEqual([]);
    expect(await reasons()).toEqual([`${DAY} changed`]);
  });

  it('queues a day again whose export was killed, once its lease is over', async () => {
    await queueOne();
    const [task] = sent;
    if (task === undefined) throw new Error('nothing was queued');
    const { faultPoint, killed } = killedAt<(typeof exportFaultPoints)[number]>('copied');
    const exporting = exportDay(world.exporter({ faultPoint }), world.configured(), task);
    expect(await Promise.race([exporting, killed])).toBe('killed');
    expect(await reasons()).toEqual([]);
    world.clock.advance(HOUR_MS);
    expect(await reasons()).toEqual([`${DAY} new`]);
  });

  it('queues requested days also if they were exported, limited to the requested schedule and names', async () => {
    await exportOne();
    expect(await reasons({ days: [DAY, '2026-11-18'] })).toEqual(['2026-11-18 asked', `${DAY} asked`]);
    await work();
    // A day that was exported without files is no change.
    expect(await entry('2026-11-18')).toMatchObject({
      state: 'succeeded_no_data',
    });
    expect(await reasons()).toEqual([]);
    expect(await plan({ schedule: 'hourly' })).toMatchObject({ looked: 0 });
    expect(await plan({ exports: ['another'] })).toMatchObject({ looked: 0 });
    expect(await plan({ schedule: 'daily', exports: ['events'] })).toMatchObject({ looked: 3 });
  });
});
