import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { textFormatter } from '../../src/athena/engine/textFormat.ts';
import { macroStatements } from '../../src/trino/macros/macroStatements.ts';
import { translate } from '../../src/trino/translate/translate.ts';

/** Runs Athena's SQL, translated, in a DuckDB of its own. */
export interface Answers {
  /** The text of the only value of `SELECT <expression>`. */
  value(expression: string): Promise<string | null>;
  /** All rows of a query, as text. */
  rows(sql: string): Promise<(string | null)[][]>;
  /** Closes DuckDB. */
  close(): void;
}

/** Opens DuckDB with the macros. */
export async function openAnswers(): Promise<Answers> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection: DuckDBConnection = await instance.connect();
  await connection.run(`SET TimeZone = 'UTC'; ${macroStatements()}`);
  const rows = async (sql: string) => {
    const reader = await connection.runAndReadAll(translate(sql).sql);
    const texts = reader.columnTypes().map((type) => textFormatter(type));
    return reader.getRows().map((row) => row.map((value, index) => texts[index]?.(value) ?? null));
  };
  return {
    rows,
    value: async (expression) => (await rows(`SELECT ${expression}`))[0]?.[0] ?? null,
    close: () => {
      connection.closeSync();
      instance.closeSync();
    },
  };
}
