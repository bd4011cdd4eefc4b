import { afterEach, describe, expect, it } from '@jest/globals';
import { addDays } from '../../../../lib/base/time.ts';
import { contentWords } from '../../../../lib/drops/usual/usualContent.ts';
import { emptyWords, unusualWords } from '../../../../lib/drops/usual/usualRows.ts';
import { ledgerKey } from '../../../../lib/tables/ledgerKeys.ts';
import { ledgerEntry } from '../../../harness/ledgerEntry.ts';
import { LoadedDay, noRows } from './LoadedDay.ts';
import { planDay } from './planDay.ts';
import { DAY, ends, type Loads, someEvents, startLoads } from './startLoads.ts';

let day: LoadedDay;
let loads: Loads;
afterEach(() => loads.close());
/** Starts a day without files. */
async function start(...dataset: Parameters<typeof startLoads>): Promise<void> {
  loads = await startLoads(...dataset);
  day = new LoadedDay(loads);
}

describe('a first drop without rows', () => {
  it('has no data, no partition and no version', async () => {
    await start();
    await day.drop('a', noRows);
    await ends(day.run(), 'succeeded_no_data');
    expect(await day.run()).toBeNull();
    expect(await day.run('triggered')).toBeNull();
    await ends(day.run('backfill'), 'succeeded_no_data');
    await day.afterNights({ rows: null, fates: ['a.parquet left_out no_rows'] });
    expect(await loads.keys('statsig/')).toEqual([]);
  });

  it('is told where its weekday usually has rows, until somebody accepts it', async () => {
    await start();
    for (const ago of [1, 2]) {
      const earlier = addDays(DAY, -ago);
      await loads.drop('a.parquet', someEvents(4 * ago, 4 * ago + 4), earlier);
      await ends(loads.load({ day: earlier }), 'succeeded');
      // They have the size and the rows of the other day's file, and other bytes.
      expect((await loads.entry(earlier))?.content?.copies).toBe(0);
    }
    await day.drop('a', noRows);
    await day.run();
    const entry = await loads.entry();
    expect(entry).toMatchObject({ state: 'succeeded_no_data', usualRows: 4 });
    expect(entry && unusualWords(entry, 0.5)).toBe('has 1 file, 0 rows, where 4 are usual');
    await day.run('empty');
    const accepted = await loads.entry();
    expect(accepted).toMatchObject({ state: 'succeeded_no_data', accepted: true });
    expect(accepted && unusualWords(accepted, 0.5)).toBeNull();
    expect(accepted && emptyWords(accepted)).toBeNull();
  });
});

describe('a day whose values are not as before', () => {
  it('is loaded, and compared with none, while what is known of one before it can’t be read', async () => {
    await start();
    for (const earlier of [addDays(DAY, -1), addDays(DAY, -2)]) {
      await loads.drop('a.parquet', someEvents(0, 4), earlier);
      await ends(loads.load({ day: earlier }), 'succeeded');
    }
    await loads.put(ledgerKey('acme', 'events', addDays(DAY, -2)), Buffer.from('{'));
    await loads.dropEvents('a', 0, 1);
    await ends(day.run(), 'succeeded');
    expect(await loads.entry()).not.toHaveProperty('usualRows');
    const line = { level: 'error', event: 'ingest_usual_rows', error: 'SLUICE_INGEST_LEDGER_INVALID' };
    expect(loads.logged).toContainEqual(expect.objectContaining(line));
  });

  it('is told how far apart the rows of the days before are', async () => {
    await start();
    for (let ago = 1; ago <= 10; ago += 1) {
      const rows = { in: 100 + ago, out: 100 + ago, refused: 0 };
      const before = ledgerEntry({ source: 'acme', dataset: 'events', day: addDays(DAY, -ago), rows });
      await loads.put(ledgerKey('acme', 'events', before.day), Buffer.from(JSON.stringify(before)));
    }
    await loads.dropEvents('a', 0, 75);
    await ends(day.run(), 'succeeded');
    const entry = await loads.entry();
    expect(entry?.usualSpread).toEqual({ days: 10, least: 101, most: 110 });
    expect(entry && unusualWords(entry, 0.5)).toBe('has 75 rows, where 10 days before had 101 to 110');
    await day.run('keep');
    const kept = await loads.entry();
    expect(kept).toMatchObject({ accepted: true, usualSpread: { days: 10, least: 101, most: 110 } });
    expect(kept && unusualWords(kept, 0.5)).toBeNull();
  });

  it('is told for one row with a time of the next year', async () => {
    await start();
    const rows = [DAY, DAY, '2027-11-20'].map(
      (date, i) =>
        `SELECT TIMESTAMP '${date} 10:00:00' AS "timestamp", 'buy' AS event_name, 'u${i}' AS unit_id`,
    );
    await day.drop('a', rows.join(' UNION ALL '));
    await ends(day.run(), 'succeeded');
    const entry = await loads.entry();
    expect(entry && contentWords(entry)).toBe(
      'has other values than the days before: 1 of 3 rows of days to come: 2027-11-20 (1)',
    );
  });

  it('is loaded in pieces and told, until somebody accepts it', async () => {
    await start({ mapping: { eventValue: 'price' } });
    // Each file is a piece.
    loads.cutAt(1);
    const before = [-2, -1].map((days) => addDays(DAY, days));
    const priced = (day: string, from: number, price: string) =>
      `SELECT TIMESTAMP '${day} 10:00:00' AS "timestamp", 'buy' AS event_name, 'u' || i AS unit_id, ${price} AS price FROM range(${from}, ${from + 10}) t(i)`;
    const [first = '', last = ''] = before;
    for (const earlier of before) {
      await loads.drop('a.parquet', priced(earlier, 0, 'i + 0.5'), earlier);
      await ends(loads.loadInPieces({ day: earlier }), 'succeeded');
    }
    // They wait to be loaded again, and are compared with nevertheless.
    for (const earlier of before) await planDay(loads, earlier, 'backfill');
    // One file is that of the first day.
    await loads.drop('a.parquet', priced(first, 0, 'i + 0.5'));
    await loads.drop('b.parquet', priced(DAY, 10, `'EUR ' || i || ',50'`));
    await loads.drop('c.parquet', priced('2026-11-01', 20, `'EUR ' || i || ',50'`));
    await loads.drop('d.parquet', priced('2026-11-01', 30, `'EUR ' || i || ',50'`));
    await ends(loads.loadInPieces(), 'succeeded', { rows: { out: 40, refused: 0 } });
    const entry = await loads.entry();
    expect(entry?.content?.fields['eventValue']).toEqual({
      column: 'price',
      types: ['DECIMAL', 'VARCHAR'],
      none: 0,
      numbers: 10,
      whole: 0,
      looked: 40,
      different: 40,
      forms: { 'in capital letters': 30 },
    });
    expect(entry?.content?.otherDays).toBe(30);
    expect(entry?.content?.names).toEqual({ event_name: { buy: { rows: 40, zeros: 0 } } });
    expect(entry?.content?.unusual).toMatchObject([
      { field: 'eventValue', values: ['EUR 10,50', 'EUR 11,50', 'EUR 12,50'] },
      { words: `30 of 40 rows of other days: 2026-11-01 (20), ${first} (10)` },
      { words: expect.stringContaining(`events/${first}/a.parquet`) },
    ]);
    expect(entry && contentWords(entry)).not.toBeNull();
    // The day before it is not compared with it.
    await loads.drop('b.parquet', priced(last, 10, 'i + 0.5'), last);
    await loads.loadInPieces({ day: last });
    expect((await loads.entry(last))?.content?.unusual).toEqual([]);
    // But a file that is one of the day after it is.
    const copy = await loads.drop('c.parquet', priced('2026-11-01', 30, `'EUR ' || i || ',50'`), last);
    await loads.loadInPieces({ day: last });
    expect((await loads.entry(last))?.content?.unusual).toContainEqual({
      kind: 'copies',
      words: `files are those of other days: ${copy} is events/${DAY}/d.parquet`,
    });
    await loads.load({ reason: 'keep', fingerprint: entry?.fingerprint ?? '' });
    const accepted = await loads.entry();
    expect(accepted).toMatchObject({ state: 'succeeded', accepted: true, content: { copies: 1 } });
    expect(accepted && contentWords(accepted)).toBeNull();
  });
});
