import type { PartitionEntry, TableEntry } from '../../../glue/index.ts';
import { splitTopLevel } from '../../engine/columnTypes.ts';
import { notEmulated, statementError } from '../../engine/StatementError.ts';
import type { Statement } from '../Statement.ts';
import type { StatementReader } from '../StatementReader.ts';

type Describe = Extract<Statement, { kind: 'describe' }>;
type Column = NonNullable<TableEntry['input']['PartitionKeys']>[number];

/** Hive pads the cells of a description to this width. */
export const CELL = 20;

/**
 * Parses what follows DESCRIBE.
 * https://docs.aws.amazon.com/athena/latest/ug/describe-table.html
 *
 * @throws StatementError `NOT_SUPPORTED` for the statistics of a column, whose form AWS does not document.
 */
export function parseDescribe(reader: StatementReader): Describe {
  if (reader.peek('input') || reader.peek('output')) throw notEmulated('DESCRIBE of a prepared statement');
  const detail = reader.take('extended') ? 'extended' : reader.take('formatted') ? 'formatted' : undefined;
  const view = detail === undefined && reader.take('view');
  const name = reader.tableName();
  const partition = reader.peek('partition') ? reader.partition() : undefined;
  const path: string[] = [];
  while (!reader.atEnd && (path.length === 0 || reader.takeSymbol('.')))
    path.push(reader.peekText() ? reader.text() : reader.name());
  reader.expectEnd();
  if (path.length > 0 && detail === 'formatted') throw notEmulated('DESCRIBE FORMATTED of a column');
  return { kind: 'describe', name, view, detail, partition, path };
}

/**
 * The description of a table or of one of its partitions in Hive's cells: a line has three, which tabs separate.
 *
 * @throws StatementError `DDL` for a column that is not there, `NOT_SUPPORTED` for details of a view.
 */
export function describeTable(
  { detail, path }: Pick<Describe, 'detail' | 'path'>,
  table: TableEntry,
  partition: PartitionEntry | undefined,
): string[] {
  const { input } = table;
  const columns = (partition?.input ?? input).StorageDescriptor?.Columns ?? [];
  if (path.length > 0) return describeColumn(columns, path);
  const keys = (input.PartitionKeys ?? []).map(columnRow);
  const lines = columns.map(columnRow);
  if (keys.length > 0)
    lines.push(
      ...keys,
      BLANK,
      heading('# Partition Information'),
      cells('# col_name', 'data_type', 'comment'),
      BLANK,
      ...keys,
    );
  if (detail === undefined) return lines;
  if (input.TableType === 'VIRTUAL_VIEW') throw notEmulated(`DESCRIBE ${detail.toUpperCase()} of a view`);
  if (detail === 'extended') {
    const [what, text] =
      partition === undefined ? ['Table', tableText(table)] : ['Partition', partitionText(table, partition)];
    return [...lines, BLANK, `Detailed ${what} Information\t${text}\t`];
  }
  return [...lines, ...(partition === undefined ? tableDetails(table) : partitionDetails(table, partition))];
}

const cells = (...values: readonly string[]) => values.map((value) => value.padEnd(CELL)).join('\t');
const BLANK = '\t \t ';
const heading = (text: string) => `${text}\t \t `;
/** A line of a name and a value. */
const pair = (name: string, value: string) => `${cells(name, value)}\t `;

function columnRow({ Name, Type = 'string', Comment = '' }: Column): string {
  return cells(Name, Type, Comment);
}

/** The column itself, or the parts of a struct, array or map, as Hive's `getFieldsFromDeserializer` has them. */
function describeColumn(columns: readonly Column[], [first = '', ...rest]: readonly string[]): string[] {
  const column = columns.find(({ Name }) => Name === first.toLowerCase());
  if (column === undefined) throw invalidField(first);
  let name = column.Name;
  let type = column.Type ?? 'string';
  for (const part of rest) {
    const inner: { readonly name: string; readonly type: string } | undefined = partsOf(type).find(
      (one) => one.name.toLowerCase() === part.toLowerCase(),
    );
    if (inner === undefined) throw invalidField(part);
    ({ name, type } = inner);
  }
  const parts = partsOf(type);
  return (parts.length === 0 ? [{ name, type }] : parts).map((part) =>
    cells(part.name, part.type, 'from deserializer'),
  );
}

function invalidField(name: string) {
  return statementError(
    'DDL',
    `Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. Error in getting fields from serde.Invalid Field ${name}`,
  );
}

/** The parts of a type of Hive: the fields of a struct, `$elem$` of an array, `$key$` and `$value$` of a map. */
function partsOf(type: string): { readonly name: string; readonly type: string }[] {
  const [, kind, inner = ''] = /^(struct|array|map)<(.*)>$/is.exec(type.trim()) ?? [];
  if (kind === undefined) return [];
  const parts = splitTopLevel(inner);
  if (kind.toLowerCase() === 'struct')
    return parts.map((field) => {
      const colon = field.indexOf(':');
      return { name: field.slice(0, colon).trim(), type: field.slice(colon + 1).trim() };
    });
  const names = kind.toLowerCase() === 'array' ? ['$elem$'] : ['$key$', '$value$'];
  return names.map((name, index) => ({ name, type: (parts[index] ?? '').trim() }));
}

function tableDetails({ databaseName, createdAt, input }: TableEntry): string[] {
  return [
    BLANK,
    heading('# Detailed Table Information'),
    pair('Database:', databaseName),
    pair('Owner:', input.Owner ?? 'null'),
    pair('CreateTime:', javaDate(createdAt)),
    pair('LastAccessTime:', lastAccess(input.LastAccessTime)),
    pair('Protect Mode:', 'None'),
    pair('Retention:', String(input.Retention ?? 0)),
    pair('Location:', input.StorageDescriptor?.Location ?? ''),
    pair('Table Type:', input.TableType ?? 'EXTERNAL_TABLE'),
    ...parameterLines('Table Parameters:', input.Parameters),
    ...storageLines(input),
  ];
}

function partitionDetails(
  { databaseName, input: table }: TableEntry,
  { values, createdAt, input }: PartitionEntry,
): string[] {
  return [
    BLANK,
    heading('# Detailed Partition Information'),
    pair('Partition Value:', `[${values.join(', ')}]`),
    pair('Database:', databaseName),
    pair('Table:', table.Name),
    pair('CreateTime:', javaDate(createdAt)),
    pair('LastAccessTime:', lastAccess(input.LastAccessTime)),
    pair('Protect Mode:', 'None'),
    pair('Location:', input.StorageDescriptor?.Location ?? ''),
    ...parameterLines('Partition Parameters:', input.Parameters),
    ...storageLines(input),
  ];
}

function storageLines({ StorageDescriptor: storage = {} }: Pick<TableEntry['input'], 'StorageDescriptor'>) {
  const sorted = (storage.SortColumns ?? []).map(
    ({ Column: col, SortOrder: order }) => `Order(col:${col}, order:${order})`,
  );
  return [
    BLANK,
    heading('# Storage Information'),
    pair('SerDe Library:', storage.SerdeInfo?.SerializationLibrary ?? 'null'),
    pair('InputFormat:', storage.InputFormat ?? 'null'),
    pair('OutputFormat:', storage.OutputFormat ?? 'null'),
    pair('Compressed:', storage.Compressed === true ? 'Yes' : 'No'),
    pair('Num Buckets:', String(bucketCount(storage.NumberOfBuckets))),
    pair('Bucket Columns:', `[${(storage.BucketColumns ?? []).join(', ')}]`),
    pair('Sort Columns:', `[${sorted.join(', ')}]`),
    ...parameterLines('Storage Desc Params:', storage.SerdeInfo?.Parameters),
  ];
}

/** Hive's count of a table that is not bucketed is -1. */
function bucketCount(buckets: number | undefined): number {
  return buckets === undefined || buckets === 0 ? -1 : buckets;
}

function parameterLines(title: string, parameters: Readonly<Record<string, string>> = {}): string[] {
  const names = Object.keys(parameters).sort();
  if (names.length === 0) return [];
  return [heading(title), ...names.map((name) => `\t${cells(name, parameters[name] ?? '')}`)];
}

/** As Java's `Date.toString()`: `Thu Apr 23 02:55:21 UTC 2020`. */
function javaDate(epochMs: number): string {
  const [week, day, month, year, time] = new Date(epochMs).toUTCString().replace(',', '').split(' ');
  return `${week} ${month} ${day} ${time} UTC ${year}`;
}

/** @param seconds Epoch seconds, as in Glue. */
function lastAccess(seconds: number | undefined): string {
  return seconds === undefined || seconds === 0 ? 'UNKNOWN' : javaDate(seconds * 1_000);
}

const seconds = (epochMs: number) => Math.floor(epochMs / 1_000);

/** The text of Hive's Thrift structure. https://github.com/apache/hive/blob/master/standalone-metastore/metastore-common/src/main/thrift/hive_metastore.thrift */
function tableText({ databaseName, createdAt, input }: TableEntry): string {
  const members = [
    `tableName:${input.Name}`,
    `dbName:${databaseName}`,
    `owner:${input.Owner ?? null}`,
    `createTime:${seconds(createdAt)}`,
    `lastAccessTime:${input.LastAccessTime ?? 0}`,
    `retention:${input.Retention ?? 0}`,
    `sd:${storageText(input)}`,
    `partitionKeys:${schemaText(input.PartitionKeys)}`,
    `parameters:${mapText(input.Parameters)}`,
    `viewOriginalText:${input.ViewOriginalText ?? null}`,
    `viewExpandedText:${input.ViewExpandedText ?? null}`,
    `tableType:${input.TableType ?? 'EXTERNAL_TABLE'}`,
  ];
  return `Table(${members.join(', ')})`;
}

function partitionText(
  { databaseName, input: table }: TableEntry,
  { values, createdAt, input }: PartitionEntry,
): string {
  const members = [
    `values:[${values.join(', ')}]`,
    `dbName:${databaseName}`,
    `tableName:${table.Name}`,
    `createTime:${seconds(createdAt)}`,
    `lastAccessTime:${input.LastAccessTime ?? 0}`,
    `sd:${storageText(input)}`,
    `parameters:${mapText(input.Parameters)}`,
  ];
  return `Partition(${members.join(', ')})`;
}

function storageText({ StorageDescriptor: storage = {} }: Pick<TableEntry['input'], 'StorageDescriptor'>) {
  const serde = storage.SerdeInfo;
  const sorted = (storage.SortColumns ?? []).map(
    ({ Column: col, SortOrder: order }) => `Order(col:${col}, order:${order})`,
  );
  const members = [
    `cols:${schemaText(storage.Columns)}`,
    `location:${storage.Location ?? null}`,
    `inputFormat:${storage.InputFormat ?? null}`,
    `outputFormat:${storage.OutputFormat ?? null}`,
    `compressed:${storage.Compressed ?? false}`,
    `numBuckets:${bucketCount(storage.NumberOfBuckets)}`,
    `serdeInfo:SerDeInfo(name:${serde?.Name ?? null}, serializationLib:${serde?.SerializationLibrary ?? null}, parameters:${mapText(serde?.Parameters)})`,
    `bucketCols:[${(storage.BucketColumns ?? []).join(', ')}]`,
    `sortCols:[${sorted.join(', ')}]`,
    `parameters:${mapText(storage.Parameters)}`,
    'skewedInfo:SkewedInfo(skewedColNames:[], skewedColValues:[], skewedColValueLocationMaps:{})',
    `storedAsSubDirectories:${storage.StoredAsSubDirectories ?? false}`,
  ];
  return `StorageDescriptor(${members.join(', ')})`;
}

function schemaText(columns: readonly Column[] = []): string {
  const fields = columns.map(
    ({ Name, Type = 'string', Comment }) =>
      `FieldSchema(name:${Name}, type:${Type}, comment:${Comment ?? null})`,
  );
  return `[${fields.join(', ')}]`;
}

function mapText(values: Readonly<Record<string, string>> = {}): string {
  return `{${Object.entries(values)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ')}}`;
}
