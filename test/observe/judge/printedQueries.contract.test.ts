import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { forwardedTables } from '../../../lib/tables/deliveredTables.ts';
import { macroStatements, translate } from '../../../packages/local-aws/src/trino/index.ts';
import { eachNpxWords } from '../../harness/npxWords.ts';
import { cases } from '../judgeCases/cases.ts';
import { configuredCases } from '../judgeCases/configured.ts';
import { seldomCases } from '../judgeCases/seldom.ts';
import { severalCases } from '../judgeCases/several.ts';
import { severalDays } from '../judgeCases/severalDays.ts';
import { severalDrops } from '../judgeCases/severalDrops.ts';
import { severalRequests } from '../judgeCases/severalRequests.ts';
import { judge } from './judge.ts';

const unitIds = { companyID: 'company_id', teamID: 'team_id' };
const tables = Object.values(forwardedTables(defineConfig({ bucket: 'acme', unitIds })));
/** DuckDB's types of columns whose name there is another. */
const DUCKDB_TYPES: Readonly<Record<string, string>> = { string: 'VARCHAR' };

const several = [severalCases, severalDays, severalDrops, severalRequests, seldomCases];
const found = [
  ...[...cases, ...several.flatMap((states) => Object.entries(states))].flatMap(([, facts]) => judge(facts)),
  ...Object.values(configuredCases).flatMap(({ config, facts }) => judge(facts, config)),
];
const codes = new Map(
  found.flatMap(({ code, commands }) => commands.map((command) => [command, code] as const)),
);
const commands = [...codes.keys()].filter((command) => command.startsWith('npx sluice query '));
const queries = eachNpxWords(commands)
  .map(([, sql = ''], i) => ({ code: codes.get(commands[i] ?? ''), sql }))
  .filter(({ sql }) => sql.startsWith('SELECT '));

const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
const connection = await instance.connect();
beforeAll(async () => {
  await connection.run(`SET TimeZone = 'UTC'; ${macroStatements()}; CREATE SCHEMA sluice`);
  for (const { name, columns, partitionKey } of tables) {
    const all = [...columns, partitionKey].map(
      (column) => `"${column.name}" ${DUCKDB_TYPES[column.type] ?? column.type}`,
    );
    await connection.run(`CREATE TABLE sluice.${name} (${all.join(', ')})`);
  }
  await connection.run('USE sluice');
});
afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

it('findings print queries of both tables', () => {
  for (const { name } of tables) expect(queries.filter(({ sql }) => sql.includes(name))).not.toHaveLength(0);
});

it.each(queries)('a query that $code prints runs', async ({ sql }) => {
  await expect(connection.run(translate(sql).sql)).resolves.toBeDefined();
});

it('a name that came before is not new with another version', async () => {
  const [{ sql } = { sql: '' }] = queries.filter((query) => query.sql.includes('HAVING min('));
  const rows = [
    "('view', 'js-client', '1.0.0', TIMESTAMP '2026-11-10 08:00:00', DATE '2026-11-10')",
    "('view', 'js-client', '2.0.0', TIMESTAMP '2026-11-19 08:00:00', DATE '2026-11-19')",
    "('buy', 'js-client', '1.0.0', TIMESTAMP '2026-11-19 08:00:00', DATE '2026-11-19')",
    "('buy', 'ios-client', '2.0.0', TIMESTAMP '2026-11-19 09:00:00', DATE '2026-11-19')",
  ];
  await connection.run('BEGIN');
  await connection.run(
    `INSERT INTO statsig_forwarded_events ("event_name", "sdk_type", "sdk_version", "received_at", "ds") VALUES ${rows.join(', ')}`,
  );
  const read = await connection.runAndReadAll(translate(sql).sql);
  await connection.run('ROLLBACK');
  expect(read.getRowObjectsJson()).toEqual([
    {
      event_name: 'buy',
      rows: '2',
      first: '2026-11-19 08:00:00',
      last_sdk: 'ios-client',
      last_version: '2.0.0',
    },
  ]);
});
