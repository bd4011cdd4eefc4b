import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MINUTE_MS } from '../../../../lib/base/time.ts';
import { ingestedTableFolder } from '../../../../lib/tables/tableFolders.ts';
import { firstRows, LoadedDay, noRows } from './LoadedDay.ts';
import { ends, type Loads, readEvents } from './startLoads.ts';

let day: LoadedDay;
let loads: Loads;
afterEach(() => loads.close());
/** Starts a loaded day. */
async function start(...dataset: Parameters<typeof LoadedDay.start>): Promise<void> {
  day = await LoadedDay.start(...dataset);
  ({ loads } = day);
}

describe('a day that lacks nothing', () => {
  beforeEach(async () => {
    await start();
    // It has a version that was replaced, and is known by the days before it.
    await loads.dropEvents('a', 0, 1);
    await day.run();
    await loads.ledger.change(loads.place, (entry) => ({ entry: { ...entry, usualRows: 7 } }));
    expect((await loads.entry())?.superseded).toHaveLength(1);
  });

  it('is unchanged when it is accepted as empty', async () => {
    const before = await loads.entry();
    expect(before).toMatchObject({ state: 'succeeded' });
    await ends(day.run('empty'), 'unchanged');
    expect(await loads.entry()).toEqual({ ...before, token: expect.any(String) });
  });

  it('is unchanged when it is to be kept, and notes that a person has said so', async () => {
    const before = await loads.entry();
    expect(before).not.toHaveProperty('accepted');
    await ends(day.run('keep'), 'unchanged');
    const accepted = { ...before, token: expect.any(String), accepted: true };
    expect(await loads.entry()).toEqual(accepted);
    // Of a day with rows that is no acceptance, and takes none away.
    await ends(day.run('empty'), 'unchanged');
    expect(await loads.entry()).toEqual(accepted);
  });
});

describe('a loaded day whose files are deleted or have no rows', () => {
  beforeEach(async () => {
    await start();
  });

  /** A way in which a day loses its files. */
  interface Loss {
    /** What happens, in words. */
    readonly what: string;
    /** Does it. */
    readonly lose: () => Promise<unknown>;
    /** Fates of the files afterwards, with their reasons. */
    readonly fates: readonly string[];
  }

  const deleted: Loss = {
    what: 'are deleted',
    lose: async () => {
      await day.remove('a', 'b');
      await loads.remove('_SUCCESS');
    },
    fates: ['a.parquet loaded', 'b.parquet loaded'],
  };
  const replaced: Loss = {
    what: 'are replaced by files without rows',
    lose: async () => {
      for (const name of ['a', 'b']) await day.drop(name, noRows);
    },
    fates: ['a.parquet loaded no_rows', 'b.parquet loaded no_rows', '_SUCCESS left_out success_marker'],
  };
  const losses: readonly Loss[] = [
    deleted,
    {
      what: 'are deleted, but for a marker',
      lose: () => day.remove('a', 'b'),
      fates: ['_SUCCESS left_out success_marker', 'a.parquet loaded', 'b.parquet loaded'],
    },
    replaced,
    {
      what: 'are deleted, and a file without rows arrives',
      lose: async () => {
        await day.remove('a', 'b');
        await day.drop('c', noRows);
      },
      fates: [
        'c.parquet left_out no_rows',
        '_SUCCESS left_out success_marker',
        'a.parquet loaded',
        'b.parquet loaded',
      ],
    },
  ];

  it.each(losses)('keeps its rows when they $what', async ({ lose, fates }) => {
    await lose();
    await ends(day.run(), 'inputs_missing', { rows: { out: 5 } });
    await day.afterNights({ rows: firstRows, state: 'inputs_missing', fates });
  });

  it.each([
    { asked: 'the schedule', as: undefined, again: null },
    { asked: 'a trigger', as: 'triggered', again: null },
    { asked: 'a backfill', as: 'backfill', again: expect.objectContaining({ outcome: 'inputs_missing' }) },
  ] as const)(
    'stays in its version, and missing since the first look, if $asked looks again',
    async ({ as, again }) => {
      const { version, content } = (await loads.entry()) ?? {};
      expect(content).toMatchObject({ rows: 5 });
      await deleted.lose();
      const missing = { state: 'inputs_missing', version, missingSince: loads.clock.now(), content };
      await ends(day.run(), 'inputs_missing');
      await loads.expectEntry(missing);
      loads.clock.advance(MINUTE_MS);
      expect(await day.run(as)).toEqual(again);
      await loads.expectEntry(missing);
    },
  );

  it('stays missing when its message comes twice', async () => {
    await deleted.lose();
    const task = await day.plan();
    await ends(loads.load(task), 'inputs_missing');
    const { missingSince } = (await loads.entry()) ?? {};
    loads.clock.advance(MINUTE_MS);
    await ends(loads.load(task), 'unchanged');
    await loads.expectEntry({ state: 'inputs_missing', missingSince });
  });

  it('is lost if another takes it before its dropped partition is made again', async () => {
    await deleted.lose();
    await loads.dropPartition();
    // It has no deadline, so that the time alone does not end it.
    const run = { deadline: Number.MAX_SAFE_INTEGER };
    await ends(loads.load({ run, at: { listed: () => loads.takenByAnother() } }), 'lost');
    expect(await loads.read()).toBeNull();
  });

  it('is loaded anew once other files come', async () => {
    await deleted.lose();
    await day.run();
    await loads.dropEvents('d', 7, 9);
    await ends(day.run(), 'succeeded');
    await day.afterNights({ rows: readEvents(7, 9), state: 'succeeded' });
    expect(await loads.entry()).not.toHaveProperty('missingSince');
  });

  it.each([deleted, replaced])('keeps its rows as a person says when they $what', async ({ lose }) => {
    await lose();
    await day.run();
    await ends(day.run('keep'), 'unchanged');
    await day.afterNights({ rows: firstRows, state: 'succeeded' });
  });

  it.each([deleted, replaced])(
    'loses its rows for good as a person says when they $what',
    async ({ lose }) => {
      await lose();
      await day.run();
      await ends(day.run('empty'), 'succeeded_no_data');
      await ends(day.run('keep'), 'unchanged');
      await day.afterNights({ rows: [], state: 'succeeded_no_data' });
    },
  );

  it('misses nothing of a file without rows once a person has accepted that it is empty', async () => {
    await deleted.lose();
    await ends(day.run('empty'), 'succeeded_no_data');
    await day.drop('d', noRows);
    await ends(day.run(), 'succeeded_no_data');
    expect(await loads.entry()).not.toHaveProperty('missingSince');
  });

  it('loses the rows of a file beside one that can not be loaded only as a person says', async () => {
    await day.remove('a');
    await loads.drop('c.csv', Buffer.from('a,b'));
    const code = 'SLUICE_SOURCE_FILES_REPLACED';
    await ends(day.run(), 'failed', { failure: { code } });
    const fates = (await loads.entry())?.files.map(({ key, fate }) => [key.split('/').at(-1), fate]);
    expect(fates).toEqual([
      ['b.parquet', 'loaded'],
      ['_SUCCESS', 'left_out'],
      ['c.csv', 'failed'],
      ['a.parquet', 'loaded'],
    ]);
    await ends(day.run('empty'), 'succeeded');
    await loads.expectEvents(2, 5);
  });

  it('is missing again when more of it is lost than was accepted', async () => {
    await day.drop('a', noRows);
    await day.remove('b');
    await ends(day.run('keep'), 'succeeded');
    await day.remove('a');
    await ends(day.run(), 'inputs_missing');
  });

  it('is not emptied by an acceptance of other files than are there now', async () => {
    await day.remove('a', 'b');
    await day.run();
    const task = await day.plan('empty');
    expect(task).toMatchObject({ reason: 'empty' });
    await day.drop('b', noRows);
    await ends(loads.load(task), 'inputs_missing');
    expect(await loads.read()).toEqual(firstRows);
  });

  it('is loaded, not emptied, where a file with rows has come before the acceptance', async () => {
    await day.remove('a', 'b');
    await day.run();
    await loads.dropEvents('a', 0, 1);
    await ends(day.run('empty'), 'succeeded');
    await loads.expectEvents(0, 1);
  });

  it('loads what is left of it while any file has rows', async () => {
    await day.drop('a', noRows);
    await day.run();
    await day.afterNights({
      rows: readEvents(2, 5),
      state: 'succeeded',
      fates: ['a.parquet loaded', 'b.parquet loaded', '_SUCCESS left_out success_marker'],
    });
    await day.remove('b');
    await day.run();
    await day.afterNights({ rows: readEvents(2, 5), state: 'inputs_missing' });
  });

  it('keeps its rows after a load that failed', async () => {
    await day.drop('a', noRows);
    await loads.drop('b.parquet', Buffer.from('PAR1 and no more PAR1'));
    await ends(day.run(), 'failed');
    await day.remove('a', 'b');
    await ends(day.run(), 'inputs_missing');
    await day.afterNights({ rows: firstRows, state: 'inputs_missing' });
  });

  it('needs a person’s word to be emptied, even if the files of its version are gone', async () => {
    const { version, filesWritten } = (await loads.entry()) ?? {};
    const files = await loads.keys(ingestedTableFolder(loads.config, 'acme_events'));
    expect(files).toHaveLength(1);
    await loads.makeLoader().landing.remove(files);
    expect(await loads.read()).toEqual([]);
    await day.remove('a', 'b');
    for (const asked of [undefined, 'backfill'] as const) {
      await ends(day.run(asked), 'inputs_missing', { rows: { out: 5 } });
      await loads.expectEntry({ version, filesWritten });
    }
    await ends(day.run('empty'), 'succeeded_no_data');
    await loads.expectEntry({ filesWritten: [] });
  });
});

describe('a loaded day that waits for a marker', () => {
  beforeEach(async () => {
    await start({ waitFor: 'READY' });
    await day.remove('a', 'b');
    await loads.remove('READY');
    await day.run();
  });

  it('is missing its files once they and the marker are gone', async () => {
    await day.afterNights({ rows: firstRows, state: 'inputs_missing' });
  });

  it('waits, and keeps its rows, while it is written anew without the marker', async () => {
    await loads.dropEvents('a', 0, 1);
    await day.run();
    await day.afterNights({ rows: firstRows, state: 'waiting' });
  });
});
