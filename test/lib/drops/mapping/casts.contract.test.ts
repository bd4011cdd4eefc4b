import { afterAll, describe, expect, it } from '@jest/globals';
import type { Cast } from '../../../../lib/schema/mappings.ts';
import { MappingBench } from '../engine/MappingBench.ts';

const bench = await MappingBench.open();
afterAll(() => bench.close());

/** Casts values of one column; undefined for those that are refused. */
async function cast(
  to: Cast,
  values: readonly string[],
  type = 'VARCHAR',
): Promise<(string | null | undefined)[]> {
  const list = values.map((value) => `${value}::${type}`).join(', ');
  const file = await bench.write(
    'casts.parquet',
    `SELECT 1795169730 AS timestamp, 'e' AS event_name, 'u' AS unit_id, unnest([${list}]) AS x`,
  );
  const { rows, refused } = await bench.load(
    { kind: 'events', mapping: { eventValue: { column: 'x', cast: to } } },
    [file],
  );
  const byRow = new Map(rows.map((row) => [Number(row['row_number']), row['event_value']]));
  expect(refused.every(({ reason }) => reason === 'SLUICE_INGEST_ROW_CAST_FAILED')).toBe(true);
  expect(rows.length + refused.length).toBe(values.length);
  return values.map((_, i) => {
    const value = byRow.get(i);
    return byRow.has(i) ? (value === null ? null : String(value)) : undefined;
  });
}

describe('casts', () => {
  it.each<[Cast, string, string, string | null | undefined]>([
    ['bigint', "'17'", 'VARCHAR', '17'],
    ['bigint', "' 17.0 '", 'VARCHAR', '17'],
    ['bigint', "'17.6'", 'VARCHAR', undefined],
    ['bigint', "'1e3'", 'VARCHAR', undefined],
    ['bigint', "'9223372036854775808'", 'VARCHAR', undefined],
    ['bigint', '17.0', 'DOUBLE', '17'],
    ['bigint', '17.6', 'DOUBLE', undefined],
    ['bigint', '17.00', 'DECIMAL(10,2)', '17'],
    ['bigint', 'true', 'BOOLEAN', '1'],
    ['bigint', 'NULL', 'VARCHAR', null],
    ['double', "'1.50'", 'VARCHAR', '1.5'],
    ['double', "'abc'", 'VARCHAR', undefined],
    ['double', "'0012'", 'VARCHAR', '12'],
    ['double', "'1_000'", 'VARCHAR', undefined],
    ['double', "'1_000'", 'BLOB', undefined],
    ['double', `'"1_000"'`, 'JSON', undefined],
    ['boolean', "'TRUE'", 'VARCHAR', 'true'],
    ['boolean', '0', 'INTEGER', 'false'],
    ['boolean', '-5', 'INTEGER', undefined],
    ['boolean', '1.0', 'DOUBLE', 'true'],
    ['boolean', '0.5', 'DOUBLE', undefined],
    ['boolean', '1.00', 'DECIMAL(10,2)', 'true'],
    ['boolean', '2', 'HUGEINT', undefined],
    ['boolean', "'perhaps'", 'VARCHAR', undefined],
    ['date', "'2026-11-20'", 'VARCHAR', '2026-11-20'],
    ['date', "'2026-02-30'", 'VARCHAR', undefined],
    ['timestamp', "'2026-11-20T10:00:00'", 'VARCHAR', '2026-11-20 10:00:00'],
    ['string', '17', 'INTEGER', '17'],
    ['string', "'\\xFF'", 'BLOB', undefined],
    ['bigint', "'17'", 'BLOB', '17'],
  ])('convert to %s: %s::%s', async (to, value, type, expected) => {
    expect(await cast(to, [value], type)).toEqual([expected]);
  });
});
