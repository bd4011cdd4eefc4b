import { textColumn, trinoTypeName } from '../engine/columnTypes.ts';
import { explainEmpty, readScanFilters } from '../engine/prunePartitions.ts';
import { sessionColumns } from '../engine/QueryScope.ts';
import { statementError } from '../engine/StatementError.ts';
import type { StatementResult } from '../engine/StatementRunner.ts';
import { isProjected } from '../partitions/readProjection.ts';
import { isIcebergTableAs, queryFields } from '../statements/icebergStatements.ts';
import { assertInsertColumns, assertInsertTypes } from '../statements/insertChecks.ts';
import {
  type OpenQuery,
  openQuery,
  type QueryRun,
  resultColumns,
  rowsFrom,
} from '../statements/queryStatements.ts';
import { resolveTableName, type Statement } from '../statements/Statement.ts';
import { assertColumnNames, assertColumns, hiveColumns } from '../statements/writeStatements.ts';
import { ioPlan } from './ioPlan.ts';
import { analyzedJson, type PlanNode, planGraph, planJson, planText, readPlan } from './planTree.ts';

type Explain = Extract<Statement, { kind: 'explain' }>;

/**
 * Runs EXPLAIN: the plan is DuckDB's under Trino's names and in Trino's forms, over empty tables, so no file is read.
 * EXPLAIN ANALYZE runs the query. https://docs.aws.amazon.com/athena/latest/ug/athena-explain-statement.html
 */
export async function runExplain(
  statement: Explain,
  run: QueryRun,
): Promise<Omit<StatementResult, 'statementType' | 'substatementType'>> {
  const { query, analyze, type, explained } = statement;
  const { session, context } = run;
  const names = explained.kind !== 'createTableAs';
  const open = await openQuery(query, { ...run, nameColumns: names });
  const prefix = 'EXPLAIN (ANALYZE, FORMAT json) ';
  try {
    const output = statement.target ?? (await checkTarget(explained, run, open));
    if (type === 'validate') return lineResult([['true']], 'Valid');
    if (!analyze) return lineResult(await planLines(statement, run, open, output));
    const scannedBytes = await open.attachFiles();
    const ran = String((await session.read(`${prefix}${open.sql}`)).getRowsJS()[0]?.[1]);
    const root = readPlan(ran, outputsOf(open));
    const lines =
      statement.format === 'json'
        ? JSON.stringify(analyzedJson(root), null, 2).split('\n')
        : ['Fragment 1 [SINGLE]', ...planText(root).map((line) => `    ${line}`)];
    return { ...lineResult(lines.map((line) => [line])), scannedBytes: () => scannedBytes };
  } catch (error) {
    throw context.signal.aborted ? context.signal.reason : open.translateError(error, prefix.length);
  } finally {
    session.close();
  }
}

async function planLines(
  { type, format, query }: Explain,
  { session, runner, context }: QueryRun,
  open: OpenQuery,
  output: Target | undefined,
): Promise<string[][]> {
  const plan = await explainEmpty(session, open.sql);
  const scans = readScanFilters(plan);
  const find = (database: string, name: string) =>
    runner.catalog
      .databases()
      .find(({ input }) => input.Name === database)
      ?.tables.get(name);
  const partitioned = new Set(
    scans.flatMap(({ table }) => {
      const [, database = '', ...name] = table.split('.');
      const entry = find(database, name.join('.'));
      const keys = entry?.input.PartitionKeys ?? [];
      return entry === undefined || keys.length === 0 || isProjected(entry)
        ? []
        : [JSON.stringify({ DatabaseName: database, TableName: name.join('.') })];
    }),
  );
  for (const input of partitioned)
    context.onCall({ service: 'glue', operation: 'GetPartitions', input: JSON.parse(input) });
  const asLines = (text: string) => text.split('\n').map((line) => [line]);
  if (type === 'io') return asLines(JSON.stringify(await ioPlan({ session, scans, find, output }), null, 2));
  const outputs = outputsOf(open, /^[\s(]*values\b/i.test(query.sql));
  const read = readPlan(plan, outputs);
  const root = output === undefined ? read : withWriter(read, output);
  const distributed = type === 'distributed';
  if (format === 'json') {
    const document = planJson(root);
    return asLines(JSON.stringify(distributed ? { '0': document } : document, null, 2));
  }
  if (format === 'graphviz')
    return asLines(planGraph(root, distributed ? 'distributed' : 'logical').join('\n'));
  const lines = planText(root);
  return (distributed ? ['Fragment 0 [SINGLE]', ...lines.map((line) => `    ${line}`)] : lines).map(
    (line) => [line],
  );
}

/** The columns of the result with Trino's types. */
function outputsOf(open: OpenQuery, values = false): PlanNode['outputs'] {
  const named = resultColumns(open.columns, values);
  return open.columns.map(({ type, text }, index) => ({
    symbol: named[index]?.name ?? '',
    type: trinoTypeName(type, text),
  }));
}

type Target = NonNullable<Explain['target']>;

function withWriter(root: PlanNode, { database, name }: Target): PlanNode {
  const rows = [{ symbol: 'rows', type: 'bigint' }];
  const descriptor = { table: `awsdatacatalog:${database}:${name}` };
  return {
    ...root,
    descriptor: { columnNames: '[rows]' },
    outputs: rows,
    children: [{ name: 'TableWriter', descriptor, outputs: rows, details: [], children: root.children }],
  };
}

/**
 * Checks what a statement writes to as the statement itself does, before it would write.
 *
 * @returns The table that it writes to; undefined when it writes to none.
 */
async function checkTarget(
  explained: Explain['explained'],
  run: QueryRun,
  open: OpenQuery,
): Promise<Target | undefined> {
  if (explained.kind === 'query' || explained.kind === 'unload') return undefined;
  const { runner, context } = run;
  const target = resolveTableName(explained.name, context.database);
  const { database, name } = target;
  const databases = runner.catalog.databases();
  const found = databases.find(({ input }) => input.Name === database);
  const entry = found?.tables.get(name);
  const place = { sql: run.statement, offset: explained.name.offset };
  context.onCall({ service: 'glue', operation: 'GetTable', input: { DatabaseName: database, Name: name } });
  if (explained.kind === 'createTableAs') {
    if (found === undefined)
      throw statementError('SCHEMA_NOT_FOUND', `Schema '${database}' does not exist`, place);
    const table = `Table 'awsdatacatalog.${database}.${name}' already exists`;
    if (entry !== undefined && !explained.ifNotExists)
      throw statementError('TABLE_ALREADY_EXISTS', table, place);
    assertColumnNames(explained, run.statement);
    await assertColumns(open, run.statement);
    // Trino asks the connector for the layout of the new table, whose types it refuses.
    if (isIcebergTableAs(explained)) queryFields(open);
    else hiveColumns(open);
    return target;
  }
  if (entry === undefined)
    throw statementError(
      'TABLE_NOT_FOUND',
      `Table 'awsdatacatalog.${database}.${name}' does not exist`,
      place,
    );
  if (entry.input.TableType === 'VIRTUAL_VIEW')
    throw statementError('NOT_SUPPORTED', 'Inserting into views is not supported');
  const { StorageDescriptor, PartitionKeys } = entry.input;
  const all = [...sessionColumns(StorageDescriptor?.Columns), ...sessionColumns(PartitionKeys)];
  const listed = explained.columns ?? all.map((column) => column.name);
  assertInsertColumns(
    listed,
    all.map((column) => column.name),
  );
  assertInsertTypes(
    listed.map((column) => all.find((known) => known.name === column)?.trino ?? ''),
    open,
    explained.query.sql,
  );
  return target;
}

/**
 * Lines under the column's name: the first row of an EXPLAIN is `Query Plan`, and of SHOW there is no such row.
 * https://github.com/dbt-labs/dbt-adapters/blob/main/dbt-athena/tests/functional/adapter/test_connections.py, which runs on AWS
 */
function lineResult(
  rows: string[][],
  name = 'Query Plan',
): Omit<StatementResult, 'statementType' | 'substatementType'> {
  const column =
    name === 'Valid'
      ? { ...textColumn(name), type: 'boolean' }
      : { ...textColumn(name), type: 'varchar', precision: 2_147_483_647 };
  return { columns: [column], rows: rowsFrom(rows), scannedBytes: () => 0, output: 'txt', header: true };
}
