import { afterAll, describe, expect, it } from '@jest/globals';
import { setRows } from '../../parquet/format/editFooter.ts';
import { longField } from '../../parquet/format/thriftWriter.ts';
import { columnOf, type DatasetInput, EVENT, events, fails, MappingBench } from '../engine/MappingBench.ts';

const bench = await MappingBench.open();
afterAll(() => bench.close());

const unfit = { code: 'SLUICE_INGEST_COLUMN_TYPE_UNFIT' };

describe('decimals with more digits than DuckDB supports', () => {
  const load = (dataset: DatasetInput) => bench.loadFixture(dataset, 'wide-decimals.parquet');
  const metric = (metricValue: string): DatasetInput => ({
    kind: 'metrics',
    mapping: {
      metricValue,
      unitId: 'unit_id',
      idType: { constant: 'userID' },
      date: 'timestamp',
      metricName: 'event_name',
    },
  });

  it.each(['wide', 'inside.wide'])('fail a file with them in the metric column %s', async (column) => {
    await expect(load(metric(column))).rejects.toMatchObject(unfit);
    await expect(load(metric(column))).rejects.toThrow(
      /wide-decimals.parquet, column ".*wide": expected decimals of at most 38 digits, found DECIMAL\((39|60)\)/,
    );
  });

  it.each(['wide', 'inside', 'list'])(
    'fail a file with them in the value or metadata column %s',
    async (column) => {
      await expect(load(events({ eventValue: column }))).rejects.toMatchObject(unfit);
      await expect(load(events({ metadata: [column] }))).rejects.toMatchObject(unfit);
      await expect(load(events({ metadata: { x: { column, cast: 'string' } } }))).rejects.toMatchObject(
        unfit,
      );
    },
  );

  it('fail a file with all of them behind the point, too', async () => {
    const file = await bench.write('behind.parquet', `SELECT ${EVENT}, {'d': 0.5::DECIMAL(38,38)} AS x`);
    const load = bench.load(events({ metadata: ['x'] }), [file]);
    await expect(load).rejects.toThrow('expected decimals of fewer than 38 digits behind the point');
    expect((await bench.load(events(), [file])).rows).toHaveLength(1);
  });

  it('leave the columns beside them readable', async () => {
    const { rows } = await load(metric('right'));
    expect(columnOf(rows, 'metric_value')).toEqual([1.5, -1234.25]);
  });

  it('leave the members beside them readable', async () => {
    const { rows } = await load(events({ metadata: { plain: 'inside.plain' } }));
    expect(rows[0]?.['event_metadata']).toBe('{"plain":1}');
  });

  it('are told in a raw row by their type, and as null where there is none', async () => {
    const { raws } = await load(events({ timestamp: { column: 'event_name' } }));
    const list = 'not read: DECIMAL(76)';
    expect(raws).toMatchObject([
      {
        wide: 'not read: DECIMAL(39)',
        right: 1.5,
        inside: { wide: 'not read: DECIMAL(60)', plain: 1 },
        list,
      },
      { right: -1234.25 },
      { wide: null, right: null, inside: { wide: null, plain: 1 }, list },
    ]);
  });
});

describe('duplicate column names in a file', () => {
  const units = async (name: string, userID: string) => {
    const dataset: DatasetInput = events({ unitIds: { userID } });
    const { rows } = await bench.loadFixture(dataset, name);
    return columnOf(rows, 'user_id');
  };

  it('are distinguished by case', async () => {
    expect(await units('names-by-case.parquet', 'unit_id')).toEqual(['u1', 'u2', 'u3']);
    expect(await units('names-by-case.parquet', 'UNIT_ID')).toEqual(['A1', 'A2', 'A3']);
  });

  it.each([
    { name: 'names-by-case.parquet', column: 'Unit_Id', found: '"UNIT_ID" VARCHAR and "unit_id" VARCHAR' },
    { name: 'same-names.parquet', column: 'unit_id', found: '"unit_id" VARCHAR and "unit_id" VARCHAR' },
    { name: 'same-names.parquet', column: 'UNIT_ID', found: '"unit_id" VARCHAR and "unit_id" VARCHAR' },
  ])('fail $name if $column may be either of them', async ({ name, column, found }) => {
    await fails(units(name, column), 'SLUICE_INGEST_COLUMN_AMBIGUOUS', {
      message: expect.stringContaining(`expected one of the name, found ${found}.`),
    });
  });

  it('are both in a refused row', async () => {
    const unitIds = { userID: { column: 'nowhere', optional: true } };
    const dataset: DatasetInput = events({ unitIds });
    const { raws } = await bench.loadFixture(dataset, 'same-names.parquet');
    expect(Object.values(raws[0] ?? {})).toEqual(expect.arrayContaining(['A1', 'u1']));
  });

  it('are not invented: a column with the name that DuckDB gives to a duplicate is found', async () => {
    const { rows } = await bench.loadQueries(
      events({ unitIds: { userID: 'unit_id', other: 'unit_id_1' } }),
      "SELECT 1795169730 AS timestamp, 'e' AS event_name, 'a' AS unit_id, 'b' AS unit_id_1",
    );
    expect(rows[0]?.['unit_ids']).toBe('{"userID":"a","other":"b"}');
  });
});

describe('a file without columns', () => {
  it('is rejected by name', async () => {
    const load = bench.loadFixture(events(), 'no-columns.parquet');
    await fails(load, 'SLUICE_INGEST_COLUMN_MISSING');
    await expect(load).rejects.toThrow('no-columns.parquet: it has no columns at all.');
  });

  it('is rejected by the same name if its footer says that it has rows', async () => {
    const file = setRows(bench.fixture('no-columns.parquet'), longField(3), longField(3));
    await fails(bench.load(events(), [file]), 'SLUICE_INGEST_COLUMN_MISSING');
  });
});
