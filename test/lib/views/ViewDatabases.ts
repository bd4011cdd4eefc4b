import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { quoteName, quoteText } from '../../../lib/base/sql.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { curatedTables } from '../../../lib/curate/curatedTables.ts';
import { type GroupRow, writeGroupRows } from '../../../lib/groups/GroupRow.ts';
import type { Config } from '../../../lib/schema/config.ts';
import { type ForwardedKind, forwardedKinds } from '../../../lib/schema/kinds.ts';
import { forwardedTables } from '../../../lib/tables/deliveredTables.ts';
import { groupsTable } from '../../../lib/tables/groupsTable.ts';
import type { Column } from '../../../lib/tables/Table.ts';
import { type CuratedDays, nothingCurated } from '../../../lib/views/curatedDays.ts';
import { qualifiedName, type ViewName } from '../../../lib/views/View.ts';
import { viewNames } from '../../../lib/views/viewNames.ts';
import { views } from '../../../lib/views/views.ts';
import { createViews, duckDbType } from '../../../packages/local-aws/src/trino/index.ts';
import type { LandedRow } from './openData.ts';
import { viewDifferences } from './viewDifferences.ts';

/** The configuration of views that are compared. */
export const configOf = (database: string, holdouts = true) =>
  defineConfig({
    bucket: 'acme-experiments',
    database,
    unitIds: { companyID: 'company_id' },
    // Without holdouts, its name is known and not that it is one.
    ...(holdouts
      ? { experiments: ['checkout'], holdouts: ['spring_holdout'] }
      : { experiments: ['checkout', 'spring_holdout'] }),
    jsonPaths: {
      plan: 'user.custom.plan',
      tier: 'user.custom.plan-tier',
      page: 'statsigMetadata.currentPage',
      sku: 'metadata.sku',
    },
  });

/** Contents of the databases. */
interface Contents {
  readonly rows: Readonly<Record<ForwardedKind, readonly LandedRow[]>>;
  /** The rows of a curated table; or the Parquet files of each day. */
  readonly curated: (kind: ForwardedKind) => readonly object[] | ReadonlyMap<string, readonly string[]>;
  readonly groups: readonly GroupRow[];
  /** Whether the configuration names the holdout. */
  readonly holdouts: boolean;
  /** The days that a view reads from curated tables, asked for every view. */
  readonly lists: () => CuratedDays;
}

/** A DuckDB with the views of a configuration twice, over the same tables: `before` without curated days, `after` with. */
export class ViewDatabases implements AsyncDisposable {
  readonly #folder: string;
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;

  private constructor(folder: string, instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#folder = folder;
    this.#instance = instance;
    this.#connection = connection;
  }

  /** @param folder For temporary files. */
  static async open(folder: string): Promise<ViewDatabases> {
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    await connection.run("SET TimeZone = 'UTC'; SET default_null_order = 'NULLS LAST'");
    return new ViewDatabases(folder, instance, connection);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection.closeSync();
    this.#instance.closeSync();
  }

  /** Fills both databases. Earlier contents are removed. */
  async fill({ rows, curated, groups, holdouts, lists }: Contents): Promise<void> {
    const before = configOf('before', holdouts);
    const after = configOf('after', holdouts);
    await this.#connection.run(
      'DROP SCHEMA IF EXISTS before CASCADE; DROP SCHEMA IF EXISTS after CASCADE; CREATE SCHEMA before; CREATE SCHEMA after',
    );
    for (const kind of forwardedKinds) {
      const raw = forwardedTables(before)[kind];
      const made = curatedTables(before)[kind];
      await this.makeTable(raw.name, [...raw.columns, raw.partitionKey], rows[kind]);
      const landed = curated(kind);
      if (landed instanceof Map) await this.#readFiles(made.name, landed);
      else await this.makeTable(made.name, [...made.columns, made.partitionKey], [...landed.values()]);
    }
    const lines = groups.length === 0 ? [] : writeGroupRows(groups).trimEnd().split('\n');
    await this.makeTable(
      groupsTable.name,
      groupsTable.columns,
      lines.map((line): object => JSON.parse(line)),
    );
    const { exposures, events } = before.tables;
    for (const name of [exposures, events, ...Object.values(before.curatedTables), groupsTable.name]) {
      await this.#connection.run(`CREATE VIEW after.${quoteName(name)} AS FROM before.${quoteName(name)}`);
    }
    await this.#makeViews(before, () => nothingCurated);
    await this.#makeViews(after, lists);
  }

  /** How many rows a view has without curated days, and how many different rows both do not have equally often. */
  async compare(name: ViewName): Promise<{ readonly rows: number; readonly different: number }> {
    const [one, other] = ['before', 'after'].map((database) => qualifiedName({ database }, name));
    const [rows = 0, different = -1] = await this.numbers(
      viewDifferences(views(configOf('before'))[name], one ?? '', other ?? ''),
    );
    return { rows, different };
  }

  /** The first row of a query, as numbers. */
  async numbers(sql: string): Promise<number[]> {
    const [row = []] = (await this.#connection.runAndReadAll(sql)).getRows();
    return row.map(Number);
  }

  /** Makes a table of `before`. */
  async makeTable(
    name: string,
    columns: readonly Pick<Column, 'name' | 'type'>[],
    rows: readonly object[],
  ): Promise<void> {
    const file = join(this.#folder, 'rows.json');
    writeFileSync(file, rows.map((row) => JSON.stringify(row)).join('\n'));
    const types = columns.map(
      (column) => `${quoteText(column.name)}: ${quoteText(duckDbType(column.type) ?? '')}`,
    );
    await this.#connection.run(
      `CREATE TABLE before.${quoteName(name)} AS SELECT * FROM read_json(${quoteText(file)}, format = 'newline_delimited', columns = {${types.join(', ')}})`,
    );
  }

  async #readFiles(name: string, days: ReadonlyMap<string, readonly string[]>): Promise<void> {
    const read = [...days].map(
      ([day, files]) =>
        `SELECT *, DATE ${quoteText(day)} AS ds FROM read_parquet([${files.map(quoteText).join(', ')}])`,
    );
    await this.#connection.run(
      `CREATE TABLE before.${quoteName(name)} AS ${read.join(' UNION ALL BY NAME ')}`,
    );
  }

  async #makeViews(config: Config, lists: () => CuratedDays): Promise<void> {
    const made = viewNames.map((name) => views(config, lists())[name]);
    const unmade = await createViews(
      this.#connection,
      made.map(({ name, sql, columns }) => ({
        database: config.database,
        name,
        sql,
        columns: columns.map((column) => column.name),
      })),
    );
    if (unmade.length > 0) throw new Error(unmade.map(({ reason }) => reason).join('\n'));
  }
}
