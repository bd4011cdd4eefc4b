import { describe, expect, it } from '@jest/globals';
import { addDays, HOUR_MS, MINUTE_MS } from '../../../../lib/base/time.ts';
import { lastListings } from '../../../../lib/drops/plan/lastListings.ts';
import { lateNotes } from '../../../../lib/drops/plan/late/lateNotes.ts';
import { type PlanRequest, planRequestSchema } from '../../../../lib/drops/plan/messageBodies.ts';
import { runPlan } from '../../../../lib/drops/plan/planMessages.ts';
import { planSources } from '../../../../lib/drops/plan/planSources.ts';
import type { LedgerEntry } from '../../../../lib/ledger/LedgerEntry.ts';
import { lateNoteKey, ledgerKey } from '../../../../lib/tables/ledgerKeys.ts';
import { type DatasetInput, definedDataset } from '../../../harness/configInput.ts';
import { ledgerEntry } from '../../../harness/ledgerEntry.ts';
import { MemoryObjects } from '../../../harness/MemoryObjects.ts';

const START = Date.UTC(2026, 10, 20, 9);
const TODAY = '2026-11-20';
const DAY = '2026-11-19';
const BEFORE = '2026-11-18';
/** The first day of the lookback. */
const FIRST = '2026-11-17';

/** Plans of one dataset, whose days settle for ten minutes, with what they read and send. */
class Plans {
  /** When a file of a day was written, epoch milliseconds. */
  readonly written = new Map<string, number>();
  readonly entries = new Map<string, LedgerEntry>();
  readonly objects = new MemoryObjects();
  readonly looks = lastListings(this.objects);
  readonly lateNotes = lateNotes(this.objects);
  /** Requests that were sent to the plan, with their delay in seconds. */
  readonly sent: { readonly body: unknown; readonly delay: number | undefined }[] = [];
  now = START;
  /** Milliseconds that a call to list takes. */
  listMs = 0;
  readonly #dataset: ReturnType<typeof definedDataset>;

  constructor(dataset: Partial<DatasetInput> = {}) {
    this.#dataset = definedDataset(dataset);
  }

  async plan(request: object = {}) {
    const { source } = this.#dataset;
    const asked = planRequestSchema.parse({ sluice: 'plan', ...request });
    return planSources({ ...this.#ports(), isToBegin: async () => false }, [source], asked);
  }

  /** Plans as the function does. */
  async run(): Promise<void> {
    const { source } = this.#dataset;
    const { lateNotes: notes } = this;
    const planner = { ...this.#ports(), lateNotes: notes, sources: [source], stage: 'prod', log: () => {} };
    await runPlan(planner, planRequestSchema.parse({ sluice: 'plan', schedule: 'daily' }));
  }

  #ports() {
    return {
      bucketOf: () => ({
        list: async ({ prefix }: { readonly prefix: string }) => {
          this.now += this.listMs;
          const objects = [...this.written].map(([day, at]) => {
            return { key: `events/${day}/a.parquet`, size: 9, eTag: '"1"', lastModified: new Date(at) };
          });
          return { objects: objects.filter(({ key }) => key.startsWith(prefix)), next: undefined };
        },
      }),
      ledger: {
        read: async ({ day }: { readonly day: string }) => this.entries.get(day) ?? null,
        noteQueued: async () => true,
      },
      tasks: { send: async () => {} },
      requests: {
        send: async (bodies: readonly string[], delay?: number) => {
          this.sent.push(...bodies.map((body) => ({ body: JSON.parse(body), delay })));
        },
      },
      looks: this.looks,
      clock: { now: () => this.now },
      deadline: START + MINUTE_MS,
    };
  }

  /** The note of the last listing. */
  note() {
    return this.looks.read('acme', 'events');
  }
}

/** A listing that failed. */
const FAILURE = { code: 'SLUICE_SOURCE_ACCESS_DENIED', message: 'Denied.' };

/** A request for more of `events` of `acme`. */
const further = (more: Partial<PlanRequest>) => ({
  sluice: 'plan',
  sources: ['acme'],
  datasets: ['events'],
  ...more,
});

describe('a plan asks again', () => {
  /** Days whose files have settled in one and in six minutes. */
  function startSettling(dataset?: Partial<DatasetInput>): Plans {
    const plans = new Plans(dataset);
    plans.written.set(DAY, START - 9 * MINUTE_MS);
    plans.written.set(TODAY, START - 4 * MINUTE_MS);
    return plans;
  }

  it.each([
    { first: 'the earlier', day: 9, today: 4 },
    { first: 'the later', day: 4, today: 9 },
  ])('for all days that wait, once $first has settled', async ({ day, today }) => {
    const plans = startSettling();
    plans.written.set(DAY, START - day * MINUTE_MS);
    plans.written.set(TODAY, START - today * MINUTE_MS);
    await plans.plan({ schedule: 'daily' });
    expect(plans.sent).toEqual([{ body: further({ days: [DAY, TODAY], round: 1 }), delay: 60 }]);
  });

  it('for no day of a dataset that is planned each hour', async () => {
    const plans = startSettling({ schedule: 'hourly' });
    await plans.plan({ schedule: 'hourly' });
    expect(plans.sent).toEqual([]);
  });

  it('for a day of such a dataset that somebody asked for and that is loaded, as it was asked for', async () => {
    const plans = startSettling({ schedule: 'hourly' });
    const lease = { owner: 'another', until: START + 3 * MINUTE_MS };
    plans.entries.set(DAY, ledgerEntry({ day: DAY, state: 'loading', lease }));
    await plans.plan({ days: [DAY, TODAY], asked: 'triggered' });
    expect(plans.sent).toEqual([
      { body: further({ days: [DAY], asked: 'triggered', round: 1 }), delay: 180 },
    ]);
  });

  it('for the newest of days that are more than a request may name', async () => {
    const plans = new Plans({ lookbackDays: 90 });
    const days = Array.from({ length: 401 }, (_, i) => addDays(TODAY, i - 400));
    for (const day of days) plans.written.set(day, START - 4 * MINUTE_MS);
    await plans.looks.write('acme', 'events', {
      at: 0,
      newestDay: null,
      stopped: false,
      openDays: days.slice(0, 310),
    });
    await plans.plan({ schedule: 'daily' });
    expect(plans.sent.map(({ body }) => planRequestSchema.parse(body).days)).toEqual([days.slice(1)]);
  });
});

describe('a plan whose time is up', () => {
  /** Plans of which each call to list takes so long that two end. */
  function startSlow(): Plans {
    const plans = new Plans();
    for (const day of [TODAY, DAY, BEFORE, FIRST]) plans.written.set(day, 0);
    plans.listMs = 20_000;
    return plans;
  }

  it('asks for the days that are left as they were asked for, and takes no listing for slow', async () => {
    const plans = startSlow();
    const days = [FIRST, BEFORE, DAY, TODAY];
    const { planned, failed } = await plans.plan({ days, asked: 'backfill', round: 3 });
    const reached = planned.flatMap((plan) => plan.days.map(({ day }) => day));
    expect(reached).toEqual(days.slice(0, reached.length));
    expect(failed).toEqual([]);
    const left = days.slice(reached.length);
    expect(left.length).toBeGreaterThan(0);
    expect(plans.sent).toEqual([
      { body: further({ days: left, asked: 'backfill', round: 3 }), delay: undefined },
    ]);
    expect(await plans.note()).not.toHaveProperty('failure');
  });

  it('has a listing of its schedule told as slow', async () => {
    const plans = startSlow();
    expect(await plans.plan({ schedule: 'daily' })).toMatchObject({
      failed: [{ code: 'SLUICE_SOURCE_SLOW' }],
    });
    expect(await plans.note()).toMatchObject({ failure: { code: 'SLUICE_SOURCE_SLOW' } });
  });
});

describe('the note of a listing', () => {
  /**
   * What is noted of the newest day.
   *
   * @param written Days with a file.
   * @param openDays Days that were open before.
   */
  async function newest(written: readonly string[], openDays: readonly string[] = []) {
    const plans = new Plans();
    for (const day of written) plans.written.set(day, 0);
    await plans.looks.write('acme', 'events', {
      at: 0,
      newestDay: null,
      stopped: false,
      openDays: [...openDays],
    });
    await plans.plan({ schedule: 'daily' });
    const { newestDay, stopped } = (await plans.note()) ?? {};
    return { newestDay, stopped };
  }

  it.each([
    { what: 'of several', written: [FIRST, DAY], newestDay: DAY, stopped: false },
    { what: 'of the lookback’s first alone', written: [FIRST], newestDay: FIRST, stopped: false },
    {
      what: 'of several, of which the newest is open',
      written: [BEFORE, DAY],
      openDays: [DAY],
      newestDay: DAY,
      stopped: false,
    },
    {
      what: 'of an open one before the lookback',
      written: ['2026-11-10'],
      openDays: ['2026-11-10'],
      newestDay: null,
      stopped: true,
    },
    { what: 'of none', written: [], newestDay: null, stopped: true },
  ])('has the newest day $what', async ({ written, openDays, newestDay, stopped }) => {
    expect(await newest(written, openDays)).toEqual({ newestDay, stopped });
  });

  describe('says when files came that waited since the run before', () => {
    const ago = (hours: number) => START - hours * HOUR_MS;
    const known = [1, 2, 3];
    interface Row {
      readonly what: string;
      /** Hours since the files came. Default 21. */
      readonly came?: number;
      /** The days that have files. Default the day before. */
      readonly days?: readonly string[];
      readonly dataset?: Partial<DatasetInput>;
      /** What the note before has besides. */
      readonly before?: object;
      readonly entry?: LedgerEntry;
      readonly noted?: readonly number[];
    }
    const rows: readonly Row[] = [
      { what: 'of the last three runs', noted: [2, 3, ago(21)] },
      { what: 'of the first', before: { cameAfterRun: undefined }, noted: [ago(21)] },
      { what: 'half a day before this one', came: 12, noted: [2, 3, ago(12)] },
      { what: 'but not of those that came later', came: 11 },
      { what: 'but not of those that were there at the run before', came: 24 },
      { what: 'but not of those that came long after the run before', before: { at: ago(34) } },
      { what: 'but not after a listing that failed', before: { failure: FAILURE } },
      { what: 'but not of a dataset that is listed each hour', dataset: { schedule: 'hourly' } },
      { what: 'but not of a dataset that is expected', dataset: { expectedBy: { hour: 8 } } },
      { what: 'but not of several days', days: [BEFORE, DAY] },
      { what: 'but not of a day before the last', days: [FIRST] },
      { what: 'but not of a day that was loaded', entry: ledgerEntry({ fingerprint: 'of other files' }) },
      { what: 'but not where none came', days: [] },
      { what: 'also where none came since a run', days: [], before: { at: ago(1) }, noted: known },
    ];
    it.each(rows)('$what', async ({ came = 21, days = [DAY], dataset, before, entry, noted }) => {
      const plans = new Plans(dataset);
      for (const day of days) plans.written.set(day, ago(came));
      if (entry !== undefined) plans.entries.set(DAY, entry);
      const last = { at: ago(24), newestDay: null, stopped: false, openDays: [], cameAfterRun: known };
      await plans.looks.write('acme', 'events', { ...last, ...before });
      await plans.plan();
      expect((await plans.note())?.cameAfterRun).toEqual(noted);
    });
  });

  describe('of a folder without files of its lookback', () => {
    const at = START - MINUTE_MS;
    const noted = (day: string, hasCome: boolean) => ({ at, first: { day, hasCome }, late: [] });

    it.each([
      { what: 'that is looked at for the first time', late: null, stopped: false },
      { what: 'whose first day is due tomorrow', late: noted(TODAY, false), stopped: false },
      { what: 'whose first day was due an hour ago', late: noted(DAY, false), stopped: true },
      { what: 'of which a day has come', late: noted(TODAY, true), stopped: true },
      { what: 'of which no day is expected by a time', late: null, isExpected: false, stopped: true },
      { what: 'that has files of another day', late: null, written: '2026-11-01', stopped: true },
      { what: 'that has a name that is no day', late: null, written: 'year=2026', stopped: true },
      { what: 'of which the ledger has a day', late: null, known: '2026-11-01', stopped: true },
    ])(
      'says of one $what that it has stopped: $stopped',
      async ({ late, written, known, stopped, isExpected = true }) => {
        const plans = new Plans(isExpected ? { expectedBy: { hour: 8 } } : {});
        if (late !== null) await plans.lateNotes.write('acme', 'events', late);
        if (written !== undefined) plans.written.set(written, 0);
        if (known !== undefined) await plans.objects.write(ledgerKey('acme', 'events', known), '{}');
        await plans.run();
        expect((await plans.note())?.stopped).toBe(stopped);
      },
    );

    it('says so if nobody can read what is known of its first day', async () => {
      const plans = new Plans({ expectedBy: { hour: 8 } });
      await plans.objects.write(lateNoteKey('acme', 'events'), '{');
      await plans.run();
      expect((await plans.note())?.stopped).toBe(true);
    });
  });
});
