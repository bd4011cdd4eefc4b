import { type IcebergField, type PartitionField, specOf } from '../../../iceberg/index.ts';
import { athenaProperties } from '../tables/tableProperties.ts';
import type { LoadedTable } from './loadTable.ts';
import { describedTypeOf } from './shownTypes.ts';

/** A line of no columns between the parts of a description. */
const BLANK = '\t\t';

/**
 * The lines of DESCRIBE. Their cells are not padded, unlike the cells of Hive's tables.
 * https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-describe-table.html
 */
export function describedLines(loaded: LoadedTable): string[] {
  const { fields } = loaded.schema;
  return [
    '# Table schema:\t\t',
    '# col_name\tdata_type\tcomment',
    ...fields.map(({ name, type, doc = '' }) => `${name}\t${describedTypeOf(type)}\t${doc}`),
    BLANK,
    '# Partition spec:\t\t',
    '# field_name\tfield_transform\tcolumn_name',
    ...partitionFields(loaded).map(({ name, transform, column }) => `${name}\t${transform}\t${column}`),
  ];
}

/** The lines of SHOW COLUMNS. */
export function columnLines({ schema }: LoadedTable): string[] {
  return schema.fields.map(({ name }) => name);
}

/** Athena's properties of a table, as SHOW TBLPROPERTIES lists them. */
export function shownProperties({ metadata }: LoadedTable): [name: string, value: string][] {
  return [['table_type', 'iceberg'], ...athenaProperties(metadata.properties)];
}

/** The lines of SHOW CREATE TABLE. https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-show-create-table.html */
export function createTableLines(loaded: LoadedTable): string[] {
  const { entry, metadata, schema } = loaded;
  const columns = schema.fields.map((field) => `  ${columnText(field)}`);
  const partition = partitionFields(loaded).map(({ transform, column }) => transformText(transform, column));
  const properties = shownProperties(loaded).map(([name, value]) => `  ${quoted(name)}=${quoted(value)}`);
  return [
    `CREATE TABLE ${entry.databaseName}.${entry.input.Name} (`,
    ...`${columns.join(',\n')})`.split('\n'),
    ...(partition.length === 0 ? [] : [`PARTITIONED BY (${partition.join(', ')})`]),
    `LOCATION ${quoted(metadata.location)}`,
    'TBLPROPERTIES (',
    ...properties.join(',\n').split('\n'),
    ');',
  ];
}

function columnText({ name, type, doc }: IcebergField): string {
  const hive = describedTypeOf(type).replaceAll(/(?<=[:,]) /g, '');
  return `${name} ${hive}${doc === undefined ? '' : ` COMMENT ${quoted(doc)}`}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "\\'")}'`;
}

/** `category`, `day(ts)`, `bucket(16, id)`, as CREATE TABLE takes them. */
function transformText(transform: string, column: string): string {
  const [, name = transform, width] = /^(\w+)\[(\d+)\]$/.exec(transform) ?? [];
  const source = `\`${column}\``;
  if (name === 'identity') return source;
  return `${name}(${width === undefined ? '' : `${width}, `}${source})`;
}

/** The fields of the table's partition spec with the names of their columns. */
function partitionFields({
  metadata,
  schema,
}: LoadedTable): (PartitionField & { readonly column: string })[] {
  return specOf(metadata).fields.flatMap((part) => {
    const source = schema.fields.find(({ id }) => id === part['source-id']);
    return source === undefined || part.transform === 'void' ? [] : [{ ...part, column: source.name }];
  });
}
