import { quoteName, quoteText } from '../../../base/sql.ts';
import {
  boundValue,
  type FileEntry,
  type IcebergField,
  type IcebergType,
  type IcebergValue,
  type Manifest,
  type PartitionField,
  readFiles,
  readManifestList,
  snapshotOf,
  type TableFiles,
  type TableMetadata,
  transformedType,
} from '../../../iceberg/index.ts';
import type { SessionColumn } from '../../engine/tableSql.ts';
import { toIcebergFailure } from '../failures.ts';
import { duckDbTypeOf } from '../types.ts';
import type { LoadedTable } from './loadTable.ts';
import { trinoTypeOf } from './shownTypes.ts';
import { humanValue, valueSql } from './valueSql.ts';

/** The rows of a metadata table: SQL expressions. */
interface MetadataTable {
  readonly columns: readonly SessionColumn[];
  readonly rows: readonly (readonly string[])[];
}

const COLUMNS = {
  history: [
    'made_current_at timestamp',
    'snapshot_id bigint',
    'parent_id bigint',
    'is_current_ancestor boolean',
  ],
  snapshots: [
    'committed_at timestamp',
    'snapshot_id bigint',
    'parent_id bigint',
    'operation varchar',
    'manifest_list varchar',
    'summary texts',
  ],
  manifests: [
    'path varchar',
    'length bigint',
    'partition_spec_id integer',
    'added_snapshot_id bigint',
    'added_data_files_count integer',
    'added_rows_count bigint',
    'existing_data_files_count integer',
    'existing_rows_count bigint',
    'deleted_data_files_count integer',
    'deleted_rows_count bigint',
    'partitions summaries',
  ],
  files: [
    'content integer',
    'file_path varchar',
    'file_format varchar',
    'record_count bigint',
    'file_size_in_bytes bigint',
    'column_sizes counts',
    'value_counts counts',
    'null_value_counts counts',
    'nan_value_counts counts',
    'lower_bounds bounds',
    'upper_bounds bounds',
    'key_metadata varbinary',
    'split_offsets bigints',
    'equality_ids integers',
  ],
  refs: [
    'name varchar',
    'type varchar',
    'snapshot_id bigint',
    'max_reference_age_in_ms bigint',
    'min_snapshots_to_keep integer',
    'max_snapshot_age_in_ms bigint',
  ],
  properties: ['key varchar', 'value varchar'],
} as const;

const TYPES: Readonly<Record<string, readonly [duckDb: string, trino: string]>> = {
  varchar: ['VARCHAR', 'varchar'],
  integer: ['INTEGER', 'integer'],
  bigint: ['BIGINT', 'bigint'],
  boolean: ['BOOLEAN', 'boolean'],
  varbinary: ['BLOB', 'varbinary'],
  timestamp: ['TIMESTAMPTZ', 'timestamp(3) with time zone'],
  texts: ['MAP(VARCHAR, VARCHAR)', 'map(varchar, varchar)'],
  counts: ['MAP(INTEGER, BIGINT)', 'map(integer, bigint)'],
  bounds: ['MAP(INTEGER, VARCHAR)', 'map(integer, varchar)'],
  bigints: ['BIGINT[]', 'array(bigint)'],
  integers: ['INTEGER[]', 'array(integer)'],
  summaries: [
    'STRUCT(contains_null BOOLEAN, contains_nan BOOLEAN, lower_bound VARCHAR, upper_bound VARCHAR)[]',
    'array(row(contains_null boolean, contains_nan boolean, lower_bound varchar, upper_bound varchar))',
  ],
};

/** The metadata tables of Athena, without the `$` before their names. https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-table-metadata.html */
export type MetadataTableName = keyof typeof COLUMNS | 'partitions';

/** The table and the metadata table that a name such as `events$files` means; undefined for other names. */
export function parseMetadataName(
  name: string,
): { readonly table: string; readonly metadata: MetadataTableName } | undefined {
  const [, table = '', metadata] = /^(.+)\$([a-z]+)$/s.exec(name) ?? [];
  const found = [...Object.keys(COLUMNS), 'partitions'].find((known) => known === metadata);
  return found === undefined ? undefined : { table, metadata: isMetadataName(found) ? found : 'partitions' };
}

function isMetadataName(name: string): name is keyof typeof COLUMNS {
  return name in COLUMNS;
}

/**
 * The content of a metadata table, in Trino's columns.
 * https://trino.io/docs/current/connector/iceberg.html#metadata-tables
 */
export async function metadataTable(
  name: MetadataTableName,
  loaded: LoadedTable,
  files: TableFiles,
): Promise<MetadataTable> {
  try {
    if (name === 'partitions') return partitionsTable(loaded, await currentFiles(loaded, files));
    const columns = COLUMNS[name].map((text) => {
      const [column = '', type = ''] = text.split(' ');
      const [duckDb, trino] = TYPES[type] ?? ['VARCHAR', 'varchar'];
      return { name: column, type: duckDb, trino };
    });
    return { columns, rows: await rowsOf(name, loaded, files) };
  } catch (error) {
    throw toIcebergFailure(error);
  }
}

/** SQL that creates a metadata table in the session. @param qualified Its name. */
export function metadataTableSql(qualified: string, { columns, rows }: MetadataTable): string {
  const shown = columns.map(({ name, type }) => `${quoteName(name)} ${type}`).join(', ');
  const values = rows.map((row) => `(${row.join(', ')})`).join(', ');
  return `CREATE TABLE ${qualified} (${shown}); ${rows.length === 0 ? '' : `INSERT INTO ${qualified} VALUES ${values}`}`;
}

async function rowsOf(
  name: keyof typeof COLUMNS,
  loaded: LoadedTable,
  files: TableFiles,
): Promise<readonly (readonly string[])[]> {
  const { metadata, snapshot } = loaded;
  switch (name) {
    case 'history': {
      const ancestors = currentAncestors(metadata);
      return metadata['snapshot-log'].map((logged) => {
        const id = logged['snapshot-id'];
        const parent = snapshotOf(metadata, id)?.['parent-snapshot-id'];
        return [time(logged['timestamp-ms']), String(id), numberSql(parent), String(ancestors.has(id))];
      });
    }
    case 'snapshots':
      return metadata.snapshots.map((known) => [
        time(known['timestamp-ms']),
        String(known['snapshot-id']),
        numberSql(known['parent-snapshot-id']),
        textSql(known.summary['operation']),
        textSql(known['manifest-list']),
        mapSql(
          Object.entries(known.summary).filter(([key]) => key !== 'operation'),
          'VARCHAR',
          quoteText,
          quoteText,
        ),
      ]);
    case 'refs':
      return Object.entries(metadata.refs).map(([ref, known]) => [
        quoteText(ref),
        quoteText(known.type.toUpperCase()),
        String(known['snapshot-id']),
        numberSql(known['max-ref-age-ms']),
        numberSql(known['min-snapshots-to-keep']),
        numberSql(known['max-snapshot-age-ms']),
      ]);
    case 'properties':
      return Object.entries(metadata.properties).map(([key, value]) => [quoteText(key), quoteText(value)]);
    case 'files':
      return (await currentFiles(loaded, files)).map((file) => fileRow(file, metadata));
    case 'manifests': {
      const manifests = snapshot === undefined ? [] : await readManifestList(files, snapshot);
      return manifests.map((manifest) => [
        quoteText(manifest.location),
        String(manifest.length),
        String(manifest.specId),
        String(manifest.addedSnapshotId),
        numberSql(manifest.addedFiles),
        numberSql(manifest.addedRows),
        numberSql(manifest.existingFiles),
        numberSql(manifest.existingRows),
        numberSql(manifest.deletedFiles),
        numberSql(manifest.deletedRows),
        summariesSql(loaded, manifest),
      ]);
    }
  }
}

/** The data files of the current snapshot. */
async function currentFiles(
  { metadata, snapshot }: LoadedTable,
  files: TableFiles,
): Promise<readonly FileEntry[]> {
  const all = snapshot === undefined ? [] : await readFiles(files, metadata, snapshot);
  return all.filter(({ content }) => content === 'data');
}

function currentAncestors(metadata: TableMetadata): ReadonlySet<bigint> {
  const found = new Set<bigint>();
  for (let at = metadata['current-snapshot-id'] ?? undefined; at !== undefined && !found.has(at); ) {
    found.add(at);
    at = snapshotOf(metadata, at)?.['parent-snapshot-id'];
  }
  return found;
}

function fileRow(file: FileEntry, metadata: TableMetadata): readonly string[] {
  const types = fieldTypes(metadata);
  const counts = (values: ReadonlyMap<number, bigint> | undefined) =>
    values === undefined ? 'NULL' : mapSql([...values], 'INTEGER', String, String);
  const bounds = (values: ReadonlyMap<number, Uint8Array> | undefined) =>
    values === undefined
      ? 'NULL'
      : mapSql(
          [...values].flatMap(([id, bytes]) => {
            const type = types.get(id);
            return type === undefined ? [] : [[id, humanValue(type, boundValue(type, bytes))] as const];
          }),
          'INTEGER',
          String,
          quoteText,
        );
  const list = (values: readonly (number | bigint)[] | undefined) =>
    values === undefined ? 'NULL' : `[${values.join(', ')}]`;
  return [
    '0',
    quoteText(file.location),
    quoteText(file.format.toUpperCase()),
    String(file.recordCount),
    String(file.sizeBytes),
    counts(file.columnSizes),
    counts(file.valueCounts),
    counts(file.nullCounts),
    counts(file.nanCounts),
    bounds(file.lowerBounds),
    bounds(file.upperBounds),
    file.keyMetadata === undefined ? 'NULL' : `unhex('${Buffer.from(file.keyMetadata).toString('hex')}')`,
    list(file.splitOffsets),
    list(file.equalityIds),
  ];
}

/** The primitive types of the current schema's fields at any depth, by ID. */
function fieldTypes({ schemas, 'current-schema-id': current }: TableMetadata): ReadonlyMap<number, string> {
  const found = new Map<number, string>();
  const add = (id: number, type: IcebergType): void => {
    if (typeof type === 'string') found.set(id, type);
    else if (type.type === 'list') add(type['element-id'], type.element);
    else if (type.type === 'map') {
      add(type['key-id'], type.key);
      add(type['value-id'], type.value);
    } else for (const field of type.fields) add(field.id, field.type);
  };
  const schema = schemas.find((known) => known['schema-id'] === current);
  for (const field of schema?.fields ?? []) add(field.id, field.type);
  return found;
}

/** The partition fields of all specs whose columns are there, each once: getAllPartitionFields of PartitionsTable in Trino. */
function partitionFields({ metadata, schema }: LoadedTable) {
  const columns = new Map(schema.fields.map((field) => [field.id, field.type]));
  const seen = new Map<number, PartitionField & { readonly type: string }>();
  for (const part of metadata['partition-specs'].flatMap(({ fields }) => fields)) {
    const source = columns.get(part['source-id']);
    if (source !== undefined && part.transform !== 'void' && !seen.has(part['field-id']))
      seen.set(part['field-id'], { ...part, type: transformedType(part.transform, source) });
  }
  return [...seen.values()];
}

/** `"table$partitions"`: a row of values, then counts, then the ranges of the columns that are no partition. */
function partitionsTable(loaded: LoadedTable, files: readonly FileEntry[]): MetadataTable {
  const { metadata, schema } = loaded;
  const parts = partitionFields(loaded);
  const spec = metadata['partition-specs'].find((known) => known['spec-id'] === metadata['default-spec-id']);
  const identity = new Set(
    (spec?.fields ?? []).filter(({ transform }) => transform === 'identity').map((part) => part['source-id']),
  );
  const measured = schema.fields.filter(({ id, type }) => typeof type === 'string' && !identity.has(id));
  const partitionType = parts.map(({ name, type }) => [name, duckDbTypeOf(type), trinoTypeOf(type)] as const);
  const dataType = measured.map(({ name, type }) => {
    const [duckDb, trino] = [duckDbTypeOf(type), trinoTypeOf(type)];
    return [
      name,
      `STRUCT("min" ${duckDb}, "max" ${duckDb}, null_count BIGINT, nan_count BIGINT)`,
      `row(min ${trino}, max ${trino}, null_count bigint, nan_count bigint)`,
    ] as const;
  });
  const rowType = (name: string, fields: readonly (readonly [string, string, string])[]): SessionColumn[] =>
    fields.length === 0
      ? []
      : [
          {
            name,
            type: `STRUCT(${fields.map(([field, type]) => `${quoteName(field)} ${type}`).join(', ')})`,
            trino: `row(${fields.map(([field, , type]) => `${field} ${type}`).join(', ')})`,
          },
        ];
  const counts = ['record_count', 'file_count', 'total_size'];
  const columns = [
    ...rowType('partition', partitionType),
    ...counts.map((name) => ({ name, type: 'BIGINT', trino: 'bigint' })),
    ...rowType('data', dataType),
  ];
  const valuesOf = (file: FileEntry) =>
    parts.map(
      (part) =>
        `${quoteText(part.name)}: ${valueSql(part.type, file.partition.get(part['field-id']) ?? null)}`,
    );
  const groups = Map.groupBy(files, (file) => valuesOf(file).join('\n'));
  const rows = [...groups.values()].map((own) => {
    const [first] = own;
    const sum = (of: (file: FileEntry) => bigint) => own.reduce((total, file) => total + of(file), 0n);
    return [
      ...(parts.length === 0 || first === undefined ? [] : [`{${valuesOf(first).join(', ')}}`]),
      String(sum(({ recordCount }) => recordCount)),
      String(own.length),
      String(sum(({ sizeBytes }) => sizeBytes)),
      ...(measured.length === 0 ? [] : [`{${measured.map((field) => rangeSql(field, own)).join(', ')}}`]),
    ];
  });
  return { columns, rows };
}

/** The range of a column's values in files; unknown if one of them has no range. */
function rangeSql({ id, name, type }: IcebergField, files: readonly FileEntry[]): string {
  const total = (of: (file: FileEntry) => ReadonlyMap<number, bigint> | undefined) => {
    const all = files.map((file) => of(file)?.get(id));
    const known = all.filter((count) => count !== undefined);
    return known.length < all.length ? undefined : known.reduce((sum, count) => sum + count, 0n);
  };
  const bound = (of: (file: FileEntry) => ReadonlyMap<number, Uint8Array> | undefined, sign: number) => {
    const all = files.filter((file) => !isAllNull(file, id)).map((file) => of(file)?.get(id));
    const known = all.filter((bytes) => bytes !== undefined).map((bytes) => boundValue(type, bytes));
    return known.length < all.length || known.length === 0
      ? null
      : known.reduce((best, value) => (compare(value, best) * sign < 0 ? value : best));
  };
  const [min, max] = [bound((file) => file.lowerBounds, 1), bound((file) => file.upperBounds, -1)];
  const nulls = total((file) => file.nullCounts);
  if (min === null && max === null && nulls === undefined) return `${quoteText(name)}: NULL`;
  const nans = total((file) => file.nanCounts);
  return `${quoteText(name)}: {'min': ${valueSql(type, min)}, 'max': ${valueSql(type, max)}, 'null_count': ${numberSql(nulls)}, 'nan_count': ${numberSql(nans)}}`;
}

function isAllNull({ nullCounts, valueCounts }: FileEntry, id: number): boolean {
  const nulls = nullCounts?.get(id);
  return nulls !== undefined && nulls === valueCounts?.get(id);
}

function compare(left: IcebergValue, right: IcebergValue): number {
  if (typeof left === 'string' && typeof right === 'string')
    return Buffer.compare(Buffer.from(left), Buffer.from(right));
  if (left instanceof Uint8Array && right instanceof Uint8Array) return Buffer.compare(left, right);
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The ranges of a manifest's partition values. */
function summariesSql({ metadata, schema }: LoadedTable, { specId, partitions }: Manifest): string {
  if (partitions === null) return 'NULL';
  const spec = metadata['partition-specs'].find((known) => known['spec-id'] === specId);
  const items = partitions.map(({ containsNull, containsNan, lowerBound, upperBound }, index) => {
    const part = spec?.fields[index];
    const source = schema.fields.find(({ id }) => id === part?.['source-id'])?.type;
    const type =
      part === undefined || source === undefined ? undefined : transformedType(part.transform, source);
    const bound = (bytes: Uint8Array | null) =>
      bytes === null || type === undefined ? 'NULL' : quoteText(humanValue(type, boundValue(type, bytes)));
    return `{'contains_null': ${containsNull}, 'contains_nan': ${containsNan ?? 'NULL'}, 'lower_bound': ${bound(lowerBound)}, 'upper_bound': ${bound(upperBound)}}`;
  });
  return `[${items.join(', ')}]`;
}

function time(ms: number): string {
  return `make_timestamptz(${ms}000)`;
}

function numberSql(value: number | bigint | null | undefined): string {
  return String(value ?? 'NULL');
}

function textSql(value: string | undefined): string {
  return value === undefined ? 'NULL' : quoteText(value);
}

function mapSql<Key, Value>(
  entries: readonly (readonly [Key, Value])[],
  keyType: 'VARCHAR' | 'INTEGER',
  key: (key: Key) => string,
  value: (value: Value) => string,
): string {
  if (entries.length === 0) return `MAP([]::${keyType}[], [])`;
  return `MAP {${entries.map(([own, held]) => `${key(own)}: ${value(held)}`).join(', ')}}`;
}
