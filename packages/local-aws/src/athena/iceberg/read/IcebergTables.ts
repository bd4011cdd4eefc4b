import type { TableEntry } from '../../../glue/index.ts';
import { deletesOf, type FileEntry, readFiles, type TableFiles } from '../../../iceberg/index.ts';
import type { ObjectStore } from '../../../s3/model/ObjectStore.ts';
import type { DescribedColumn } from '../../engine/catalogTables.ts';
import type { DataFile } from '../../engine/dataFiles.ts';
import type { TableScan } from '../../engine/prunePartitions.ts';
import { CATALOG, type Session } from '../../engine/Session.ts';
import { StatementError, statementError } from '../../engine/StatementError.ts';
import type { QueryCall } from '../../engine/StatementRunner.ts';
import { emptyTableSql, qualifiedName, type SessionTable } from '../../engine/tableSql.ts';
import { toIcebergFailure } from '../failures.ts';
import { isIcebergTable } from '../glueTable.ts';
import { objectOf, openTableFiles } from '../tableFiles.ts';
import { type LoadedTable, loadIcebergTable, requireParquet } from './loadTable.ts';
import { type MetadataTableName, metadataTable, metadataTableSql } from './metadataTables.ts';
import { type HiddenColumns, hiddenColumns, icebergColumns, type LinkedFile, scanSql } from './scanSql.ts';
import { trinoTypeOf } from './shownTypes.ts';
import { type AskedVersion, atVersion } from './timeTravel.ts';

/** Context of a query's Iceberg tables. */
interface IcebergContext {
  readonly session: Session;
  readonly store: ObjectStore;
  readonly onCall: (call: QueryCall) => void;
  /** Links a file into a folder of the session, and reports its reading. */
  readonly linkFile: (file: DataFile, folder: string) => DataFile;
}

/** The Iceberg tables that a query names: first empty, then views over their data files. */
export class IcebergTables {
  readonly #context: IcebergContext;
  readonly #files: TableFiles;
  readonly #loaded = new Map<string, Promise<LoadedTable>>();
  /** By name in the session: database and table. */
  readonly #added = new Map<string, { readonly loaded: LoadedTable; readonly table: SessionTable }>();
  readonly #hidden: () => HiddenColumns;

  /** @param hidden The hidden columns that tables have, once the query's names are known. */
  constructor(context: IcebergContext, hidden: () => HiddenColumns) {
    this.#context = context;
    this.#files = openTableFiles(context);
    this.#hidden = hidden;
  }

  /** The tables' names and columns in the session. */
  get tables(): readonly SessionTable[] {
    return [...this.#added.values()].map(({ table }) => table);
  }

  /** Creates a table, empty, at its current snapshot or at the version that is asked for. @param key Database and name. */
  async add(key: string, entry: TableEntry, version?: AskedVersion): Promise<void> {
    const { session } = this.#context;
    const current = await this.load(entry);
    const loaded = version === undefined ? current : await atVersion(current, version, session);
    const table = {
      database: entry.databaseName,
      name: version?.clause.table ?? entry.input.Name,
      columns: icebergColumns(loaded.schema.fields),
      keys: [],
      format: 'parquet',
    } as const;
    this.#added.set(key, { loaded, table });
    const columns = [...table.columns, ...hiddenColumns(this.#hidden())];
    await session.run(emptyTableSql({ ...table, columns }, false));
  }

  /** Creates a metadata table with its rows: `"table$files"`. */
  async addMetadata(key: string, entry: TableEntry, name: MetadataTableName): Promise<void> {
    const { session } = this.#context;
    const found = await metadataTable(name, await this.load(entry), this.#files);
    const table = {
      database: entry.databaseName,
      name: `${entry.input.Name}$${name}`,
      columns: found.columns,
      keys: [],
      format: 'parquet',
    } as const;
    this.#metadata.set(key, table);
    await session.run(metadataTableSql(qualifiedName(table.database, table.name), found));
  }
  readonly #metadata = new Map<string, SessionTable>();

  /** The table's metadata, read once in a statement: it sees one state of the table however often it names it. */
  load(entry: TableEntry): Promise<LoadedTable> {
    const key = `${entry.databaseName}.${entry.input.Name}`;
    const loaded = this.#loaded.get(key) ?? loadIcebergTable(entry, this.#files);
    this.#loaded.set(key, loaded);
    return loaded;
  }

  /**
   * The columns of the Iceberg tables among tables, by database and name, from their metadata as in Athena: a table whose
   * metadata cannot be read is left out. https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg.html
   */
  async describe(entries: readonly TableEntry[]): Promise<ReadonlyMap<string, readonly DescribedColumn[]>> {
    const found = new Map<string, readonly DescribedColumn[]>();
    for (const entry of entries.filter(({ input }) => isIcebergTable(input))) {
      try {
        const { schema } = await this.load(entry);
        const columns = schema.fields.map(({ name, type, doc }) => ({
          name: name.toLowerCase(),
          trino: trinoTypeOf(type),
          comment: doc,
        }));
        found.set(`${entry.databaseName}.${entry.input.Name}`, columns);
      } catch (error) {
        if (!(error instanceof StatementError)) throw error;
      }
    }
    return found;
  }

  /** A table of the session by database and name. */
  find(key: string): SessionTable | undefined {
    return this.#added.get(key)?.table ?? this.#metadata.get(key);
  }

  /** Whether the query reads rows of Iceberg tables. */
  get hasRows(): boolean {
    return this.#added.size > 0;
  }

  /** Replaces the empty tables by views over the files of those that are scanned. */
  async attach(scans: readonly TableScan[]): Promise<void> {
    const { session } = this.#context;
    const hidden = this.#hidden();
    const isScanned = (key: string) => scans.some((scan) => scan.table === `${CATALOG}.${key}`);
    const read = new Set(
      [...this.#added].flatMap(([key, { loaded }]) => (isScanned(key) ? [loaded.entry] : [])),
    );
    let number = 0;
    for (const [key, { loaded, table }] of this.#added) {
      number += 1;
      const name = `iceberg_${number}`;
      // In `SELECT t.id FROM t FOR VERSION AS OF 1` only the version of the table is read.
      if (!isScanned(key) && read.has(loaded.entry)) continue;
      const files = await this.#liveFiles(loaded);
      const data = files.filter(({ content }) => content === 'data');
      const deletes = files.filter(({ content }) => content !== 'data');
      const links = new Map<string, LinkedFile>();
      const link = (entry: FileEntry): LinkedFile => {
        const linked = links.get(entry.location) ?? { entry, file: this.#link(entry, name) };
        links.set(entry.location, linked);
        return linked;
      };
      const scanned = data.map((entry) => ({
        ...link(entry),
        deletes: deletesOf(entry, deletes).map(link),
      }));
      const sql = await scanSql(session, loaded, scanned, { name, hidden });
      const view = qualifiedName(table.database, table.name);
      await session.run(`DROP TABLE ${view}; CREATE VIEW ${view} AS ${sql}`);
    }
  }

  async #liveFiles({ metadata, snapshot }: LoadedTable): Promise<readonly FileEntry[]> {
    try {
      return snapshot === undefined ? [] : await readFiles(this.#files, metadata, snapshot);
    } catch (error) {
      throw toIcebergFailure(error);
    }
  }

  #link({ location, format, sizeBytes }: FileEntry, folder: string): DataFile {
    requireParquet(format, location);
    const { store, linkFile } = this.#context;
    const place = objectOf(location);
    const bucket =
      place !== undefined && store.hasBucket(place.bucket) ? store.bucket(place.bucket) : undefined;
    const object = bucket?.find(place?.key ?? '');
    if (place === undefined || bucket === undefined || object === undefined) {
      throw statementError(
        'ICEBERG_CANNOT_OPEN_SPLIT',
        `Error opening Iceberg split ${location} (offset=0, length=${sizeBytes}): the object does not exist`,
      );
    }
    const { size, modifiedMs } = object;
    return linkFile({ path: bucket.pathOf(object), ...place, size, modifiedMs }, folder);
  }
}
