import {
  AthenaClient,
  type GetQueryResultsCommandInput,
  type StartQueryExecutionCommandInput,
} from '@aws-sdk/client-athena';
import { DuckDBInstance } from '@duckdb/node-api';
import { quoteName, quoteText } from '../../lib/base/sql.ts';
import type { Config } from '../../lib/schema/config.ts';
import { tableKinds } from '../../lib/schema/kinds.ts';
import { deliveredTables } from '../../lib/tables/deliveredTables.ts';
import { duckDbType, macroStatements, translate } from '../../packages/local-aws/src/trino/index.ts';
import { type AskedCall, answeredBy } from './answering.ts';

/** A row of a table, by column. Columns that it does not have are null. */
export type TableRow = Readonly<Record<string, string | boolean>>;

/** Athena's text of a value of DuckDB. */
const textOf = (value: unknown) => (value === null ? {} : { VarCharValue: String(value) });

/**
 * An Athena that has the raw tables, quarantine and an empty table of experiment groups, in DuckDB: queries are translated as the local
 * cloud does. Each query reads nine bytes.
 */
export async function tableAthena(config: Config) {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  const database = quoteName(config.database);
  const tables = deliveredTables(config);
  await connection.run(`SET TimeZone = 'UTC'; ${macroStatements()}; CREATE SCHEMA ${database}`);
  await connection.run(
    `CREATE TABLE ${database}.experiment_groups (experiment_id VARCHAR, entity VARCHAR, rule_id VARCHAR, kind VARCHAR, group_name VARCHAR, sent_as VARCHAR)`,
  );
  for (const kind of tableKinds) {
    const columns = tables[kind].columns.map(({ name, type }) => `${quoteName(name)} ${duckDbType(type)}`);
    await connection.run(
      `CREATE TABLE ${database}.${quoteName(tables[kind].name)} (${columns.join(', ')}, "ds" DATE, "$path" VARCHAR)`,
    );
  }
  /** The queries that it was asked, in their order. */
  const asked: string[] = [];
  const athena = answeredBy(
    AthenaClient,
    async ({ name, input }: AskedCall<StartQueryExecutionCommandInput & GetQueryResultsCommandInput>) => {
      if (name === 'StartQueryExecution') {
        asked.push(input.QueryString ?? '');
        return { QueryExecutionId: String(asked.length) };
      }
      if (name === 'GetQueryExecution')
        return {
          QueryExecution: { Status: { State: 'SUCCEEDED' }, Statistics: { DataScannedInBytes: 9 } },
        };
      const reader = await connection.runAndReadAll(
        translate(asked[Number(input.QueryExecutionId) - 1] ?? '').sql,
      );
      const names = reader.deduplicatedColumnNames();
      const rows = [names, ...reader.getRowsJson()].map((row) => ({ Data: row.map(textOf) }));
      const ColumnInfo = names.map((Name) => ({ Name, Type: 'varchar' }));
      return { ResultSet: { ResultSetMetadata: { ColumnInfo }, Rows: rows } };
    },
  );
  return {
    athena,
    asked,
    /** Adds rows to a table, by its name. */
    async insert(table: string, ...rows: readonly TableRow[]): Promise<void> {
      const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
      const sqlOf = (value: string | boolean | undefined) =>
        value === undefined ? 'NULL' : quoteText(String(value));
      const values = rows.map((row) => `(${names.map((name) => sqlOf(row[name])).join(', ')})`);
      await connection.run(
        `INSERT INTO ${database}.${quoteName(table)} (${names.map(quoteName).join(', ')}) VALUES ${values.join(', ')}`,
      );
    },
    /** Forgets all rows and queries, for the next example. */
    async empty(): Promise<void> {
      asked.length = 0;
      const all = tableKinds.map((kind) => `DELETE FROM ${database}.${quoteName(tables[kind].name)}`);
      await connection.run(all.join(';'));
    },
    close(): void {
      connection.closeSync();
      instance.closeSync();
      athena.destroy();
    },
  };
}
