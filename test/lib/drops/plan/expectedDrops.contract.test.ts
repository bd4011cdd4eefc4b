import { afterEach, describe, expect, it } from '@jest/globals';
import { addDays, utcDay } from '../../../../lib/base/time.ts';
import { hasArrivedSince } from '../../../../lib/drops/plan/arrival.ts';
import { planRequestSchema } from '../../../../lib/drops/plan/messageBodies.ts';
import { planMessages, runPlan } from '../../../../lib/drops/plan/planMessages.ts';
import { type DatasetInput, eventsDataset } from '../../../harness/configInput.ts';
import { emfProblems } from '../../../harness/emfProblems.ts';
import { OTHER_DROPS, startIngest } from './startIngest.ts';

describe('a check for overdue drops', () => {
  let ingest: Awaited<ReturnType<typeof startIngest>>;
  afterEach(() => ingest.close());
  const HOUR_MS = 3_600_000;
  const today = () => utcDay(ingest.clock.now());
  const ago = (days: number) => addDays(today(), -days);
  const handle = async (bodies: readonly unknown[]) => {
    const messages = bodies.map((body, i) => ({
      messageId: `${i}`,
      body: JSON.stringify(body),
      receives: 1,
    }));
    expect(await planMessages(ingest.planner(), messages)).toEqual({ batchItemFailures: [] });
  };
  /** A run of the schedule, and its lines about sources. */
  async function lookAtAll(): Promise<readonly Record<string, unknown>[]> {
    ingest.lines.length = 0;
    await handle([{ sluice: 'expected' }]);
    await handle(await ingest.received('plan'));
    await ingest.clock.advance(60_000);
    await handle(await ingest.received('plan'));
    return ingest.lines.filter(({ event }) => event === 'ingest_expected');
  }
  const look = async () => (await lookAtAll())[0];
  const note = () => ingest.readJson('ledger/acme/events/expected.json');
  const metric = () => ingest.lines.findLast((line) => '_aws' in line)?.['drops_late'];

  const begin = async (dataset: Partial<DatasetInput> = { expectedBy: { hour: 6 } }) => {
    ingest = await startIngest([{ datasets: [eventsDataset({ lookbackDays: 2, ...dataset })] }]);
  };
  /** A dataset whose first day came three days ago. */
  const start = async (dataset?: Partial<DatasetInput>) => {
    await begin(dataset);
    await ingest.settle(ago(1), { version: 'v1' });
    // Ten in the morning, some day on.
    const noon = Date.parse(`${addDays(today(), 2)}T10:00:00Z`);
    await ingest.clock.advance(noon - ingest.clock.now());
  };

  it('finds a drop that has not arrived, until it arrives', async () => {
    await start();
    await ingest.put(`events/${ago(2)}/a.parquet`);
    expect(await look()).toMatchObject({ level: 'warn', datasets: 1, late: [{ day: ago(1) }] });
    const due = Date.parse(`${today()}T06:00:00Z`);
    const open = [ago(2), ago(1)];
    const first = { day: ago(3), hasCome: true };
    expect(await note()).toEqual({ at: expect.any(Number), first, late: [{ day: ago(1), due }], open });
    expect(metric()).toBe(1);
    const line = ingest.lines.findLast((logged) => '_aws' in logged);
    expect(emfProblems(JSON.stringify(line))).toEqual([]);
    expect(line).toMatchObject({ function: 'ingest-plan', stage: 'test' });

    // Before any run of the plan: the folder is looked into.
    await ingest.put(`events/${ago(1)}/a.parquet`);
    expect(await look()).toMatchObject({ level: 'info', late: [] });
    expect(await note()).toMatchObject({ late: [] });
    expect(metric()).toBe(0);
    // It only looks.
    expect(await ingest.received('load')).toEqual([]);
  });

  it.each([
    ['a folder of a console', [''], undefined],
    ['files of a job that still writes', ['_temporary/0/a.parquet'], '1 temporary file alone'],
    ['files without a commit', ['_started_1', 'b-tid-1-x.parquet'], '1 file and no commit'],
    ['a marker that there is nothing', ['_SUCCESS'], null],
    ['an object that can not be loaded, which is told of otherwise', ['a.csv'], null],
  ])('decides whether %s counts as a drop, and says what is there', async (_, names, words) => {
    await start();
    for (const name of names)
      for (const day of [ago(1), ago(2)])
        await ingest.put(`events/${day}/${name}`, /csv|parquet/.test(name) ? 'a,b' : '');
    const late = Object(await look()).late.map((lateDay: { has?: { words: string } }) => lateDay.has?.words);
    expect(late).toEqual(words === null ? [] : [words, words]);
  });

  it.each([
    ['was loaded and taken back', { state: 'succeeded_no_data', version: 'v2' }],
    ['failed and was taken away', { state: 'failed', failure: { code: 'SLUICE_X', message: 'Why.' } }],
  ] as const)('asks the ledger first: a day that %s has arrived', async (_, outcome) => {
    await start();
    for (const day of [ago(1), ago(2)]) await ingest.settle(day, { ...outcome, fingerprint: 'none' });
    expect(await look()).toMatchObject({ late: [] });
  });

  it('treats a day without the marker that the dataset waits for as late, whatever the plan has recorded', async () => {
    await start({ expectedBy: { hour: 6 }, waitFor: 'READY' });
    for (const day of [ago(1), ago(2)]) await ingest.put(`events/${day}/a.parquet`);
    await ingest.put(`events/${ago(2)}/READY`);
    const plan = async () => {
      await ingest.clock.advance(HOUR_MS);
      await runPlan(ingest.planner(), planRequestSchema.parse({ sluice: 'plan', schedule: 'daily' }));
    };
    await plan();
    expect(await look()).toMatchObject({ late: [{ day: ago(1) }] });
    const waiting = async () => (await ingest.status())?.waiting;
    expect(await waiting()).toMatchObject([{ day: ago(1), cure: 'backfill' }]);
    await ingest.remove(`events/${ago(1)}/a.parquet`);
    await plan();
    expect(await look()).toMatchObject({ late: [{ day: ago(1) }] });
    expect(await waiting()).toEqual([]);
    const entry = await ingest.ledger.read({ source: 'acme', dataset: 'events', day: ago(1) });
    expect(hasArrivedSince(entry, ingest.clock.now() - HOUR_MS)).toBe(false);
    await ingest.put(`events/${ago(1)}/READY`);
    expect(await look()).toMatchObject({ late: [] });
  });

  it('names a day that never came for 30 days after its lookback', async () => {
    await start();
    await look();
    const missed = ago(2);
    for (let days = 0; days < 30; days += 1.5) {
      await ingest.clock.advance(1.5 * 24 * HOUR_MS);
      await look();
    }
    const { late } = Object(await note());
    expect(late[0]).toMatchObject({ day: missed });
    expect(late).toHaveLength(32);
    expect(metric()).toBe(2);
  });

  it('expects days after one that came within its lookback, and not after one that was loaded by hand', async () => {
    await begin();
    await ingest.clock.advance(2 * 24 * HOUR_MS);
    await ingest.settle(ago(1), { version: 'v1' });
    await ingest.clock.advance(5 * 24 * HOUR_MS);
    await ingest.settle(ago(20));
    await look();
    const late = [5, 4, 3, 2, 1].map((days) => ({ day: ago(days) }));
    expect(await note()).toMatchObject({ late });
  });

  it('expects nothing before the first day that comes, or before its first look while none has', async () => {
    await begin();
    await ingest.clock.advance(Date.parse(`${addDays(today(), 1)}T10:00:00Z`) - ingest.clock.now());
    const firstLook = today();
    expect(await look()).toMatchObject({ late: [] });
    expect(await note()).toMatchObject({ first: { day: firstLook, hasCome: false }, open: [] });
    // Somebody loads an old day by hand: it says nothing of the days behind it.
    await ingest.settle(ago(20), { version: 'v1' });
    await ingest.clock.advance(3 * 24 * HOUR_MS);
    expect(await look()).toMatchObject({ late: [{ day: ago(3) }, { day: ago(2) }, { day: ago(1) }] });
    expect(ago(3)).toBe(firstLook);
    // The first file is of yesterday, and today's is not due.
    await ingest.put(`events/${ago(1)}/a.parquet`);
    expect(await look()).toMatchObject({ late: [] });
    expect(await note()).toMatchObject({ first: { day: ago(1), hasCome: true } });
    expect(metric()).toBe(0);
    await ingest.clock.advance(24 * HOUR_MS);
    expect(await look()).toMatchObject({ late: [{ day: ago(1) }] });
    // One that came before it after all: the day between them is late as well.
    await ingest.settle(ago(2), { version: 'v1' });
    await ingest.clock.advance(24 * HOUR_MS);
    expect(await look()).toMatchObject({ late: [{ day: ago(2) }, { day: ago(1) }] });
  });

  it('begins anew with a dataset that comes back after a month, and goes on with one that was away for days', async () => {
    await start();
    await look();
    expect(await note()).toMatchObject({ first: { day: ago(3), hasCome: true } });
    await ingest.clock.advance(10 * 24 * HOUR_MS);
    expect(Object(await look()).late).toHaveLength(12);
    await ingest.clock.advance(40 * 24 * HOUR_MS);
    expect(await look()).toMatchObject({ late: [] });
    expect(await note()).toMatchObject({ first: { day: today(), hasCome: false } });
    await ingest.put(`events/${ago(1)}/a.parquet`);
    await ingest.clock.advance(24 * HOUR_MS);
    expect(await look()).toMatchObject({ late: [{ day: ago(1) }] });
    expect(await note()).toMatchObject({ first: { day: ago(2), hasCome: true } });
  });

  it('names a note that is damaged, and makes it anew of what the ledger and the folder have', async () => {
    await start();
    await look();
    const noted = Object(await note());
    await ingest.write('ledger/acme/events/expected.json', '{"at":');
    const failed = [{ dataset: 'events', code: 'SLUICE_INGEST_LEDGER_INVALID' }];
    expect(await look()).toMatchObject({ late: [{ day: ago(2) }, { day: ago(1) }], failed });
    expect(await note()).toEqual({ ...noted, at: expect.any(Number) });
    expect(await look()).toMatchObject({ failed: [] });
  });

  it('takes no day for the first that a person accepted without files, and begins with a first look that fails', async () => {
    await begin();
    await ingest.letNobodyIn();
    const firstLook = today();
    expect(await look()).toMatchObject({ failed: [{ code: 'SLUICE_SOURCE_ACCESS_DENIED' }] });
    await ingest.letIn();
    await ingest.clock.advance(Date.parse(`${addDays(today(), 3)}T10:00:00Z`) - ingest.clock.now());
    const late = [{ day: ago(3) }, { day: ago(2) }, { day: ago(1) }];
    expect(await look()).toMatchObject({ late });
    expect(ago(3)).toBe(firstLook);
    await ingest.settle(ago(1), { state: 'succeeded_no_data', fingerprint: 'none', accepted: true });
    expect(await look()).toMatchObject({ late: late.slice(0, 2) });
    expect(await note()).toMatchObject({ first: { day: firstLook, hasCome: false } });
  });

  it('finds in the ledger which day came first, however it is now', async () => {
    await begin();
    await ingest.settle(ago(2), { state: 'failed', failure: { code: 'SLUICE_X', message: 'Why.' } });
    await ingest.clock.advance(Date.parse(`${addDays(today(), 1)}T10:00:00Z`) - ingest.clock.now());
    expect(await look()).toMatchObject({ late: [{ day: ago(2) }, { day: ago(1) }] });
    expect(await note()).toMatchObject({ first: { day: ago(3), hasCome: true } });
  });

  it('waits on for a day that came without rows, unless its weekday usually has none', async () => {
    await start();
    const empty = async (day: string, more: object = {}) => {
      const key = `events/${day}/a.parquet`;
      await ingest.put(key);
      await runPlan(
        ingest.planner(),
        planRequestSchema.parse({ sluice: 'plan', days: [day], asked: 'backfill' }),
      );
      const file = { key, size: 1, eTag: '"e"', fate: 'left_out', reason: 'no_rows' } as const;
      await ingest.settle(day, { state: 'succeeded_no_data', files: [file], ...more });
    };
    // That one's dataset is at another place now, which has none of it.
    await empty(ago(2), { place: 's3://acme-old/events/YYYY-MM-DD' });
    await ingest.remove(`events/${ago(2)}/a.parquet`);
    await empty(ago(1), { usualRows: 1_000 });
    const late = [{ day: ago(1), empty: '1 file, 0 rows' }];
    expect(await look()).toMatchObject({ late });
    expect(await note()).toMatchObject({ late });
    expect(metric()).toBe(1);
    const place = { source: 'acme', dataset: 'events' };
    const arrived = async (day: string) =>
      hasArrivedSince(await ingest.ledger.read({ ...place, day }), ingest.clock.now() - 2 * HOUR_MS);
    expect(await arrived(ago(2))).toBe(true);
    expect(await arrived(ago(1))).toBe(false);
    // It is loaded again, as it is.
    const again = { sluice: 'plan', days: [ago(1)], asked: 'backfill' };
    await runPlan(ingest.planner(), planRequestSchema.parse(again));
    expect(await ingest.ledger.read({ ...place, day: ago(1) })).toMatchObject({ state: 'waiting' });
    expect(await arrived(ago(1))).toBe(false);
    expect(await look()).toMatchObject({ late });
    // Another file comes.
    await ingest.put(`events/${ago(1)}/b.parquet`);
    expect(await look()).toMatchObject({ late: [] });
  });

  it('reports nothing about a folder that it cannot list, and leaves what was late', async () => {
    await start();
    await look();
    expect(metric()).toBe(2);
    await ingest.letNobodyIn();
    expect(await look()).toMatchObject({ level: 'error', failed: [{ code: 'SLUICE_SOURCE_ACCESS_DENIED' }] });
    expect(metric()).toBe(2);
    expect(await note()).toMatchObject({ late: [{ day: ago(2) }, { day: ago(1) }] });
    // Also of days that were to be looked at while nobody could.
    await ingest.clock.advance(24 * HOUR_MS);
    await look();
    await ingest.letIn();
    await look();
    expect(await note()).toMatchObject({ late: [{ day: ago(3) }, { day: ago(2) }, { day: ago(1) }] });
  });

  it('counts what it knows of all sources while one cannot be read, or its look was killed', async () => {
    ingest = await startIngest(
      [{}, { bucket: OTHER_DROPS }, { bucket: 'acme-nowhere' }].map((place, i) => ({
        ...place,
        datasets: [eventsDataset({ name: `d${i}`, lookbackDays: 1, expectedBy: { hour: 6 } })],
      })),
    );
    await lookAtAll();
    await ingest.clock.advance(24 * HOUR_MS);
    const lines = await lookAtAll();
    expect(lines.map(({ level }) => level)).toEqual(['warn', 'warn', 'error']);
    expect(metric()).toBe(2);
    // The denied one hides neither that a drop has come, nor that another has not.
    await ingest.put(`d0/${ago(1)}/a.parquet`);
    await lookAtAll();
    expect(metric()).toBe(1);
    ingest.lines.length = 0;
    await ingest.clock.advance(HOUR_MS);
    await handle([{ sluice: 'expected' }]);
    const parts = await ingest.received('plan');
    await handle(parts.filter((body) => String(Object(body).sources) !== 'acme1'));
    for (let waits = 0; waits < 8; waits += 1) {
      await ingest.clock.advance(15 * 60_000);
      await handle(await ingest.received('plan'));
    }
    expect(ingest.lines.filter((line) => '_aws' in line)).toMatchObject([{ drops_late: 1 }]);
    expect(ingest.lines).toContainEqual(expect.objectContaining({ event: 'ingest_plan_tally', missing: 1 }));
  });

  it('looks at what is new: at nothing once all due days are loaded, and at all of them once a day', async () => {
    await start({ expectedBy: { hour: 6 }, lookbackDays: 3 });
    for (const day of [1, 2, 3].map(ago)) {
      await ingest.put(`events/${day}/a.parquet`);
      await ingest.settle(day, { version: 'v1' });
    }
    const calls = async () => {
      const before = { ...seen };
      await lookAtAll();
      return { entries: seen.entries - before.entries, lists: seen.lists - before.lists };
    };
    const seen = { entries: 0, lists: 0 };
    const { ledger, bucketOf, ...others } = ingest.planner();
    ingest.planner = () => ({
      ...others,
      deadline: Number.POSITIVE_INFINITY,
      ledger: Object.assign(Object.create(ledger), {
        read: (place: Parameters<typeof ledger.read>[0]) => {
          seen.entries += 1;
          return ledger.read(place);
        },
      }),
      bucketOf: (...args) => ({
        list: (page) => {
          seen.lists += 1;
          return bucketOf(...args).list(page);
        },
      }),
    });
    // One more says which day came first.
    expect(await calls()).toEqual({ entries: 34, lists: 0 });
    expect(await calls()).toEqual({ entries: 0, lists: 0 });
    expect(metric()).toBe(0);
    // A day becomes due, is not there, and is waited for alone.
    await ingest.clock.advance(21 * HOUR_MS);
    expect(utcDay(ingest.clock.now())).toBe(today());
    const first = await calls();
    expect(first.entries).toBe(33);
    expect(first.lists).toBeGreaterThan(0);
    expect(metric()).toBe(1);
    expect(await calls()).toEqual({ entries: 1, lists: first.lists });
    await ingest.put(`events/${ago(1)}/a.parquet`);
    expect(await calls()).toEqual({ entries: 1, lists: first.lists });
    expect(metric()).toBe(0);
    await ingest.settle(ago(1), { version: 'v1' });
    expect(await calls()).toEqual({ entries: 1, lists: 0 });
    expect(await calls()).toEqual({ entries: 0, lists: 0 });
    // A look of the future is none: the clock was wrong then.
    const at = ingest.clock.now() + 48 * HOUR_MS;
    await ingest.planner().lateNotes.write('acme', 'events', { at, late: [], open: [] });
    expect(await calls()).toEqual({ entries: 34, lists: 0 });
  });
});
