import { messageOf } from '../../base/errors.ts';
import { quoteName } from '../../base/sql.ts';
import { type Catalog, isView, readPrestoView, type TableEntry } from '../../glue/index.ts';
import type { ObjectStore } from '../../s3/model/ObjectStore.ts';
import { parseHiveType, TokenList, translate } from '../../trino/index.ts';
import { informationSchemaSql, partitionsTableSql } from './catalogTables.ts';
import { type DataFile, listDataFiles } from './dataFiles.ts';
import { type NeededPartition, neededPartitions } from './prunePartitions.ts';
import { readScanFilters } from './readScanFilters.ts';
import { CATALOG, type Session } from './Session.ts';
import { notEmulated, type StatementCode, statementError } from './StatementError.ts';
import { type QueryCall, STATEMENT_LIMITS } from './StatementRunner.ts';
import { fileEnding, tableFormatOf } from './tableFormat.ts';
import {
  emptyTableSql,
  filledTableSql,
  qualifiedName,
  type SessionColumn,
  type SessionTable,
} from './tableSql.ts';

/** Context in which a query's names are resolved. */
interface ScopeOptions {
  /** The local Glue. */
  readonly catalog: Catalog;
  /** The local S3, which has the files of tables. */
  readonly store: ObjectStore;
  /** The query's own database in DuckDB. */
  readonly session: Session;
  /** Is called with each call to Glue and S3 that Athena makes for the query, and throws if the caller may not make it. */
  readonly onCall: (call: QueryCall) => void;
}

/** A table with files, and how the session has it. */
interface BaseTable {
  /** The table in the catalog. */
  readonly entry: TableEntry;
  /** The table in the session of DuckDB. */
  readonly table: SessionTable;
}

/** The hidden column that is emulated. */
const PATH_COLUMN = '$path';
/** Hidden columns of Trino's tables of files that are not: https://trino.io/docs/current/connector/hive.html#metadata-columns */
const OTHER_HIDDEN_COLUMN = /^\$(?:bucket|file_modified_time|file_size|partition)$/;
/** The end of the name of a hidden table that lists the partitions of another. */
const PARTITIONS_SUFFIX = '$partitions';

/** The tables and views that a query names, created in its session: first empty, then with the files that it needs. */
export class QueryScope {
  readonly #options: ScopeOptions;
  /** Tables and views that exist in the session, as `database.name`; and `information_schema`. */
  readonly #known = new Set<string>();
  /** Databases that exist in the session. */
  readonly #schemas = new Set<string>();
  /** The tables that have files, as `database.name`. */
  readonly #bases = new Map<string, BaseTable>();
  /** The attached files by their paths in the store. */
  readonly #files = new Map<string, DataFile>();
  /** The `s3://` locations of files by their paths in the session. */
  readonly #locations = new Map<string, string>();
  /** Trino's types of the columns that have a name. */
  readonly #types = new Map<string, Set<string>>();
  /** Whether the query names the hidden column `"$path"`. */
  #hasHiddenColumns = false;

  constructor(options: ScopeOptions) {
    this.#options = options;
  }

  /**
   * Resolves the names in a query and in the views that it reads.
   *
   * @param database The database of unqualified names.
   * @throws StatementError for a table or a hidden column that is not emulated, and for a view that can't be analyzed.
   */
  async resolve(list: TokenList, database: string | undefined): Promise<void> {
    const quoted = list.tokens.flatMap(({ kind, value }) => (kind === 'quoted' ? [value.toLowerCase()] : []));
    const refused = quoted.find((name) => OTHER_HIDDEN_COLUMN.test(name));
    if (refused !== undefined) throw notEmulated(`The column "${refused}"`);
    this.#hasHiddenColumns = quoted.includes(PATH_COLUMN);
    await this.#resolve(list, database, 0);
    await this.#options.session.setDatabase(await this.#schema(database));
  }

  /** Trino's types of the columns of tables and views, by names that have one type in all of them. */
  get columnTypes(): ReadonlyMap<string, string> {
    return new Map(
      [...this.#types].flatMap(([name, types]) => (types.size === 1 ? [[name, [...types].join()]] : [])),
    );
  }

  /**
   * Attaches the files of the partitions that the query needs.
   *
   * @param plan DuckDB's plan of the query over the empty tables.
   * @returns The files, each once.
   */
  async attachFiles(plan: string): Promise<readonly DataFile[]> {
    const { session, store, onCall } = this.#options;
    const scans = readScanFilters(plan);
    for (const [index, [key, { entry, table }]] of [...this.#bases].entries()) {
      if (table.keys.length > 0) reportGlueCall(onCall, 'GetPartitions', table);
      const needed =
        table.keys.length === 0
          ? [wholeTable(entry)]
          : await neededPartitions(session, scans, { table: `${CATALOG}.${key}`, keys: table.keys, entry });
      const linked = needed.flatMap(({ values, location }) => {
        const folder = [
          index,
          ...table.keys.map(({ name }, at) => `${name}=${encodeURIComponent(values[at] ?? '')}`),
        ];
        return listDataFiles(store, location).map((file) =>
          this.#linkFile(file, folder.join('/'), fileEnding(table.format, file)),
        );
      });
      const filled = filledTableSql(table, linked, this.#hasHiddenColumns);
      await session.run(`DROP TABLE ${qualifiedName(table.database, table.name)}; ${filled}`);
    }
    return [...this.#files.values()];
  }

  /** Links a file into the session's folder. A file that two tables share is linked for each of them. */
  #linkFile(file: DataFile, folder: string, ending: string): DataFile {
    const { bucket, key, path } = file;
    if (!this.#files.has(path)) {
      const { store, onCall } = this.#options;
      const { encryption } = store.head(bucket, key).attributes;
      onCall({ service: 's3', operation: 'GetObject', bucket, key, encryption });
      this.#files.set(path, file);
    }
    const sessionPath = this.#options.session.linkFile(path, folder, ending);
    this.#locations.set(sessionPath, `s3://${bucket}/${key}`);
    return { ...file, path: sessionPath };
  }

  /** The `s3://` location of a file that the query reads. */
  locationOf(path: string): string | undefined {
    return this.#locations.get(path);
  }

  /** The error for a table that does not exist. */
  missingTable(
    name: string,
    database: string | undefined,
  ): { readonly code: StatementCode; readonly message: string } {
    const [table = '', schema = database, catalog = CATALOG] = name
      .toLowerCase()
      .split('.')
      .map((part) => part.trim())
      .reverse();
    if (catalog !== CATALOG)
      return { code: 'CATALOG_NOT_FOUND', message: `Catalog '${catalog}' does not exist` };
    if (schema === undefined) {
      return {
        code: 'MISSING_SCHEMA_NAME',
        message: 'Schema must be specified when session schema is not set',
      };
    }
    if (!this.#options.catalog.hasDatabase(schema))
      return { code: 'SCHEMA_NOT_FOUND', message: `Schema '${schema}' does not exist` };
    return { code: 'TABLE_NOT_FOUND', message: `Table '${CATALOG}.${schema}.${table}' does not exist` };
  }

  /** Adds the tables and views that a text names. @param depth How many views it is within. */
  async #resolve(list: TokenList, database: string | undefined, depth: number): Promise<void> {
    for (let index = 0; index < list.length; index += 1) {
      if (list.symbol(index - 1) === '.') continue;
      const chain = nameChain(list, index);
      if (chain.some((name) => name === 'information_schema'))
        await this.#informationSchema(list, chain, database);
      const [first, second, third] = chain;
      if (first === undefined) continue;
      if (database !== undefined) await this.#addTable(database.toLowerCase(), first, depth);
      if (second !== undefined) await this.#addTable(first, second, depth);
      if (third !== undefined && second !== undefined && first === CATALOG)
        await this.#addTable(second, third, depth);
    }
  }

  /** Adds a table or a view to the session, unless it is there or does not exist. */
  async #addTable(database: string, name: string, depth: number): Promise<void> {
    const base = name.endsWith(PARTITIONS_SUFFIX) ? name.slice(0, -PARTITIONS_SUFFIX.length) : name;
    const key = `${database}.${name}`;
    const entry = this.#options.catalog.findTable(database, base);
    if (entry === undefined || this.#known.has(key)) return;
    this.#known.add(key);
    const { session, onCall } = this.#options;
    await this.#schema(database);
    reportGlueCall(onCall, 'GetTable', { database, name: base });
    assertNotIceberg(entry);
    assertNotProjected(entry);
    if (name !== base) {
      const keys = sessionColumns(entry.input.PartitionKeys);
      reportGlueCall(onCall, 'GetPartitions', { database, name: base });
      const rows = entry.partitions.map(({ values }) => values);
      await session.run(partitionsTableSql(database, name, keys, rows));
    } else if (isView(entry)) await this.#view(entry, depth);
    else {
      const table = sessionTable(entry);
      this.#bases.set(key, { entry, table });
      for (const column of [...table.columns, ...table.keys]) this.#addType(column.name, column.trino);
      await session.run(emptyTableSql(table, this.#hasHiddenColumns));
    }
  }

  /** Creates a view, with the tables that it reads. @throws StatementError for one that can't be analyzed. */
  async #view({ databaseName, input }: TableEntry, depth: number): Promise<void> {
    const { session } = this.#options;
    const name = `${CATALOG}.${databaseName}.${input.Name}`;
    const view = readPrestoView(input.ViewOriginalText ?? '');
    if (view === null) throw notEmulated(`The view '${name}', which isn't Athena's own,`);
    if (depth >= STATEMENT_LIMITS.viewDepth)
      throw statementError('VIEW_IS_RECURSIVE', `View '${name}' is recursive`);
    for (const column of view.columns) this.#addType(column.name, column.type);
    const list = new TokenList(view.originalSql);
    await this.#resolve(list, view.schema, depth + 1);
    await session.setDatabase(await this.#schema(view.schema));
    const names = view.columns.map((column) => quoteName(column.name)).join(', ');
    try {
      const { sql } = translate(view.originalSql, {
        hiddenColumns: this.#hasHiddenColumns,
        isStored: true,
      });
      await session.defineMacros(sql);
      await session.run(`CREATE VIEW ${qualifiedName(databaseName, input.Name)} (${names}) AS ${sql}`);
    } catch (error) {
      const why = messageOf(error);
      throw statementError(
        'INVALID_VIEW',
        `Failed analyzing stored view '${name}': ${why}`,
        undefined,
        error,
      );
    }
  }

  /** Notes Trino's type of a column. */
  #addType(name: string, type: string): void {
    const known = this.#types.get(name.toLowerCase());
    if (known === undefined) this.#types.set(name.toLowerCase(), new Set([type]));
    else known.add(type);
  }

  /** Fills `information_schema`, once a query. @param chain The dotted name by which the query names it. */
  async #informationSchema(
    list: TokenList,
    chain: readonly string[],
    database: string | undefined,
  ): Promise<void> {
    if (this.#known.has('information_schema')) return;
    this.#known.add('information_schema');
    const { session, catalog, onCall } = this.#options;
    const texts = new Set(list.tokens.flatMap(({ kind, value }) => (kind === 'text' ? [value] : [])));
    const databases = catalog.databases().map(({ input }) => input.Name);
    const named = databases.filter((name) => texts.has(name));
    // Trino only reads the databases that the condition names (InformationSchemaMetadata, getPrefixes).
    if (chain.includes('schemata') || named.length === 0) reportGlueCall(onCall, 'GetDatabases', {});
    if (!chain.includes('schemata')) {
      for (const name of named.length > 0 ? named : databases)
        reportGlueCall(onCall, 'GetTables', { database: name });
    }
    await session.run(informationSchemaSql(catalog));
    await session.setDatabase(await this.#schema(database));
  }

  /** Creates the schema of a database once. @returns Its name; undefined when the database does not exist. */
  async #schema(name: string | undefined): Promise<string | undefined> {
    const schema = name?.toLowerCase();
    if (schema === undefined || !this.#options.catalog.hasDatabase(schema)) return undefined;
    if (!this.#schemas.has(schema)) {
      this.#schemas.add(schema);
      await this.#options.session.run(`CREATE SCHEMA IF NOT EXISTS ${CATALOG}.${quoteName(schema)}`);
    }
    return schema;
  }
}

/** The dotted name that starts at an index, in lower case; at most three parts. */
function nameChain(list: TokenList, index: number): string[] {
  const names: string[] = [];
  for (let at = index; names.length < 3; at += 2) {
    const token = list.at(at);
    if (token === undefined || (token.kind !== 'word' && token.kind !== 'quoted')) break;
    names.push(token.value.toLowerCase());
    if (list.symbol(at + 1) !== '.') break;
  }
  return names;
}

/** Reports a call to Glue, with the members by which its permissions are found. */
function reportGlueCall(
  onCall: (call: QueryCall) => void,
  operation: string,
  { database, name }: { readonly database?: string; readonly name?: string },
): void {
  const member = operation === 'GetPartitions' ? 'TableName' : 'Name';
  onCall({
    service: 'glue',
    operation,
    input: {
      ...(database === undefined ? {} : { DatabaseName: database }),
      ...(name === undefined ? {} : { [member]: name }),
    },
  });
}

/** Refuses a table of Iceberg. @throws StatementError NOT_SUPPORTED */
export function assertNotIceberg({ input: { Name, Parameters } }: TableEntry): void {
  if (Parameters?.['table_type']?.toLowerCase() === 'iceberg') throw notEmulated(`The Iceberg table ${Name}`);
}

/** Refuses a table whose partitions Athena computes. @throws StatementError NOT_SUPPORTED */
export function assertNotProjected({ input: { Name, PartitionKeys = [], Parameters } }: TableEntry): void {
  if (PartitionKeys.length > 0 && Parameters?.['projection.enabled']?.trim().toLowerCase() === 'true')
    throw notEmulated(`Partition projection, as of the table ${Name},`);
}

/** The location of a table without partition keys. */
function wholeTable({ input: { StorageDescriptor } }: TableEntry): NeededPartition {
  return { values: [], location: StorageDescriptor?.Location ?? '' };
}

/** Glue's columns as columns of the session. @throws StatementError for a type that Athena does not have. */
export function sessionColumns(columns: TableEntry['input']['PartitionKeys'] = []): SessionColumn[] {
  return columns.map(({ Name, Type = 'string' }) => {
    const type = parseHiveType(Type);
    if (type === undefined) throw notEmulated(`The type ${Type} of the column ${Name}`);
    return { name: Name.toLowerCase(), type: type.duckDb, trino: type.trino };
  });
}

/** How the session has a table of Glue. @throws StatementError for a type or a format that Athena does not have. */
function sessionTable(entry: TableEntry): SessionTable {
  const { databaseName, input } = entry;
  return {
    database: databaseName,
    name: input.Name,
    columns: sessionColumns(input.StorageDescriptor?.Columns),
    keys: sessionColumns(input.PartitionKeys),
    format: tableFormatOf(entry),
  };
}
