import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, afterEach, expect, it } from '@jest/globals';
import { unlistedHoldoutsSql } from '../../../observe/doctor/holdouts.ts';

const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
const connection = await instance.connect();
await connection.run('CREATE SCHEMA sluice');
await connection.run(
  'CREATE TABLE sluice.experiment_exposures (experiment_id VARCHAR, group_id VARCHAR, exposure_type VARCHAR, event_id VARCHAR, ds DATE, gate_value BOOLEAN)',
);
await connection.run(
  'CREATE TABLE sluice.secondary_exposures (event_id VARCHAR, gate_id VARCHAR, gate_value BOOLEAN, ds DATE)',
);
afterEach(async () => {
  await connection.run('DELETE FROM sluice.experiment_exposures');
  await connection.run('DELETE FROM sluice.secondary_exposures');
});
afterAll(() => connection.closeSync());

/** Exposures of a rule of one experiment, each with one gate. */
interface Rule {
  /** The rule: the group of the row. */
  readonly rule: string;
  /** What the gate is in the first of them, and in the others. */
  readonly gate: readonly [first: boolean, others: boolean];
  /** How many there are. Default 20. */
  readonly count?: number;
  /** The day of all. Default one that is read. */
  readonly day?: string;
}

/** The gates that are told of these rules. */
async function told(rules: readonly Rule[]) {
  for (const { rule, gate, count = 20, day = '2026-11-18' } of rules) {
    const [first, others] = gate;
    await connection.run(
      `INSERT INTO sluice.experiment_exposures SELECT 'hero', '${rule}', 'config', '${rule}-' || i, DATE '${day}', NULL FROM range(${count}) t(i)`,
    );
    await connection.run(
      `INSERT INTO sluice.secondary_exposures SELECT '${rule}-' || i, 'summer', CASE WHEN i = 0 THEN ${first} ELSE ${others} END, DATE '${day}' FROM range(${count}) t(i)`,
    );
  }
  const sql = unlistedHoldoutsSql({ database: 'sluice' }, '2026-11-13', '2026-11-20');
  const rows = (await connection.runAndReadAll(sql)).getRowObjectsJson();
  return rows.map(({ experiment_id, gate_id, rule, row_count }) => {
    return { experiment: experiment_id, gate: gate_id, rule, rows: Number(row_count) };
  });
}

const OUT: Rule = { rule: 'out', gate: [true, true] };
const control: Rule = { rule: 'control', gate: [false, false] };
const test: Rule = { rule: 'test', gate: [false, false] };

it('a gate that is true for one rule of an experiment alone is told with its exposures', async () => {
  expect(await told([OUT, control, test])).toEqual([
    { experiment: 'hero', gate: 'summer', rule: 'out', rows: 20 },
  ]);
});

it.each<{ what: string; rules: readonly Rule[] }>([
  { what: 'is false once for its rule', rules: [{ ...OUT, gate: [false, true] }, control, test] },
  { what: 'is true once for another rule', rules: [OUT, { ...control, gate: [true, false] }, test] },
  { what: 'is true for two rules', rules: [OUT, { ...OUT, rule: 'out2' }, control, test] },
  { what: 'is false for one rule alone, as of the targeting', rules: [OUT, control] },
  { what: 'is true for less than 20 exposures', rules: [{ ...OUT, count: 19 }, control, test] },
  { what: 'is true on days that are not read', rules: [{ ...OUT, day: '2026-11-12' }, control, test] },
])('a gate is not told that $what', async ({ rules }) => {
  expect(await told(rules)).toEqual([]);
});
