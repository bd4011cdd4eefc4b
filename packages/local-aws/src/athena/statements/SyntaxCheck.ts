import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { SqlError, TokenList, translate } from '../../trino/index.ts';
import { translateDuckDbError } from '../engine/duckDbErrors.ts';
import { toStatementError } from '../engine/StatementError.ts';
import type { QueryText } from './Statement.ts';

/** Checks the syntax of queries before they run: DuckDB parses their translation. */
export class SyntaxCheck {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#instance = instance;
    this.#connection = connection;
  }

  /** Opens a DuckDB that only parses. */
  static async open(): Promise<SyntaxCheck> {
    const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
    const connection = await instance.connect();
    await connection.run('SET errors_as_json = true');
    return new SyntaxCheck(instance, connection);
  }

  /**
   * @param statement The whole statement of the query.
   * @throws StatementError `SYNTAX_ERROR` with the position in the statement. Other errors are reported when the query runs.
   */
  async check(query: QueryText, statement: string): Promise<void> {
    let translation: ReturnType<typeof translate>;
    try {
      const { tokens } = new TokenList(query.sql);
      const parameters = tokens.filter(({ kind }) => kind === 'parameter').map(() => 'NULL');
      translation = translate(query.sql, { parameters });
    } catch (error) {
      if (error instanceof SqlError && error.code !== 'SYNTAX_ERROR') return;
      throw toStatementError(error, statement, query.offset);
    }
    try {
      await this.#connection.extractStatements(translation.sql);
    } catch (error) {
      throw translateDuckDbError(error, {
        sql: statement,
        shift: query.offset,
        translation,
        prefix: 0,
        missingTable: (name) => ({ code: 'TABLE_NOT_FOUND', message: name }),
        locationOf: () => undefined,
      });
    }
  }

  /** Closes DuckDB. */
  close(): void {
    this.#connection.closeSync();
    this.#instance.closeSync();
  }
}
