import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { icebergTableInput } from '../../../src/athena/iceberg/glueTable.ts';
import { openTableFiles } from '../../../src/athena/iceberg/tableFiles.ts';
import { fieldIds } from '../../../src/athena/iceberg/types.ts';
import {
  applySnapshot,
  boundBytes,
  changeProperties,
  changeSchema,
  type IcebergField,
  type IcebergType,
  type IcebergValue,
  type NewFile,
  newTable,
  type PartitionSpec,
  type PartitionValue,
  type SchemaChange,
  type SnapshotChange,
  schemaOf,
  snapshotOf,
  type TableMetadata,
  writeMetadata,
} from '../../../src/iceberg/index.ts';
import { temporaryDirectory } from '../../../src/testing/temporaryDirectory.ts';
import { openLake } from '../sql/openLake.ts';

/** A column of a test's table: its name and type. IDs are given in order, starting at 1. */
export type Column = readonly [name: string, type: IcebergType];

/** How a data file is written. */
export interface FileOptions {
  /** The columns that the file has, by default the table's; null for a file without IDs. */
  readonly fields?: readonly IcebergField[] | null;
  readonly partition?: ReadonlyMap<number, PartitionValue>;
  readonly specId?: number;
  /** The lowest and highest value of a column, by its name, and how many are null. */
  readonly bounds?: Readonly<
    Record<string, readonly [low: IcebergValue, high: IcebergValue, nulls?: number]>
  >;
}

/** The local Athena with Iceberg tables in a bucket `ice` that the format's own functions and DuckDB write. */
export async function openIceberg() {
  const lake = await openLake();
  const scratch = temporaryDirectory();
  lake.store.createBucket('ice');
  const files = openTableFiles({ store: lake.store, onCall: () => {} });
  let names = 0;
  let snapshots = 100n;

  /** Writes a query's rows (DuckDB's SQL) as a Parquet file. */
  const put = async (location: string, sql: string, options: string) => {
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    const path = join(scratch.path, 'rows.parquet');
    await connection.run(`SET TimeZone = 'UTC'; COPY (${sql}) TO '${path}' (FORMAT parquet${options})`);
    const [[rows] = []] = (await connection.runAndReadAll(`SELECT count(*) FROM (${sql})`)).getRowsJS();
    connection.closeSync();
    instance.closeSync();
    const key = location.slice('s3://ice/'.length);
    const { size } = await lake.store.put('ice', key, createReadStream(path));
    return { size, rows: Number(rows) };
  };

  const create = async (
    name: string,
    columns: readonly Column[],
    partition: readonly { readonly column: string; readonly transform: string; readonly name: string }[] = [],
  ) => {
    const fields = columns.map(([column, type], index) => ({
      id: index + 1,
      name: column,
      required: false,
      type,
    }));
    const idOf = (column: string) => fields.find((field) => field.name === column)?.id ?? 0;
    let metadata = newTable({
      location: `s3://ice/${name}`,
      schema: { type: 'struct', fields },
      spec: {
        fields: partition.map((part) => ({
          'source-id': idOf(part.column),
          name: part.name,
          transform: part.transform,
        })),
      },
      properties: {},
      now: lake.athena.clock.now(),
      uuid: '11111111-2222-4333-8444-555555555555',
    });
    let location = await writeMetadata(files, metadata, null);
    lake.catalog.createTable('db', icebergTableInput(name, metadata, location));

    const save = async (changed: TableMetadata) => {
      location = await writeMetadata(files, changed, location);
      metadata = changed;
      lake.catalog.updateTable('db', icebergTableInput(name, metadata, location));
    };
    const commit = async (change: SnapshotChange) => {
      lake.athena.clock.advance(60_000);
      snapshots += 1n;
      const at = { now: lake.athena.clock.now(), snapshotId: snapshots };
      await save((await applySnapshot(files, metadata, change, at)).metadata);
      return snapshots;
    };
    const write = async (
      content: NewFile['content'],
      sql: string,
      { fields: own, partition: values = new Map(), specId, bounds = {} }: FileOptions,
    ): Promise<NewFile> => {
      names += 1;
      const target = `s3://ice/${name}/data/${names}.parquet`;
      const ids = own === undefined ? schemaOf(metadata).fields : own;
      const { size, rows } = await put(target, sql, ids === null ? '' : `, FIELD_IDS ${fieldIds(ids)}`);
      const known = Object.entries(bounds).flatMap(([column, range]) => {
        const field = schemaOf(metadata).fields.find((candidate) => candidate.name === column);
        return field === undefined ? [] : [{ field, range }];
      });
      return {
        content,
        location: target,
        format: 'PARQUET',
        specId: specId ?? metadata['default-spec-id'],
        partition: values,
        recordCount: BigInt(rows),
        sizeBytes: BigInt(size),
        valueCounts: new Map(known.map(({ field }) => [field.id, BigInt(rows)])),
        nullCounts: new Map(known.map(({ field, range }) => [field.id, BigInt(range[2] ?? 0)])),
        nanCounts: new Map(known.map(({ field }) => [field.id, 0n])),
        lowerBounds: new Map(known.map(({ field, range }) => [field.id, boundBytes(field.type, range[0])])),
        upperBounds: new Map(known.map(({ field, range }) => [field.id, boundBytes(field.type, range[1])])),
      };
    };
    return {
      get metadata() {
        return metadata;
      },
      get location() {
        return location;
      },
      get snapshot() {
        return snapshotOf(metadata);
      },
      /** Writes rows as a data file. @returns Its location, size and snapshot. */
      async add(sql: string, options: FileOptions = {}) {
        const file = await write('data', sql, options);
        const snapshot = await commit({ operation: 'append', added: [file] });
        return { location: file.location, size: Number(file.sizeBytes), snapshot };
      },
      /** Deletes rows of data files by their numbers. */
      async deleteRows(
        rows: readonly (readonly [location: string, pos: number])[],
        options: FileOptions = {},
      ) {
        const values = rows.map(([data, pos]) => `('${data}', ${pos}::BIGINT)`).join(', ');
        const file = await write(
          'position-deletes',
          `SELECT * FROM (VALUES ${values}) AS t(file_path, pos)`,
          {
            fields: null,
            ...options,
          },
        );
        return commit({ operation: 'overwrite', added: [file] });
      },
      /** Deletes the rows that are equal to rows (DuckDB's SQL) in some columns. */
      async deleteEqual(sql: string, columns: readonly IcebergField[], options: FileOptions = {}) {
        const file = await write('equality-deletes', sql, { fields: columns, ...options });
        return commit({
          operation: 'overwrite',
          added: [{ ...file, equalityIds: columns.map(({ id }) => id) }],
        });
      },
      async remove(removed: readonly string[]) {
        return commit({ operation: 'delete', added: [], removed });
      },
      async change(...changes: readonly SchemaChange[]) {
        await save(changeSchema(metadata, changes, lake.athena.clock.now()));
      },
      async set(properties: Readonly<Record<string, string>>) {
        await save(changeProperties(metadata, properties, [], lake.athena.clock.now()));
      },
      /** Adds a partition spec, which becomes the table's. */
      async evolve(spec: PartitionSpec) {
        await save({
          ...metadata,
          'partition-specs': [...metadata['partition-specs'], spec],
          'default-spec-id': spec['spec-id'],
          'last-partition-id': Math.max(...spec.fields.map((field) => field['field-id'])),
        });
      },
      commit,
      write,
    };
  };

  return {
    ...lake,
    files,
    create,
    async close() {
      scratch.remove();
      await lake.close();
    },
  };
}
