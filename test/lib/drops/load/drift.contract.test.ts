import { afterEach, describe, expect, it } from '@jest/globals';
import { DAY, type Loads, readEvents, someEvents, startLoads } from './startLoads.ts';

let loads: Loads;
afterEach(() => loads.close());

const [FIRST, SECOND, THIRD, FOURTH] = ['2026-11-15', '2026-11-16', '2026-11-17', '2026-11-18'] as const;
const on = (day: string, sql: string) => sql.replaceAll(DAY, day);
const epoch = (day: string) => Date.parse(`${day}T10:00:00Z`) / 1000;

describe('columns that change from day to day', () => {
  it('give the same table, and fail only the day that lacks a mapped column', async () => {
    loads = await startLoads({
      mapping: { eventValue: { column: 'value', optional: true }, metadata: ['plan', 'seats'] },
    });
    const rows: readonly (readonly [string, string])[] = [
      [
        FIRST,
        `SELECT *, 1.5::DOUBLE AS value, 'pro' AS plan, 3::TINYINT AS seats FROM (${someEvents(0, 1)})`,
      ],
      // Seconds, numbers as IDs, a decimal, a list; columns that come and go, in another order.
      [
        SECOND,
        `SELECT ['pro', 'max'] AS plan, 9 AS brand_new, 2.50::DECIMAL(9, 2) AS value, NULL::BIGINT AS seats, 7::HUGEINT AS unit_id,
          'seen' AS event_name, ${epoch(SECOND)}::BIGINT AS timestamp`,
      ],
      [THIRD, `SELECT *, true AS seats, NULL AS plan FROM (${someEvents(2, 3)})`],
      [FOURTH, `SELECT timestamp, unit_id, 'renamed' AS "event name" FROM (${someEvents(3, 4)})`],
    ];
    for (const [day, sql] of rows) await loads.drop('a.parquet', on(day, sql), day);
    const outcomes: unknown[] = [];
    for (const [day] of rows) {
      const loaded = await loads.load({ day });
      outcomes.push(loaded === 'killed' ? loaded : loaded.outcome);
    }
    expect(outcomes).toEqual(['succeeded', 'succeeded', 'succeeded', 'failed']);
    expect(await loads.entry(FOURTH)).toMatchObject({
      failure: { code: 'SLUICE_INGEST_COLUMN_MISSING', message: expect.stringContaining('"event_name"') },
    });

    // All days in one read, as a query has them: their files have the same columns of the same types.
    const landed = await loads.rowsUnder('statsig/ingested/acme_events/');
    const seen = landed.map((row) => [
      new Date(Number(Object(row['timestamp']).micros) / 1000).toISOString(),
      ...['user_id', 'event_value', 'event_metadata'].map((name) => row[name]),
    ]);
    expect(seen.sort()).toEqual([
      [`${FIRST}T10:00:00.000Z`, 'u000', '1.5', '{"plan":"pro","seats":3}'],
      [`${SECOND}T10:00:00.000Z`, '7', '2.50', '{"plan":["pro","max"]}'],
      [`${THIRD}T10:00:02.000Z`, 'u002', null, '{"seats":true}'],
    ]);
    expect(await loads.read(FOURTH)).toBeNull();

    // A day that is mended is loaded by itself.
    const mended = `SELECT *, 1 AS seats, 'pro' AS plan FROM (${someEvents(3, 4)})`;
    await loads.drop('a.parquet', on(FOURTH, mended), FOURTH);
    expect(await loads.load({ day: FOURTH, reason: 'changed' })).toMatchObject({ outcome: 'succeeded' });
    expect(await loads.read(FOURTH)).toEqual(readEvents(3, 4));
  });
});

describe('two datasets of the same folder', () => {
  it('have separate tables, ledgers and versions, and do not affect each other', async () => {
    loads = await startLoads({}, [
      {
        ...{ name: 'again', kind: 'events', folder: 'events', table: 'acme_again' },
        mapping: { eventName: { constant: 'again' } },
      },
    ]);
    const again = { dataset: 'again' };
    const readAgain = async () =>
      (await loads.rowsUnder(`statsig/ingested/acme_again/${DAY}/`))
        .map((row) => `${row['user_id']} ${row['event_name']}`)
        .sort();
    const place = { source: 'acme', dataset: 'again', day: DAY };
    await loads.drop('a.parquet', someEvents(0, 3));
    const both = await Promise.all([loads.load(), loads.load(again)]);
    expect(both).toMatchObject([{ outcome: 'succeeded' }, { outcome: 'succeeded' }]);
    expect([await loads.read(), await readAgain()]).toEqual([readEvents(0, 3), readEvents(0, 3, 'again')]);

    // One is corrected, and fails; what the other reads and knows stays.
    const known = await loads.ledger.read(place);
    await loads.drop('a.parquet', someEvents(0, 2, 'mended'));
    expect(await loads.load({ reason: 'changed' })).toMatchObject({ outcome: 'succeeded' });
    expect([await loads.read(), await readAgain()]).toEqual([
      readEvents(0, 2, 'mended'),
      readEvents(0, 3, 'again'),
    ]);
    await loads.drop('a.parquet', new TextEncoder().encode('none'));
    expect(await loads.load({ reason: 'changed' })).toMatchObject({ outcome: 'failed' });
    expect(await loads.ledger.read(place)).toEqual(known);
    loads.clock.advance(2 * 86_400_000);
    expect(await loads.sweep()).toMatchObject({ removed: 1 });
    expect([await loads.read(), await readAgain()]).toEqual([
      readEvents(0, 2, 'mended'),
      readEvents(0, 3, 'again'),
    ]);
    // Rows that both refuse have files of their own, too.
    await loads.drop('a.parquet', `${someEvents(0, 200)} UNION ALL SELECT NULL, 'x', 'nobody'`);
    for (const how of [{}, again])
      expect(await loads.load({ ...how, reason: 'changed' })).toMatchObject({ rows: { refused: 1 } });
    const refused = await loads.rowsUnder('quarantine/');
    expect(refused.map((row) => row['key_label']).sort()).toEqual(['acme/again', 'acme/events']);
  });
});
