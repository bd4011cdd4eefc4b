import { afterAll, describe, expect, it } from '@jest/globals';
import type { Cast } from '../../../../lib/schema/mapping/fieldSource.ts';
import { columnOf, type DatasetInput, events, MappingBench } from '../engine/MappingBench.ts';

const bench = await MappingBench.open();
afterAll(() => bench.close());

/** Three events, purchase, refund and start: many columns have NaN or infinity in two of them. */
const load = (dataset: DatasetInput) => bench.loadFixture(dataset, 'not-finite.parquet');
const names = (rows: readonly Readonly<Record<string, unknown>>[]) => columnOf(rows, 'event_name');
const reasons = (rows: readonly Readonly<Record<string, unknown>>[]) => columnOf(rows, 'reason');

describe('NaN and infinity', () => {
  it.each([
    { timestamp: 'seldom', taken: ['purchase'] },
    { timestamp: 'mostly', taken: ['purchase', 'start'] },
    { timestamp: 'date', taken: ['start'] },
    { timestamp: 'at', taken: ['start'] },
    { timestamp: 'inside.at', taken: ['start'] },
  ])(
    'reject a row with such a time, whatever the statistics say: $timestamp',
    async ({ timestamp, taken }) => {
      for (const timezone of ['UTC', 'Europe/Berlin']) {
        const { rows, refused } = await load({ kind: 'events', timezone, mapping: { timestamp } });
        expect(names(rows).toSorted()).toEqual(taken);
        expect(reasons(refused)).toEqual(Array(3 - taken.length).fill('SLUICE_INGEST_ROW_TIME_OUT_OF_RANGE'));
      }
    },
  );

  it.each([
    { date: 'date', taken: 1 },
    { date: 'mostly', taken: 2 },
  ])('reject a metric with such a day: $date', async ({ date, taken }) => {
    const constant = { constant: 'x' };
    const { rows, refused } = await load({
      kind: 'metrics',
      mapping: { date, idType: constant, metricName: constant, metricValue: { constant: 1 } },
    });
    expect(rows).toHaveLength(taken);
    expect(reasons(refused)).toEqual(Array(3 - taken).fill('SLUICE_INGEST_ROW_TIME_OUT_OF_RANGE'));
  });

  it.each<{ readonly column: string; readonly cast: Cast | undefined }>([
    { column: 'half', cast: undefined },
    { column: 'half', cast: 'string' },
    { column: 'at', cast: undefined },
    { column: 'date', cast: undefined },
    { column: 'struct.x', cast: undefined },
  ])('are not valid as unit ID: $column, cast: $cast', async ({ column, cast }) => {
    const userID = { column, ...(cast === undefined ? {} : { cast }) };
    const { rows, refused } = await load(events({ unitIds: { userID } }));
    expect(columnOf(rows, 'user_id')).not.toContain('nan');
    expect(new Set(reasons(refused))).toEqual(new Set(['SLUICE_INGEST_ROW_UNIT_MISSING']));
    expect(refused.length).toBe(column === 'struct.x' ? 3 : 2);
  });

  it.each([
    { field: 'experiment', reason: 'SLUICE_INGEST_ROW_NAME_MISSING' },
    { field: 'group', reason: 'SLUICE_INGEST_ROW_GROUP_MISSING' },
    { field: 'unitId', reason: 'SLUICE_INGEST_ROW_UNIT_MISSING' },
    { field: 'unitType', reason: 'SLUICE_INGEST_ROW_UNIT_MISSING' },
  ])('are not valid as $field of an exposure', async ({ field, reason }) => {
    const constant = { constant: 'x' };
    const mapping = { experiment: constant, group: constant, unitId: constant, [field]: 'half' };
    const { rows, refused } = await load({ kind: 'exposures', mapping });
    expect(rows).toHaveLength(1);
    expect(reasons(refused)).toEqual([reason, reason]);
  });

  it.each<{ readonly cast: Cast | undefined }>([{ cast: undefined }, { cast: 'string' }])(
    'become null as values, cast: $cast',
    async ({ cast }) => {
      const field = { column: 'half', ...(cast === undefined ? {} : { cast }) };
      const { rows } = await load(events({ eventValue: field, metadata: { m: field } }));
      expect(rows.map((row) => [row['event_value'], row['event_metadata'] === null])).toEqual([
        ['1', false],
        [null, true],
        [null, true],
      ]);
    },
  );

  it('become null inside lists, structs and maps, each separately', async () => {
    const { rows, metadata } = await load(
      events({ eventValue: 'list', metadata: ['list', 'struct', 'map', 'date', 'dates', 'at', 'inside'] }),
    );
    expect(metadata).toEqual([
      {
        list: [1.5, null],
        struct: { x: null, t: 'nan' },
        map: { a: null },
        dates: [null, '1970-01-01'],
        inside: { at: null },
      },
      { list: [null], struct: { x: null, t: 'a:"nan' }, map: { inf: 1.5 }, dates: [], inside: { at: null } },
      {
        list: [],
        map: {},
        date: '1970-01-01',
        at: '1970-01-01 00:00:00',
        inside: { at: '1970-01-01 00:00:00+00' },
      },
    ]);
    expect(columnOf(rows, 'event_value')).toEqual(['[1.5,null]', '[null]', '[]']);
  });

  it('are kept in raw rows as texts', async () => {
    const { refused } = await load(events({ timestamp: 'seldom' }));
    expect(refused.map(({ raw }) => JSON.parse(String(raw))['seldom'])).toEqual(['NaN', 'Infinity']);
  });

  it('are not valid unit IDs in a JSON column, and neither is null, while its strings have no quotes', async () => {
    for (const cast of [undefined, 'string'] as const) {
      const userID = { column: 'x', ...(cast === undefined ? {} : { cast }) };
      const { rows, refused } = await bench.loadQueries(
        events({ unitIds: { userID } }),
        `SELECT 1795169730 AS timestamp, 'e' AS event_name,
         unnest(['NaN', '-Infinity', 'null', '" null"', '5', '"u1"', '{"a":NaN}'])::JSON AS x`,
      );
      expect(columnOf(rows, 'user_id')).toEqual([' null', '5', 'u1']);
      expect(reasons(refused)).toEqual([
        ...Array(2).fill('SLUICE_INGEST_ROW_VALUE_INVALID'),
        'SLUICE_INGEST_ROW_UNIT_MISSING',
        'SLUICE_INGEST_ROW_VALUE_INVALID',
      ]);
    }
  });
});
