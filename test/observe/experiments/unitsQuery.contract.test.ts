import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { unitsQuery } from '../../../observe/experiments/checkExperiments.ts';
import { translate } from '../../../packages/local-aws/src/trino/index.ts';

const config = defineConfig({
  bucket: 'acme',
  experiments: ['banner', { name: 'checkout', split: { r1: 1, r2: 1 }, since: '2026-11-21' }],
});
const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
const connection = await instance.connect();
afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});
await connection.run(`CREATE SCHEMA sluice;
CREATE TABLE sluice.first_exposures (experiment_id VARCHAR, group_id VARCHAR, group_name VARCHAR,
  unit_type VARCHAR, is_gate BOOLEAN, groups_seen BIGINT, first_day DATE);
INSERT INTO sluice.first_exposures VALUES
  ('checkout', 'r1', NULL, 'user_id', false, 1, '2026-11-20'),
  ('checkout', 'r1', NULL, 'user_id', false, 1, '2026-11-21'),
  ('checkout', 'r1', 'Control', 'user_id', false, 2, '2026-11-22'),
  ('checkout', 'r2', 'Test', 'user_id', false, 1, '2026-11-22'),
  ('checkout', 'r2', 'Test', 'stable_id', false, 1, '2026-11-22'),
  ('banner', 'b1', NULL, 'user_id', false, 3, '2026-11-01'),
  ('flag', 'on', NULL, 'user_id', true, 1, '2026-11-22')`);

const ofCheckout = [
  ['checkout', 'r1', 'Control', '2', '1'],
  ['checkout', 'r2', 'Test', '1', '0'],
];

it.each([
  {
    what: 'of all experiments, and of no gate, since the day of their splits',
    unit: 'user_id',
    experiment: undefined,
    rows: [['banner', 'b1', null, '1', '1'], ...ofCheckout],
  },
  { what: 'of one experiment', unit: 'user_id', experiment: 'checkout', rows: ofCheckout },
  {
    what: 'of another unit',
    unit: 'stable_id',
    experiment: undefined,
    rows: [['checkout', 'r2', 'Test', '1', '0']],
  },
])('units are counted $what', async ({ unit, experiment, rows }) => {
  const { sql } = translate(unitsQuery(config, unit, experiment));
  expect((await connection.runAndReadAll(sql)).getRowsJson()).toEqual(rows);
});
