import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { dayText } from '../../../../cli/ingest/dayText.ts';
import { addDays } from '../../../../lib/base/time.ts';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { contentWords } from '../../../../lib/drops/usualContent.ts';
import { emptyWords, unusualWords } from '../../../../lib/drops/usualRows.ts';
import { LEASE_MS } from '../../../harness/attemptAt.ts';
import { acmeSource, type DatasetInput, eventsDataset } from '../../../harness/configInput.ts';
import { planDay } from './planDay.ts';
import {
  DAY,
  emptyingPoints,
  type Loads,
  leavingPoints,
  pieceSizes,
  readEvents,
  someEvents,
  startLoads,
  THEIRS,
} from './startLoads.ts';

const HOUR_MS = 3_600_000;
const before = readEvents(0, 5);
/** A file with a schema and no row. */
const noRows = someEvents(0, 0);

let loads: Loads;
const drop = (name: string, rows: string) => loads.drop(`${name}.parquet`, rows);
const remove = (...names: string[]) => Promise.all(names.map((name) => loads.remove(`${name}.parquet`)));

/** Plans the day as the schedule or a person does, and loads what was queued. */
async function run(asked?: 'triggered' | 'backfill' | 'keep' | 'empty') {
  const { tasks } = await planDay(loads, DAY, asked);
  return tasks[0] === undefined ? null : loads.load(tasks[0]);
}

/** Rows, state and fates of the day, after two nights with sweeps. */
async function afterNights() {
  for (const _ of [1, 2]) {
    loads.clock.advance(25 * HOUR_MS);
    await run();
    await loads.sweep();
  }
  const { state, files = [] } = (await loads.entry()) ?? {};
  const fates = files.map(
    ({ key, fate, reason }) => `${key.split('/')[2]} ${[fate, reason].join(' ').trim()}`,
  );
  return { rows: await loads.read(), state, fates };
}

async function start(dataset: Parameters<typeof startLoads>[0] = {}) {
  loads = await startLoads(dataset);
  await drop('a', someEvents(0, 2));
  await drop('b', someEvents(2, 5));
  await loads.drop(dataset.waitFor ?? '_SUCCESS', new Uint8Array());
  expect(await run()).toMatchObject({ outcome: 'succeeded' });
}
afterEach(() => loads.close());

describe('a loaded day whose files are deleted or have no rows', () => {
  beforeEach(() => start());

  const ways: Readonly<Record<string, readonly [how: () => Promise<unknown>, fates: readonly string[]]>> = {
    'are deleted': [
      async () => {
        await remove('a', 'b');
        await loads.remove('_SUCCESS');
      },
      ['a.parquet loaded', 'b.parquet loaded'],
    ],
    'are deleted, but for a marker': [
      () => remove('a', 'b'),
      ['_SUCCESS left_out success_marker', 'a.parquet loaded', 'b.parquet loaded'],
    ],
    'are replaced by files without rows': [
      async () => {
        for (const name of ['a', 'b']) await drop(name, noRows);
      },
      ['a.parquet loaded no_rows', 'b.parquet loaded no_rows', '_SUCCESS left_out success_marker'],
    ],
    'are deleted, and a file without rows arrives': [
      async () => {
        await remove('a', 'b');
        await drop('c', noRows);
      },
      [
        'c.parquet left_out no_rows',
        '_SUCCESS left_out success_marker',
        'a.parquet loaded',
        'b.parquet loaded',
      ],
    ],
  };

  it.each(Object.entries(ways))('keeps its rows when they %s, until files come', async (_, [how, fates]) => {
    const { version } = (await loads.entry()) ?? {};
    await how();
    const missingSince = loads.clock.now();
    expect(await run()).toMatchObject({ outcome: 'inputs_missing', rows: { out: 5 } });
    for (const asked of [undefined, 'triggered', 'backfill'] as const) {
      await run(asked);
      expect(await loads.entry()).toMatchObject({ state: 'inputs_missing', version, missingSince });
    }
    expect(await afterNights()).toEqual({ rows: before, state: 'inputs_missing', fates });
    const entry = await loads.entry();
    if (entry === null) throw new Error('no entry');
    expect(dayText(entry)).toContain(`the last good version ${version} of ${DAY}`);

    await remove('a', 'b', 'c');
    await drop('d', someEvents(7, 9));
    expect(await run()).toMatchObject({ outcome: 'succeeded' });
    expect(await afterNights()).toEqual({
      rows: readEvents(7, 9),
      state: 'succeeded',
      fates: expect.arrayContaining(['d.parquet loaded']),
    });
    expect(await loads.entry()).not.toHaveProperty('missingSince');
  });

  it.each(Object.entries(ways))('stays kept, or goes, as a person says when they %s', async (_, [how]) => {
    await how();
    await run();
    expect(await run('keep')).toMatchObject({ outcome: 'unchanged' });
    expect(await afterNights()).toMatchObject({ rows: before, state: 'succeeded' });
    // The other way round, later.
    expect(await run('empty')).toMatchObject({ outcome: 'succeeded_no_data' });
    expect(await afterNights()).toMatchObject({ rows: [], state: 'succeeded_no_data' });
    expect(await run('keep')).toEqual({ outcome: 'unchanged' });
    expect(await afterNights()).toMatchObject({ rows: [], state: 'succeeded_no_data' });
    await drop('a', someEvents(0, 1));
    await run();
    expect(await afterNights()).toMatchObject({ rows: readEvents(0, 1), state: 'succeeded' });
  });

  it('passes with one command, also before the plan has seen it', async () => {
    await remove('a', 'b');
    expect(await run('empty')).toMatchObject({ outcome: 'succeeded_no_data' });
    expect(await loads.read()).toEqual([]);
    await drop('a', someEvents(0, 1));
    await run();
    await drop('a', noRows);
    expect(await run('keep')).toMatchObject({ outcome: 'succeeded' });
    expect(await afterNights()).toMatchObject({ rows: readEvents(0, 1), state: 'succeeded' });
    // What was accepted is the folder as it was.
    await remove('a');
    expect(await run()).toMatchObject({ outcome: 'inputs_missing' });
  });

  it('takes an acceptance for the files that the person saw, and leaves a day that needs none', async () => {
    expect(await run('empty')).toEqual({ outcome: 'unchanged' });
    expect(await run('keep')).toEqual({ outcome: 'unchanged' });
    await remove('a', 'b');
    await run();
    const { tasks } = await planDay(loads, DAY, 'empty');
    await drop('b', noRows);
    expect(await loads.load(tasks[0])).toMatchObject({ outcome: 'inputs_missing' });
    await drop('a', someEvents(0, 1));
    expect(await run('empty')).toMatchObject({ outcome: 'succeeded' });
    expect(await loads.read()).toEqual(readEvents(0, 1));
  });

  it('loads what is left of it while any file has rows', async () => {
    await drop('a', noRows);
    await run();
    expect(await afterNights()).toMatchObject({
      rows: readEvents(2, 5),
      state: 'succeeded',
      fates: ['a.parquet loaded', 'b.parquet loaded', '_SUCCESS left_out success_marker'],
    });
    await remove('b');
    await run();
    expect(await afterNights()).toMatchObject({ rows: readEvents(2, 5), state: 'inputs_missing' });
  });

  it('keeps its rows after a load that failed', async () => {
    await drop('a', noRows);
    await loads.drop('b.parquet', new TextEncoder().encode('PAR1 and no more PAR1'));
    expect(await run()).toMatchObject({ outcome: 'failed' });
    await remove('a', 'b');
    expect(await run()).toMatchObject({ outcome: 'inputs_missing' });
    expect(await afterNights()).toMatchObject({ rows: before, state: 'inputs_missing' });
  });

  it.each(leavingPoints)('keeps what queries read after other loads were killed at %s', async (point) => {
    await drop('a', someEvents(0, 9, 'anew'));
    await remove('b');
    const anew = (await planDay(loads, DAY)).tasks[0];
    expect(await loads.load({ ...anew, killAt: point })).toBe('killed');
    const read = await loads.read();
    loads.clock.advance(LEASE_MS + 1);
    await remove('a');
    for (const killAt of ['claimed', 'listed', 'settled'] as const) {
      const [deleted] = (await planDay(loads, DAY)).tasks;
      expect(await loads.load({ ...deleted, reason: 'deleted', killAt })).toBe('killed');
      loads.clock.advance(LEASE_MS + 1);
    }
    expect(await afterNights()).toMatchObject({ rows: read, state: 'inputs_missing' });
    const [file = '', ...others] = await loads.keys('statsig/ingested/');
    expect(others).toEqual([]);
    expect(await loads.lacks()).toBe(false);
    await loads.forget(file);
    expect(await loads.lacks()).toBe(true);
    expect(await run('empty')).toMatchObject({ outcome: 'succeeded_no_data' });
    expect(await afterNights()).toMatchObject({ rows: [] });
    expect(await loads.lacks()).toBe(false);
  });

  it.each(emptyingPoints)('is empty in the end when an accepted load was killed at %s', async (killAt) => {
    await remove('a', 'b');
    const { tasks } = await planDay(loads, DAY, 'empty');
    expect(await loads.load({ ...tasks[0], killAt })).toBe('killed');
    loads.clock.advance(LEASE_MS + 1);
    await loads.load(tasks[0]);
    expect(await afterNights()).toMatchObject({ rows: [], state: 'succeeded_no_data' });
  });

  it('is not empty for good without a person’s word when somebody deleted the files of its version, too', async () => {
    const { version, filesWritten } = (await loads.entry()) ?? {};
    await loads.makeLoader().landing.remove(await loads.keys('statsig/ingested/'));
    await remove('a', 'b');
    for (const asked of [undefined, 'backfill'] as const) {
      expect(await run(asked)).toMatchObject({ outcome: 'inputs_missing', rows: { out: 5 } });
      expect(await loads.entry()).toMatchObject({ version, filesWritten });
    }
    expect(await run('empty')).toMatchObject({ outcome: 'succeeded_no_data' });
    expect(await loads.entry()).toMatchObject({ filesWritten: [] });
  });
});

describe('a first drop without rows', () => {
  it('has no data', async () => {
    loads = await startLoads();
    await drop('a', noRows);
    expect(await run()).toMatchObject({ outcome: 'succeeded_no_data' });
    expect(await run()).toBeNull();
    expect(await run('triggered')).toBeNull();
    expect(await run('backfill')).toMatchObject({ outcome: 'succeeded_no_data' });
    expect(await afterNights()).toMatchObject({ rows: null, fates: ['a.parquet left_out no_rows'] });
  });

  it('is told where its weekday usually has rows, until somebody accepts it', async () => {
    loads = await startLoads();
    for (const day of [-1, -2].map((days) => addDays(DAY, days))) {
      await loads.drop('a.parquet', someEvents(0, 4), day);
      expect(await loads.load({ day })).toMatchObject({ outcome: 'succeeded' });
    }
    await drop('a', noRows);
    await run();
    const entry = await loads.entry();
    expect(entry).toMatchObject({ state: 'succeeded_no_data', usualRows: 4 });
    expect(entry && unusualWords(entry, 0.5)).toBe('has 1 file, 0 rows, where 4 are usual');
    await run('empty');
    const accepted = await loads.entry();
    expect(accepted).toMatchObject({ state: 'succeeded_no_data', accepted: true });
    expect(accepted && [unusualWords(accepted, 0.5), emptyWords(accepted)]).toEqual([null, null]);
  });
});

describe('a day that was loaded from another place', () => {
  beforeEach(() => start());

  /** The same dataset with days that are called otherwise. */
  function at(dataset: Partial<DatasetInput>) {
    const datasets = [eventsDataset(dataset)];
    const { sources } = defineConfig({
      bucket: 'sluice-own',
      sources: [acmeSource({ owner: THEIRS, settleMinutes: 0, datasets })],
    });
    const [source = loads.source] = sources;
    const loader = { config: { ...loads.config, sources } };
    return async (asked?: 'triggered' | 'backfill' | 'keep' | 'empty', planned = { ...loads, source }) => {
      const { decision, tasks } = await planDay(planned, DAY, asked);
      return tasks[0] === undefined ? decision : loads.load({ ...tasks[0], loader });
    };
  }
  const OLD = 's3://acme-drops/events/YYYY-MM-DD';
  const NEW = 's3://acme-drops/events/ds=YYYY-MM-DD';
  const there = at.bind(null, { dayFormat: 'ds=YYYY-MM-DD' });
  const dropThere = (name: string, rows: string | Uint8Array) =>
    loads.drop(`${name}.parquet`, rows, `ds=${DAY}`);
  const fates = async () => (await loads.entry())?.files.map(({ key, fate }) => `${key} ${fate}`);

  it('is unchanged until this place has files, which are loaded as a change', async () => {
    const run = there();
    const { version } = (await loads.entry()) ?? {};
    for (const asked of [undefined, 'triggered', 'backfill', 'keep'] as const) {
      await run(asked);
      expect(await loads.entry()).toMatchObject({ state: 'succeeded', version, place: OLD });
    }
    await dropThere('_temporary/0/a', someEvents(0, 1));
    expect(await run()).toEqual({ skip: 'elsewhere' });
    await dropThere('a', someEvents(7, 9));
    expect(await run()).toMatchObject({ outcome: 'succeeded', files: 2 });
    expect(await loads.entry()).toMatchObject({ state: 'succeeded', place: NEW });
    expect(await fates()).toEqual([
      `events/ds=${DAY}/a.parquet loaded`,
      `events/ds=${DAY}/_temporary/0/a.parquet left_out`,
    ]);
    // Back at the former place, which has other files still: they are loaded, too.
    expect(await at({})()).toMatchObject({ outcome: 'succeeded' });
    expect(await loads.read()).toEqual(before);
    expect(await run()).toMatchObject({ outcome: 'succeeded' });
    // And now that place has none.
    await remove('a', 'b');
    expect(await at({})()).toEqual({ skip: 'elsewhere' });
    expect(await at({ dayFormat: 'YYYYMMDD' })()).toEqual({ skip: 'elsewhere' });
    expect(await loads.read()).toEqual(readEvents(7, 9));
  });

  it('is settled as it was where it waited, or was loaded in pieces, when the place changed', async () => {
    loads.cutAt(1);
    for (const name of ['a', 'b']) await drop(name, someEvents(9, 12));
    const later = async () => loads.clock.advance(600_000);
    expect(
      await loads.load({ ...(await planDay(loads, DAY)).tasks[0], at: { recorded: later } }),
    ).toMatchObject({ done: 1 });
    loads.clock.advance(7 * HOUR_MS);
    expect(await there()()).toEqual({ outcome: 'unchanged' });
    expect(await loads.entry()).toMatchObject({ state: 'succeeded', place: OLD, rows: { out: 5 } });
    expect(await loads.entry()).not.toHaveProperty('run');
    expect(await loads.read()).toEqual(before);
    expect(await there()()).toEqual({ skip: 'elsewhere' });
  });

  it('stays failed if it waited for a retry when the place changed', async () => {
    await drop('a', 'SELECT 1 AS something');
    expect(await run()).toMatchObject({ outcome: 'failed' });
    const { version } = (await loads.entry()) ?? {};
    expect(await there()('backfill', loads)).toEqual({ outcome: 'unchanged' });
    expect(await loads.entry()).toMatchObject({ state: 'failed', place: OLD, version, failure: {} });
    expect(await there()()).toEqual({ skip: 'elsewhere' });
    expect(await loads.read()).toEqual(before);
  });

  it('keeps its rows when this place has nothing with rows, and loads what comes after', async () => {
    const run = there();
    await dropThere('a', noRows);
    expect(await run()).toMatchObject({ outcome: 'inputs_missing' });
    expect(await run()).toEqual({ skip: 'unchanged' });
    expect(await run('keep')).toMatchObject({ outcome: 'unchanged' });
    expect(await run()).toEqual({ skip: 'unchanged' });
    await dropThere('a', new TextEncoder().encode('PAR1 and no more PAR1'));
    expect(await run()).toMatchObject({ outcome: 'failed' });
    expect(await loads.entry()).toMatchObject({ place: OLD });
    expect(await run()).toEqual({ skip: 'failed' });
    await dropThere('a', someEvents(7, 9));
    await loads.drop('notes.csv', new Uint8Array([1]), `ds=${DAY}`);
    expect(await run()).toMatchObject({ outcome: 'succeeded' });
    expect(await loads.read()).toEqual(readEvents(7, 9));
    expect(await fates()).toEqual([
      `events/ds=${DAY}/a.parquet loaded`,
      `events/ds=${DAY}/notes.csv left_out`,
    ]);
  });

  it('stays missing or failed there, until a person says what is meant', async () => {
    await remove('a', 'b');
    await loads.remove('_SUCCESS');
    await run();
    expect(await there()()).toEqual({ skip: 'elsewhere' });
    expect(await loads.entry()).toMatchObject({ state: 'inputs_missing' });
    expect(await there()('keep')).toEqual({ outcome: 'unchanged' });
    expect(await loads.entry()).toMatchObject({ state: 'succeeded', accepted: true, place: OLD });
    await drop('a', 'SELECT 1 AS something');
    expect(await run()).toMatchObject({ outcome: 'failed' });
    expect(await there()('backfill')).toEqual({ skip: 'elsewhere' });
    expect(await loads.entry()).toMatchObject({ state: 'failed' });
    expect(await there()('empty')).toMatchObject({ outcome: 'succeeded_no_data' });
    expect(await loads.read()).toEqual([]);
  });
});

describe('a dataset whose files leave', () => {
  beforeEach(() => start({ filesLeave: true }));

  it('keeps its rows without a word while they leave, one after the other', async () => {
    for (const name of ['a', 'b']) {
      await remove(name);
      for (const asked of [undefined, 'triggered', 'backfill', 'keep'] as const) {
        const loaded = await run(asked);
        if (loaded !== null) expect(loaded).toEqual({ outcome: 'unchanged' });
      }
      expect(await afterNights()).toMatchObject({ rows: before, state: 'succeeded' });
    }
    await drop('a', someEvents(0, 2));
    expect(await run()).toBeNull();
    await drop('c', someEvents(2, 9));
    await run();
    expect(await afterNights()).toMatchObject({ rows: readEvents(0, 9), state: 'succeeded' });
    await remove('a', 'c');
    expect(await run('empty')).toMatchObject({ outcome: 'succeeded_no_data' });
  });

  it('finds files without rows, and files that leave before they are loaded', async () => {
    await drop('a', noRows);
    await remove('b');
    await run();
    expect(await afterNights()).toMatchObject({ rows: before, state: 'inputs_missing' });
    await drop('a', someEvents(0, 2));
    await loads.drop('b.parquet', new TextEncoder().encode('PAR1 and no more PAR1'));
    await run();
    await remove('a', 'b');
    await run();
    expect(await afterNights()).toMatchObject({ rows: before, state: 'inputs_missing' });
  });
});

it('is found of a day that waits for a marker, too', async () => {
  await start({ waitFor: 'READY' });
  await remove('a', 'b');
  await loads.remove('READY');
  await run();
  expect(await afterNights()).toMatchObject({ rows: before, state: 'inputs_missing' });
  // It is written anew, and not whole yet.
  await drop('a', someEvents(0, 1));
  await run();
  expect(await afterNights()).toMatchObject({ rows: before, state: 'waiting' });
});

describe('a day whose values are not as before', () => {
  it.each(pieceSizes)('is loaded and told, until somebody accepts it, %s', async (_, bytes) => {
    loads = await startLoads({ mapping: { eventValue: 'price' } });
    loads.cutAt(bytes);
    // One dataset comes each day, the other each month.
    const before = (bytes === 1 ? [-2, -1] : [-31, -30]).map((days) => addDays(DAY, days));
    const priced = (day: string, from: number, price: string) =>
      `SELECT TIMESTAMP '${day} 10:00:00' AS "timestamp", 'buy' AS event_name, 'u' || i AS unit_id, ${price} AS price FROM range(${from}, ${from + 10}) t(i)`;
    const [first = '', last = ''] = before;
    for (const day of before) {
      await loads.drop('a.parquet', priced(day, 0, 'i + 0.5'), day);
      expect(await loads.loadInPieces({ day })).toMatchObject({ outcome: 'succeeded' });
    }
    // They wait to be loaded again, and are compared with nevertheless.
    for (const day of before) await planDay(loads, day, 'backfill');
    // One file is that of the first day.
    await loads.drop('a.parquet', priced(first, 0, 'i + 0.5'));
    await loads.drop('b.parquet', priced(DAY, 10, `'EUR ' || i || ',50'`));
    await loads.drop('c.parquet', priced('2026-11-01', 20, `'EUR ' || i || ',50'`));
    await loads.drop('d.parquet', priced('2026-11-01', 30, `'EUR ' || i || ',50'`));
    expect(await loads.loadInPieces()).toMatchObject({ outcome: 'succeeded', rows: { out: 40, refused: 0 } });
    const entry = await loads.entry();
    expect(entry?.content?.fields['eventValue']).toEqual({
      types: ['DECIMAL', 'VARCHAR'],
      none: 0,
      numbers: 10,
    });
    expect(entry?.content?.otherDays).toBe(30);
    expect(entry?.content?.unusual).toMatchObject([
      { field: 'eventValue', values: ['EUR 10,50', 'EUR 11,50', 'EUR 12,50'] },
      { words: `30 of 40 rows are of other days: 2026-11-01 (20), ${first} (10)` },
      { words: expect.stringContaining(`events/${first}/a.parquet`) },
    ]);
    expect(entry && contentWords(entry)).not.toBeNull();
    // The day before it is not compared with it.
    await loads.drop('b.parquet', priced(last, 10, 'i + 0.5'), last);
    await loads.loadInPieces({ day: last });
    expect((await loads.entry(last))?.content?.unusual).toEqual([]);
    await loads.load({ reason: 'keep', fingerprint: entry?.fingerprint ?? '' });
    const accepted = await loads.entry();
    expect(accepted).toMatchObject({ state: 'succeeded', accepted: true, content: { copies: 1 } });
    expect(accepted && contentWords(accepted)).toBeNull();
  });
});
