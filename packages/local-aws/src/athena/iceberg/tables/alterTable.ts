import {
  changeProperties,
  changeSchema,
  IcebergError,
  type IcebergType,
  reachableFiles,
  readMetadata,
  type SchemaChange,
  schemaOf,
  specOf,
  type TableFiles,
  type TableMetadata,
} from '../../../iceberg/index.ts';
import { AwsError } from '../../../protocol/AwsError.ts';
import { StatementError, statementError } from '../../engine/StatementError.ts';
import { type CommitRun, commitTable, discard, type TableId } from '../commit.ts';
import { ddlFailure } from '../failures.ts';
import { objectOf, openTableFiles } from '../tableFiles.ts';
import { filesOfOthers } from './otherTables.ts';

/** A column that ALTER TABLE declares. */
export interface DeclaredColumn {
  readonly name: string;
  readonly type: IcebergType;
  readonly comment: string | undefined;
}

/** A change of ALTER TABLE. Names are in lower case. */
export type TableAlteration =
  | { readonly kind: 'add'; readonly columns: readonly DeclaredColumn[] }
  | { readonly kind: 'drop'; readonly column: string }
  | {
      readonly kind: 'change';
      readonly column: string;
      readonly to: DeclaredColumn;
      /** The column before it; null makes it the first. Default: it stays where it is. */
      readonly after?: string | null;
    }
  | { readonly kind: 'set'; readonly properties: Readonly<Record<string, string>> }
  | { readonly kind: 'unset'; readonly properties: readonly string[] };

/**
 * Changes a table's columns or properties: only its metadata. Files keep their columns, which are found by ID.
 * https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-evolving-table-schema.html
 *
 * @throws StatementError; IcebergError `INVALID_SCHEMA` for a change that Iceberg doesn't have.
 */
export async function alterIcebergTable(
  run: CommitRun,
  table: TableId,
  alteration: TableAlteration,
): Promise<void> {
  await commitTable(run, table, (metadata) => ({
    metadata: altered(metadata, alteration, run.runner.clock.now()),
  }));
}

function altered(metadata: TableMetadata, alteration: TableAlteration, now: number): TableMetadata {
  switch (alteration.kind) {
    case 'set':
      return changeProperties(metadata, alteration.properties, [], now);
    case 'unset':
      return changeProperties(metadata, {}, alteration.properties, now);
    case 'add': {
      const changes = alteration.columns.map(({ name, type, comment }) => ({
        add: { name, type, ...(comment === undefined ? {} : { doc: comment }) },
      }));
      return changeSchema(metadata, changes, now);
    }
    case 'drop':
      requireUnpartitioned(metadata, alteration.column);
      return changeSchema(metadata, [{ drop: fieldOf(metadata, alteration.column).name }], now);
    case 'change': {
      const changes = columnChanges(metadata, alteration);
      return changes.length === 0 ? metadata : changeSchema(metadata, changes, now);
    }
  }
}

function columnChanges(
  metadata: TableMetadata,
  { column, to, after }: Extract<TableAlteration, { kind: 'change' }>,
): SchemaChange[] {
  const field = fieldOf(metadata, column);
  if (after !== undefined && after !== null) fieldOf(metadata, after);
  return [
    ...(sameType(field.type, to.type) ? [] : [{ widen: field.name, to: to.type }]),
    ...(to.comment === undefined || to.comment === field.doc
      ? []
      : [{ describe: field.name, doc: to.comment }]),
    ...(to.name === field.name ? [] : [{ rename: field.name, to: to.name }]),
    ...(after === undefined ? [] : [{ move: to.name, after }]),
  ];
}

function fieldOf(metadata: TableMetadata, column: string) {
  const field = schemaOf(metadata).fields.find(({ name }) => name.toLowerCase() === column);
  if (field === undefined) throw ddlFailure(`Column does not exist: ${column}`, 1003);
  return field;
}

/**
 * A column of a partition spec can't be dropped: later files would have no partition, and of older specs Iceberg's own
 * readers would not find it, so that they refuse the table. IcebergMetadata.dropColumn in
 * https://github.com/trinodb/trino, https://github.com/apache/iceberg/issues/10234.
 */
function requireUnpartitioned(metadata: TableMetadata, column: string): void {
  const { id } = fieldOf(metadata, column);
  if (specOf(metadata).fields.some((field) => field['source-id'] === id && field.transform !== 'void'))
    throw statementError('NOT_SUPPORTED', `Cannot drop partition field: ${column}`);
  if (metadata['partition-specs'].some(({ fields }) => fields.some((field) => field['source-id'] === id)))
    throw statementError(
      'NOT_SUPPORTED',
      `Cannot drop column which is used by an old partition spec: ${column}`,
    );
}

/** Whether two types are the same but for the IDs of their fields. */
function sameType(left: IcebergType, right: IcebergType): boolean {
  if (typeof left === 'string' || typeof right === 'string')
    return (
      typeof left === 'string' &&
      typeof right === 'string' &&
      left.replace(' ', '') === right.replace(' ', '')
    );
  if (left.type === 'list') return right.type === 'list' && sameType(left.element, right.element);
  if (left.type === 'map')
    return right.type === 'map' && sameType(left.key, right.key) && sameType(left.value, right.value);
  return (
    right.type === 'struct' &&
    left.fields.length === right.fields.length &&
    left.fields.every((field, index) => {
      const other = right.fields[index];
      return other !== undefined && field.name === other.name && sameType(field.type, other.type);
    })
  );
}

/**
 * Gives a table another name in Glue, also in another database; its files stay where they are.
 * https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-alter-table-rename.html
 */
export function renameIcebergTable({ runner, context }: CommitRun, from: TableId, to: TableId): void {
  const { catalog } = runner;
  const { input } = catalog.table(from.database, from.name);
  const call = (operation: string, { database, name }: TableId) =>
    context.onCall({ service: 'glue', operation, input: { DatabaseName: database, Name: name } });
  call('CreateTable', to);
  call('DeleteTable', from);
  catalog.createTable(to.database, { ...input, Name: to.name });
  catalog.deleteTable(from.database, from.name);
}

/**
 * Drops a table: its entry in Glue, then the files that its metadata reaches, wherever they are, and all other files in
 * its folder. Files of other tables stay, also in folders within its own. All files stay where `gc.enabled` is false.
 * https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-drop-table.html
 *
 * Files that the caller may not list or remove stay. All files stay if the metadata cannot be read, because it says
 * whether they may be removed.
 */
export async function dropIcebergTable(run: CommitRun, table: TableId): Promise<void> {
  const { runner, context } = run;
  const { catalog, store } = runner;
  const { database, name } = table;
  const { input } = catalog.table(database, name);
  const files = openTableFiles({ store, onCall: context.onCall });
  const reached = await filesToDrop(files, input.Parameters?.['metadata_location']);
  context.onCall({
    service: 'glue',
    operation: 'DeleteTable',
    input: { DatabaseName: database, Name: name },
  });
  catalog.deleteTable(database, name);
  if (reached === undefined) return;
  const location = input.StorageDescriptor?.Location;
  const locations = new Set(reached);
  try {
    for (const folder of ownFolders(location))
      for await (const file of files.list(folder)) locations.add(file.location);
  } catch (error) {
    // The bucket has gone before the table, or the caller may not list it.
    if (!(error instanceof AwsError) && !(error instanceof StatementError)) throw error;
    context.signal.throwIfAborted();
  }
  const isOfOthers = filesOfOthers(catalog, table, location ?? '');
  await discard(
    files,
    [...locations].filter((file) => !isOfOthers(file)),
  );
}

/** The files that a table's metadata reaches, as far as they can be read. Undefined: none may be removed. */
async function filesToDrop(files: TableFiles, location: string | undefined): Promise<string[] | undefined> {
  if (location === undefined) return [];
  let isRead = false;
  try {
    const metadata = await readMetadata(files, location);
    // CatalogUtil.dropTableData in https://github.com/apache/iceberg.
    if (metadata.properties['gc.enabled']?.toLowerCase() === 'false') return undefined;
    isRead = true;
    return [...(await reachableFiles(files, metadata)), location];
  } catch (error) {
    if (error instanceof IcebergError || error instanceof StatementError) return isRead ? [] : undefined;
    throw error;
  }
}

/** The folders with a table's files. A bucket also has what is not the table's. */
function ownFolders(location: string | undefined): string[] {
  if (location === undefined) return [];
  const place = objectOf(location.replace(/\/+$/, ''));
  return place?.key === '' ? ['data', 'metadata'].map((name) => `s3://${place.bucket}/${name}`) : [location];
}
