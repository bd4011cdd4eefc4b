import { expect, it } from '@jest/globals';
import { periodicWorks, readyWork } from '../../bench/growth/works.ts';
import { resources } from '../../infra/resources.ts';
import { grownLake } from '../harness/grownLake.ts';

const DATASETS = 4;
const TABLES = 2;
/** Days of a deployment that has grown, of which ten years have as many more pages. */
const GROWN = 1_030;
/** Pages of these beyond those of thirty days, of a thousand days each. */
const PAGES = 1;
/** A work, and the schedule that starts it. */
interface Started {
  /** Logical ID of the schedule in the template. */
  readonly schedule: string;
  /** Its name in {@link periodicWorks}. */
  readonly work: string;
  /**
   * How often a run lists all days: those of a table or a dataset that it looks at. All else costs the same at any age.
   *
   * Curation lists raw folders, entries and partitions of each table for itself, raw folders for what it counts, partitions for the
   * views, and entries for the look whether versions have their files.
   */
  readonly listings: number;
}

const STARTED: readonly Started[] = [
  { schedule: 'CurateDailySchedule', work: 'curate-plan, nightly', listings: TABLES * 5 },
  { schedule: 'CurateHourlySchedule', work: 'curate-plan, hourly', listings: TABLES * 6 },
  { schedule: 'CurateSweepSchedule', work: 'curate, sweep', listings: 0 },
  { schedule: 'DailySchedule', work: 'register, repair', listings: 6 },
  { schedule: 'ExportDailySchedule', work: 'export, daily plan', listings: 0 },
  { schedule: 'IngestDailySchedule', work: 'ingest-plan, daily', listings: DATASETS * 3 },
  { schedule: 'IngestExpectedSchedule', work: 'ingest-plan, what is late', listings: 0 },
  { schedule: 'IngestSweepSchedule', work: 'ingest-load, files of versions', listings: DATASETS },
  { schedule: 'LookSchedule', work: 'write, look at landing/', listings: 0 },
  { schedule: 'ReconcileSchedule', work: 'reconcile', listings: 0 },
];

it('knows every work that a schedule of the template starts', () => {
  const { config } = grownLake({ days: 1, datasets: DATASETS, filesAnHour: 1, isTurn: false }, 0);
  const { Resources } = resources({ config, service: 'sluice', stage: 'prod' });
  const schedules = Object.entries(Resources).filter(([, { Type }]) => Type === 'AWS::Scheduler::Schedule');
  expect(schedules.map(([id]) => id).sort()).toEqual(STARTED.map(({ schedule }) => schedule));
  expect(Object.keys(periodicWorks).sort()).toEqual(STARTED.map(({ work }) => work).sort());
});

it.each(STARTED)(
  'costs after a thousand days what it costs after thirty, but for its turns and a page for each thousand: $work',
  async ({ work, listings }) => {
    const costs = [30, GROWN].map(async (days) => {
      const run = await readyWork(work, { days, datasets: DATASETS, filesAnHour: 1, isTurn: false });
      const { list, get, put, catalog, bytesRead, messages } = await run();
      expect(messages).toBe(0);
      return { pages: list + catalog, calls: get + put, bytesRead };
    });
    const [few, many] = await Promise.all(costs);
    if (few === undefined || many === undefined) throw new Error(work);
    expect(few.pages + few.calls).toBeGreaterThan(0);
    expect(many.calls).toBe(few.calls);
    expect(many.pages - few.pages).toBe(PAGES * listings);
    // Notes of days are read with their listing, and have less than it: S3 answers some 300 bytes an object.
    // After thirty days not all the days that a look for what is late reads have been there.
    expect(many.bytesRead - few.bytesRead).toBeLessThanOrEqual(PAGES * 300_000 * listings + DATASETS * 2_000);
  },
);

it('looks at a part of the days in its turn, by pages where a page shows many', async () => {
  const turnOf = async (work: string, days: number) => {
    const [base, turn] = await Promise.all(
      [false, true].map(async (isTurn) => {
        const run = await readyWork(work, { days, datasets: DATASETS, filesAnHour: 1, isTurn });
        return run();
      }),
    );
    if (base === undefined || turn === undefined) throw new Error(work);
    return { list: turn.list - base.list, get: turn.get - base.get, put: turn.put - base.put };
  };
  // A third of 3,650 days is two pages of files; the note is read and written.
  expect(await turnOf('ingest-load, files of versions', 3_650)).toEqual({
    list: DATASETS * 2,
    get: DATASETS,
    put: DATASETS,
  });
  const { list } = await turnOf('curate-plan, hourly', 3_650);
  expect(list).toBeLessThanOrEqual(TABLES * (Math.ceil(3_650 / 83) + 8));
});
