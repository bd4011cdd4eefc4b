import { DeletePartitionCommand } from '@aws-sdk/client-glue';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ingestedTableFolder } from '../../../../lib/tables/tableFolders.ts';
import { firstRows, LoadedDay, noRows } from './LoadedDay.ts';
import { DAY, readEvents, someEvents } from './startLoads.ts';

let day: LoadedDay;
afterEach(() => day.loads.close());

describe('a day that lacks nothing', () => {
  beforeEach(async () => {
    day = await LoadedDay.start();
    // It has a version that was replaced, and is known by the days before it.
    await day.drop('a', someEvents(0, 1));
    await day.run();
    const place = { source: 'acme', dataset: 'events', day: DAY, table: 'acme_events' };
    await day.loads.ledger.change(place, (entry) => ({ entry: { ...entry, usualRows: 7 } }));
    expect((await day.loads.entry())?.superseded).toHaveLength(1);
  });

  it('is unchanged when it is accepted as empty', async () => {
    const before = await day.loads.entry();
    expect(before).toMatchObject({ state: 'succeeded' });
    expect(await day.run('empty')).toEqual({ outcome: 'unchanged' });
    expect(await day.loads.entry()).toEqual({ ...before, token: expect.any(String) });
  });

  it('is unchanged when it is to be kept, and notes that a person has said so', async () => {
    const before = await day.loads.entry();
    expect(before).not.toHaveProperty('accepted');
    expect(await day.run('keep')).toEqual({ outcome: 'unchanged' });
    const accepted = { ...before, token: expect.any(String), accepted: true };
    expect(await day.loads.entry()).toEqual(accepted);
    // Of a day with rows that is no acceptance, and takes none away.
    expect(await day.run('empty')).toEqual({ outcome: 'unchanged' });
    expect(await day.loads.entry()).toEqual(accepted);
  });
});

describe('a loaded day whose files are deleted or have no rows', () => {
  beforeEach(async () => {
    day = await LoadedDay.start();
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
      await day.loads.remove('_SUCCESS');
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
    expect(await day.run()).toMatchObject({ outcome: 'inputs_missing', rows: { out: 5 } });
    expect(await day.afterNights()).toEqual({ rows: firstRows, state: 'inputs_missing', fates });
  });

  it.each([
    { asked: 'the schedule', as: undefined, again: null },
    { asked: 'a trigger', as: 'triggered', again: null },
    { asked: 'a backfill', as: 'backfill', again: expect.objectContaining({ outcome: 'inputs_missing' }) },
  ] as const)(
    'stays in its version, and missing since the first look, if $asked looks again',
    async ({ as, again }) => {
      const { version, content } = (await day.loads.entry()) ?? {};
      expect(content).toMatchObject({ rows: 5 });
      await deleted.lose();
      const missing = { state: 'inputs_missing', version, missingSince: day.loads.clock.now(), content };
      expect(await day.run()).toMatchObject({ outcome: 'inputs_missing' });
      expect(await day.loads.entry()).toMatchObject(missing);
      day.loads.clock.advance(60_000);
      expect(await day.run(as)).toEqual(again);
      expect(await day.loads.entry()).toMatchObject(missing);
    },
  );

  it('stays missing when its message comes twice', async () => {
    await deleted.lose();
    const task = await day.plan();
    expect(await day.loads.load(task)).toMatchObject({ outcome: 'inputs_missing' });
    const { missingSince } = (await day.loads.entry()) ?? {};
    day.loads.clock.advance(60_000);
    expect(await day.loads.load(task)).toEqual({ outcome: 'unchanged' });
    expect(await day.loads.entry()).toMatchObject({ state: 'inputs_missing', missingSince });
  });

  it('is lost if another takes it before its dropped partition is made again', async () => {
    await deleted.lose();
    const { glue, clock, config, ledger } = day.loads;
    const partition = { DatabaseName: config.database, TableName: 'acme_events', PartitionValues: [DAY] };
    await glue.send(new DeletePartitionCommand(partition));
    const place = { source: 'acme', dataset: 'events', day: DAY, table: 'acme_events' };
    let taken: unknown;
    const listed = async () => {
      // Its lease has ended, as it has taken too long.
      clock.advance(3_600_000);
      taken = await ledger.claim(place, 'another', clock.now() + 3_600_000, 'any fingerprint');
    };
    // It has no deadline, so that the hour alone does not end it.
    const run = { deadline: Number.MAX_SAFE_INTEGER };
    expect(await day.loads.load({ run, at: { listed } })).toEqual({ outcome: 'lost' });
    expect(taken).toHaveProperty('claim');
    expect(await day.loads.read()).toBeNull();
  });

  it('is loaded anew once other files come', async () => {
    await deleted.lose();
    await day.run();
    await day.drop('d', someEvents(7, 9));
    expect(await day.run()).toMatchObject({ outcome: 'succeeded' });
    expect(await day.afterNights()).toMatchObject({ rows: readEvents(7, 9), state: 'succeeded' });
    expect(await day.loads.entry()).not.toHaveProperty('missingSince');
  });

  it.each([deleted, replaced])('keeps its rows as a person says when they $what', async ({ lose }) => {
    await lose();
    await day.run();
    expect(await day.run('keep')).toMatchObject({ outcome: 'unchanged' });
    expect(await day.afterNights()).toMatchObject({ rows: firstRows, state: 'succeeded' });
  });

  it.each([deleted, replaced])(
    'loses its rows for good as a person says when they $what',
    async ({ lose }) => {
      await lose();
      await day.run();
      expect(await day.run('empty')).toMatchObject({ outcome: 'succeeded_no_data' });
      expect(await day.run('keep')).toEqual({ outcome: 'unchanged' });
      expect(await day.afterNights()).toMatchObject({ rows: [], state: 'succeeded_no_data' });
    },
  );

  it('misses nothing of a file without rows once a person has accepted that it is empty', async () => {
    await deleted.lose();
    expect(await day.run('empty')).toMatchObject({ outcome: 'succeeded_no_data' });
    await day.drop('d', noRows);
    expect(await day.run()).toMatchObject({ outcome: 'succeeded_no_data' });
    expect(await day.loads.entry()).not.toHaveProperty('missingSince');
  });

  it.each([
    { asked: 'keep', outcome: 'succeeded', rows: firstRows },
    { asked: 'empty', outcome: 'succeeded_no_data', rows: [] },
  ] as const)(
    'may be accepted as $asked before a scheduled plan has noted that it is missing',
    async ({ asked, outcome, rows }) => {
      await day.remove('a', 'b');
      expect(await day.run(asked)).toMatchObject({ outcome });
      expect(await day.loads.read()).toEqual(rows);
    },
  );

  it('loses the rows of a file beside one that can not be loaded only as a person says', async () => {
    await day.remove('a');
    await day.loads.drop('c.csv', new TextEncoder().encode('a,b'));
    const code = 'SLUICE_SOURCE_FILES_REPLACED';
    expect(await day.run()).toMatchObject({ outcome: 'failed', failure: { code } });
    const fates = (await day.loads.entry())?.files.map(({ key, fate }) => [key.split('/').at(-1), fate]);
    expect(fates).toEqual([
      ['b.parquet', 'loaded'],
      ['_SUCCESS', 'left_out'],
      ['c.csv', 'failed'],
      ['a.parquet', 'loaded'],
    ]);
    expect(await day.run('empty')).toMatchObject({ outcome: 'succeeded' });
    expect(await day.loads.read()).toEqual(readEvents(2, 5));
  });

  it('is missing again when more of it is lost than was accepted', async () => {
    await day.drop('a', noRows);
    await day.remove('b');
    expect(await day.run('keep')).toMatchObject({ outcome: 'succeeded' });
    await day.remove('a');
    expect(await day.run()).toMatchObject({ outcome: 'inputs_missing' });
  });

  it('is not emptied by an acceptance of other files than are there now', async () => {
    await day.remove('a', 'b');
    await day.run();
    const task = await day.plan('empty');
    expect(task).toMatchObject({ reason: 'empty' });
    await day.drop('b', noRows);
    expect(await day.loads.load(task)).toMatchObject({ outcome: 'inputs_missing' });
    expect(await day.loads.read()).toEqual(firstRows);
  });

  it('is loaded, not emptied, where a file with rows has come before the acceptance', async () => {
    await day.remove('a', 'b');
    await day.run();
    await day.drop('a', someEvents(0, 1));
    expect(await day.run('empty')).toMatchObject({ outcome: 'succeeded' });
    expect(await day.loads.read()).toEqual(readEvents(0, 1));
  });

  it('loads what is left of it while any file has rows', async () => {
    await day.drop('a', noRows);
    await day.run();
    expect(await day.afterNights()).toMatchObject({
      rows: readEvents(2, 5),
      state: 'succeeded',
      fates: ['a.parquet loaded', 'b.parquet loaded', '_SUCCESS left_out success_marker'],
    });
    await day.remove('b');
    await day.run();
    expect(await day.afterNights()).toMatchObject({ rows: readEvents(2, 5), state: 'inputs_missing' });
  });

  it('keeps its rows after a load that failed', async () => {
    await day.drop('a', noRows);
    await day.loads.drop('b.parquet', new TextEncoder().encode('PAR1 and no more PAR1'));
    expect(await day.run()).toMatchObject({ outcome: 'failed' });
    await day.remove('a', 'b');
    expect(await day.run()).toMatchObject({ outcome: 'inputs_missing' });
    expect(await day.afterNights()).toMatchObject({ rows: firstRows, state: 'inputs_missing' });
  });

  it('needs a person’s word to be emptied, even if the files of its version are gone', async () => {
    const { version, filesWritten } = (await day.loads.entry()) ?? {};
    const files = await day.loads.keys(ingestedTableFolder(day.loads.config, 'acme_events'));
    expect(files).toHaveLength(1);
    await day.loads.makeLoader().landing.remove(files);
    expect(await day.loads.read()).toEqual([]);
    await day.remove('a', 'b');
    for (const asked of [undefined, 'backfill'] as const) {
      expect(await day.run(asked)).toMatchObject({ outcome: 'inputs_missing', rows: { out: 5 } });
      expect(await day.loads.entry()).toMatchObject({ version, filesWritten });
    }
    expect(await day.run('empty')).toMatchObject({ outcome: 'succeeded_no_data' });
    expect(await day.loads.entry()).toMatchObject({ filesWritten: [] });
  });
});

describe('a loaded day that waits for a marker', () => {
  beforeEach(async () => {
    day = await LoadedDay.start({ waitFor: 'READY' });
    await day.remove('a', 'b');
    await day.loads.remove('READY');
    await day.run();
  });

  it('is missing its files once they and the marker are gone', async () => {
    expect(await day.afterNights()).toMatchObject({ rows: firstRows, state: 'inputs_missing' });
  });

  it('waits, and keeps its rows, while it is written anew without the marker', async () => {
    await day.drop('a', someEvents(0, 1));
    await day.run();
    expect(await day.afterNights()).toMatchObject({ rows: firstRows, state: 'waiting' });
  });
});
