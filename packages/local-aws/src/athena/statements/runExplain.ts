import type { TableEntry } from '../../glue/index.ts';
import { TokenList } from '../../trino/index.ts';
import { MOST_CHARACTERS, textColumn } from '../engine/columnTypes.ts';
import { readScanFilters, type TableScan } from '../engine/readScanFilters.ts';
import { CATALOG } from '../engine/Session.ts';
import type { StatementResult } from '../engine/StatementRunner.ts';
import { openQuery, type QueryRun, resultColumns, rowsFrom } from './queryStatements.ts';
import type { Statement } from './Statement.ts';

/** Trino's estimate without statistics of the tables. */
const ESTIMATE = {
  outputRowCount: 'NaN',
  outputSizeInBytes: 'NaN',
  cpuCost: 'NaN',
  maxMemory: 'NaN',
  networkCost: 'NaN',
};

/** Runs EXPLAIN of a query over empty tables: names and types are checked, and no file is read. */
export async function runExplain(
  { query, type }: Extract<Statement, { kind: 'explain' }>,
  run: QueryRun,
): Promise<Omit<StatementResult, 'statementType' | 'substatementType'>> {
  const { session, context } = run;
  const open = await openQuery(query, { ...run, nameColumns: true });
  try {
    const tables = tablesOf(readScanFilters(open.plan), run);
    for (const { databaseName, input } of tables) {
      if ((input.PartitionKeys ?? []).length === 0) continue;
      const named = { DatabaseName: databaseName, TableName: input.Name };
      context.onCall({ service: 'glue', operation: 'GetPartitions', input: named });
    }
    const names = resultColumns(open.columns, new TokenList(query.sql)).map(({ name }) => name);
    const lines =
      type === 'io'
        ? JSON.stringify(ioPlan(tables), null, 2).split('\n')
        : [`Output[columnNames = [${names.join(', ')}]]`, ...tables.map(scanLine)];
    // The first row of an EXPLAIN is the column's name; SHOW has no such row:
    // https://github.com/dbt-labs/dbt-adapters/blob/main/dbt-athena/tests/functional/adapter/test_connections.py, which runs on AWS
    const column = { ...textColumn('Query Plan'), type: 'varchar', precision: MOST_CHARACTERS };
    return {
      columns: [column],
      rows: rowsFrom(lines.map((line) => [line])),
      scannedBytes: () => 0,
      output: 'txt',
      header: true,
    };
  } catch (error) {
    throw context.signal.aborted ? context.signal.reason : open.translateError(error);
  } finally {
    session.close();
  }
}

/** The tables that a query reads, each once, also those below views. */
function tablesOf(scans: readonly TableScan[], { runner }: QueryRun): readonly TableEntry[] {
  const names = new Set(scans.map(({ table }) => table));
  return [...names].flatMap((table) => {
    const [catalog, database = '', ...name] = table.split('.');
    const entry = catalog === CATALOG ? runner.catalog.findTable(database, name.join('.')) : undefined;
    return entry === undefined ? [] : [entry];
  });
}

/**
 * The plan of `EXPLAIN (TYPE IO)` in Trino's form, without what narrows the columns. Clients find the sources of a query
 * in it. https://trino.io/docs/current/sql/explain.html#explain-type-io
 */
function ioPlan(tables: readonly TableEntry[]): object {
  return {
    inputTableColumnInfos: tables.map(({ databaseName, input }) => ({
      table: { catalog: CATALOG, schemaTable: { schema: databaseName, table: input.Name } },
      constraint: { none: false, columnConstraints: [] },
      estimate: ESTIMATE,
    })),
    estimate: ESTIMATE,
  };
}

/** A table as Trino's plan shows it. */
function scanLine({ databaseName, input }: TableEntry): string {
  return `   └─ TableScan[table = ${CATALOG}.${databaseName}.${input.Name}]`;
}
