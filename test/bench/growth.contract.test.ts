import { expect, it } from '@jest/globals';
import { periodicWorks, readyWork } from '../../bench/growth/works.ts';

const DATASETS = 4;
const TABLES = 2;
/** Days of a deployment that has grown, of which ten years have as many more pages. */
const GROWN = 1_030;
/** Pages of these beyond those of thirty days, of a thousand days each. */
const PAGES = 1;
/**
 * How often a run lists all days: those of a table or a dataset that it looks at. All else costs the same at any age.
 *
 * Curation lists raw folders, entries and partitions of each table for itself, raw folders for what it counts, partitions for the
 * views, and entries for the look whether versions have their files.
 */
const LISTINGS: Readonly<Record<string, number>> = {
  'curate-plan, nightly': TABLES * 5,
  'curate-plan, hourly': TABLES * 6,
  'ingest-plan, daily': DATASETS * 3,
  'ingest-plan, what is late': 0,
  'ingest-load, files of versions': DATASETS,
  'curate, sweep': 0,
  'register, repair': 6,
  'write, look at landing/': 0,
  reconcile: 0,
  'export, daily plan': 0,
};

it('knows every work that a schedule starts', () => {
  expect(Object.keys(LISTINGS)).toEqual(Object.keys(periodicWorks));
});

it.each(Object.keys(periodicWorks))(
  'costs after a thousand days what it costs after thirty, but for its turns and a page for each thousand: %s',
  async (work) => {
    const costs = [30, GROWN].map(async (days) => {
      const run = await readyWork(work, { days, datasets: DATASETS, filesAnHour: 1, isTurn: false });
      const { list, get, put, catalog, bytesRead, messages } = await run();
      expect(messages).toBe(0);
      return { pages: list + catalog, calls: get + put, bytesRead };
    });
    const [few, many] = await Promise.all(costs);
    const listings = LISTINGS[work] ?? 0;
    const beyond = (name: 'pages' | 'calls' | 'bytesRead') => (many?.[name] ?? 0) - (few?.[name] ?? 0);
    expect(beyond('calls')).toBe(0);
    expect(beyond('pages')).toBeLessThanOrEqual(PAGES * listings);
    // Notes of days are read with their listing, and have less than it: S3 answers some 300 bytes an object.
    // After thirty days not all the days that a look for what is late reads have been there.
    expect(beyond('bytesRead')).toBeLessThanOrEqual(PAGES * 300_000 * listings + DATASETS * 2_000);
  },
  60_000,
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
