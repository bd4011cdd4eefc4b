import { afterAll, describe, expect, it } from '@jest/globals';
import { type DatasetInput, events, fails, MappingBench } from '../engine/MappingBench.ts';

const bench = await MappingBench.open();
afterAll(() => bench.close());

const renamed = (name: string) => ({ column: [name, `${name}_new`] });
const EVENTS =
  "1795169730 AS {timestamp}, 'buy' AS {name}, 'u1' AS {unit}, 12.5 AS {price}, 'gold' AS {plan}";
const METRICS =
  "DATE '2026-11-20' AS {day}, 'u1' AS {unit}, 'userID' AS {type}, 'sales' AS {name}, 7 AS {sum}";

/** A day of two files: one from before all columns were renamed, one from after. */
async function loadBoth(dataset: DatasetInput, columns: string) {
  const write = (file: string, suffix: string) => {
    const named = columns.replaceAll(/\{(\w+)\}/g, (_, name: string) => `${name}${suffix}`);
    return bench.write(file, `SELECT ${named}`);
  };
  const files = [await write('old.parquet', ''), await write('renamed.parquet', '_new')];
  const { rows } = await bench.load(dataset, files);
  const own = rows.map(({ source_file: _, row_number: __, ingested_at: ___, ...row }) => row);
  expect(own).toHaveLength(2);
  expect(own[1]).toEqual(own[0]);
  return own[0];
}

describe('a field of a column that was renamed', () => {
  it('is read from each file by the name that the file has: of events', async () => {
    const mapping = {
      timestamp: { ...renamed('timestamp'), unit: 's' as const },
      eventName: renamed('name'),
      eventValue: renamed('price'),
      unitIds: { userID: renamed('unit') },
      metadata: { plan: renamed('plan') },
      metadataJson: { ...renamed('more'), optional: true },
    };
    expect(await loadBoth(events(mapping), `${EVENTS}, '{"a":1}' AS {more}`)).toMatchObject({
      event_name: 'buy',
      event_value: '12.5',
      user_id: 'u1',
      event_metadata: '{"plan":"gold","a":1}',
    });
  });

  it('is read from each file by the name that the file has: of metrics', async () => {
    const mapping = {
      date: renamed('day'),
      unitId: renamed('unit'),
      idType: renamed('type'),
      metricName: renamed('name'),
      metricValue: renamed('sum'),
    };
    expect(await loadBoth({ kind: 'metrics', mapping }, METRICS)).toMatchObject({ metric_value: 7 });
    const { metricValue: _, ...others } = mapping;
    const ratio = { ...others, numerator: renamed('sum'), denominator: renamed('of') };
    expect(await loadBoth({ kind: 'metrics', mapping: ratio }, `${METRICS}, 2 AS {of}`)).toMatchObject({
      numerator: 7,
      denominator: 2,
    });
  });

  it('is read from each file by the name that the file has: of a table', async () => {
    const columns = {
      total: { ...renamed('total'), type: 'double' as const, required: true },
      plan: renamed('plan'),
    };
    expect(
      await loadBoth({ kind: 'table', mapping: { columns } }, "1.5 AS {total}, {'b': 'x'} AS {plan}"),
    ).toEqual({ total: 1.5, plan: '{"b":"x"}' });
  });

  it('is the member of the struct that has taken its place', async () => {
    const load = async (column: string[], name: string, sql: string) => {
      const mapping = { columns: { plan: { column } } };
      const { rows } = await bench.load({ kind: 'table', mapping }, [await bench.write(name, sql)]);
      return rows[0]?.['plan'];
    };
    const text = "SELECT 'gold' AS plan";
    const struct = "SELECT {'name': 'gold'} AS plan";
    expect(await load(['plan', 'plan.name'], 'text.parquet', text)).toBe('gold');
    expect(await load(['plan', 'plan.name'], 'struct.parquet', struct)).toBe('gold');
  });

  const plan = (optional = false): DatasetInput => ({
    kind: 'table',
    mapping: { columns: { n: 'n', plan: { ...renamed('plan'), optional } } },
  });

  it('fails a file that has two of its names, and names both', async () => {
    const loaded = bench.loadQueries(plan(true), "SELECT 1 AS n, 'a' AS plan, 2 AS plan_new");
    await fails(loaded, 'SLUICE_INGEST_COLUMN_AMBIGUOUS');
    await expect(loaded).rejects.toThrow(
      'column "plan or plan_new": expected one of the names, found "plan" VARCHAR and "plan_new" INTEGER.',
    );
  });

  it('is one column if two of its names differ in case alone', async () => {
    const columns = { plan: { column: ['plan', 'PLAN'] } };
    const { rows } = await bench.loadQueries(
      { kind: 'table', mapping: { columns } },
      "SELECT 'gold' AS Plan",
    );
    expect(rows).toMatchObject([{ plan: 'gold' }]);
  });

  it('fails a file that has none of its names, unless it is optional', async () => {
    const file = await bench.write('none.parquet', "SELECT 1 AS n, 'a' AS plan_newer");
    await expect(bench.load(plan(), [file])).rejects.toThrow(
      /column "plan or plan_new": expected it, .* the nearest is "plan_newer"/,
    );
    expect((await bench.load(plan(true), [file])).rows).toMatchObject([{ n: '1', plan: null }]);
  });

  it('is not proposed for another field, though its name is the nearest', async () => {
    const columns = { plan: { column: 'plan_1' }, column: { column: ['Plan_2'] } };
    await expect(
      bench.loadQueries({ kind: 'table', mapping: { columns } }, "SELECT 'a' AS plan_2, 'b' AS plan_three"),
    ).rejects.toThrow('found no such name, among "plan_2", "plan_three"');
  });

  it('is named whole where a row lacks a value', async () => {
    const mapping = { eventName: renamed('name'), unitIds: { userID: { constant: 'u' } } };
    const { refused } = await bench.loadQueries(
      events(mapping),
      'SELECT 1795169730 AS timestamp, NULL::VARCHAR AS name_new',
    );
    expect(refused).toMatchObject([{ detail: 'row 0, event name: column "name or name_new"' }]);
  });
});
