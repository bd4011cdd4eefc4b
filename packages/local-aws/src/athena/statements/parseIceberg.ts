import { notEmulated, statementError } from '../engine/StatementError.ts';
import { ddlFailure } from '../iceberg/failures.ts';
import { type PartitionTransform, transformKind } from '../iceberg/tables/partitioning.ts';
import { unsupportedProperty } from '../iceberg/tables/tableProperties.ts';
import type { Statement, TableName } from './Statement.ts';
import type { StatementReader } from './StatementReader.ts';

type CreateIcebergTable = Extract<Statement, { kind: 'createIcebergTable' }>;

/**
 * Parses the rest of `CREATE TABLE name`, whose columns follow.
 * https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-creating-tables.html
 *
 * @throws StatementError in Athena's words for a table that would be Hive's, and for one without a location.
 */
export function parseIcebergTable(
  reader: StatementReader,
  name: TableName,
  ifNotExists: boolean,
): CreateIcebergTable {
  const columns = reader.peekSymbol('(') ? reader.columns() : [];
  let partitioning: readonly PartitionTransform[] | undefined = [];
  let comment: string | undefined;
  let location: string | undefined;
  let properties: ReadonlyMap<string, string> = new Map();
  const clauses = new Set<string>();
  while (!reader.atEnd) {
    if (reader.take('comment')) comment = reader.text();
    else if (reader.take('partitioned', 'by')) partitioning = partitionTransforms(reader);
    else if (reader.take('location')) location = reader.text();
    else if (reader.take('tblproperties')) properties = reader.textProperties();
    else if (reader.peek('clustered', 'by')) clauses.add(skipClause(reader, 'CLUSTERED BY'));
    else if (reader.peek('row', 'format')) clauses.add(skipClause(reader, 'ROW FORMAT'));
    else if (reader.peek('stored')) clauses.add(skipClause(reader, 'STORED AS/BY'));
    else throw reader.unexpected("'COMMENT', 'LOCATION', 'PARTITIONED', 'TBLPROPERTIES'");
  }
  const lower = new Map([...properties].map(([key, value]) => [key.toLowerCase(), value]));
  if (lower.get('table_type')?.toLowerCase() !== 'iceberg')
    throw ddlFailure('External keyword required for table type HIVE');
  if (location === undefined)
    throw ddlFailure('No location was specified for table. An S3 location must be specified');
  if (lower.has('compression_level') && !lower.has('write_compression'))
    throw ddlFailure('Compression codec must be defined when compression_level property is specified.');
  const refused =
    refusedClause(clauses) ??
    (partitioning === undefined
      ? ddlFailure('Invalid PARTITIONED BY clause in Iceberg create table statement', 1006)
      : undefined) ??
    (columns.length === 0
      ? ddlFailure('At least one column is required for Iceberg create table statement', 1006)
      : undefined) ??
    unsupportedProperty(properties.keys());
  return {
    kind: 'createIcebergTable',
    name,
    ifNotExists,
    columns,
    partitioning: partitioning ?? [],
    comment,
    location,
    properties: lower,
    refused,
  };
}

/** The clauses that Athena refuses, in the order in which it looks for them. */
function refusedClause(clauses: ReadonlySet<string>) {
  const first = ['CLUSTERED BY', 'ROW FORMAT', 'STORED AS/BY'].find((clause) => clauses.has(clause));
  return first === undefined
    ? undefined
    : ddlFailure(`Iceberg create table statement does not allow ${first}`);
}

/** Words after which another clause begins. */
const CLAUSES = /^(?:comment|partitioned|location|tblproperties|clustered|row|stored)$/;

/** Reads over a clause. @returns Its name. */
function skipClause(reader: StatementReader, clause: string): string {
  reader.next();
  while (!reader.atEnd && !CLAUSES.test(reader.peekWord() ?? '')) reader.next();
  return clause;
}

/** `(column, transform(column), bucket(16, column), …)`; undefined for Hive's form, with types. */
function partitionTransforms(reader: StatementReader): PartitionTransform[] | undefined {
  const transforms: PartitionTransform[] = [];
  let isTyped = false;
  reader.expectSymbol('(');
  do {
    const name = reader.name().toLowerCase();
    const kind = transformKind(name);
    if (reader.takeSymbol('(')) {
      if (kind === undefined) isTyped = true;
      const argument = kind === 'sized' ? Number(reader.next().value) : undefined;
      if (argument !== undefined) reader.expectSymbol(',');
      const column = reader.name().toLowerCase();
      reader.expectSymbol(')');
      if (argument !== undefined && !(Number.isSafeInteger(argument) && argument > 0)) isTyped = true;
      transforms.push({ column, transform: name, ...(argument === undefined ? {} : { argument }) });
    } else transforms.push({ column: name, transform: 'identity' });
    while (!reader.atEnd && !reader.peekSymbol(',') && !reader.peekSymbol(')')) {
      isTyped = true;
      reader.next();
    }
  } while (reader.takeSymbol(','));
  reader.expectSymbol(')');
  return isTyped ? undefined : transforms;
}

/**
 * Parses the rest of `OPTIMIZE`: `t REWRITE DATA USING BIN_PACK`.
 * https://docs.aws.amazon.com/athena/latest/ug/optimize-statement.html
 */
export function parseOptimize(reader: StatementReader): Statement {
  const name = reader.tableName();
  reader.expect('rewrite', 'data', 'using', 'bin_pack');
  if (reader.take('where')) throw notEmulated('OPTIMIZE with a condition');
  reader.expectEnd();
  return { kind: 'optimize', name };
}

/** Parses the rest of `VACUUM`. https://docs.aws.amazon.com/athena/latest/ug/vacuum-statement.html */
export function parseVacuum(reader: StatementReader): Statement {
  const name = reader.tableName();
  reader.expectEnd();
  return { kind: 'vacuum', name };
}

/**
 * Parses the parts of ALTER TABLE that only Iceberg tables have: CHANGE and DROP of a column, UNSET TBLPROPERTIES, RENAME TO;
 * undefined for others. https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-evolving-table-schema.html
 */
export function parseIcebergAlter(reader: StatementReader, name: TableName): Statement | undefined {
  if (reader.take('change')) {
    reader.take('column');
    const column = reader.name().toLowerCase();
    const to = reader.column();
    return { kind: 'changeColumn', name, column, to, ...columnPlace(reader) };
  }
  if (reader.take('drop', 'column')) return { kind: 'dropColumn', name, column: reader.name().toLowerCase() };
  if (reader.take('unset', 'tblproperties')) {
    reader.take('if', 'exists');
    const properties: string[] = [];
    reader.expectSymbol('(');
    do properties.push(reader.text());
    while (reader.takeSymbol(','));
    reader.expectSymbol(')');
    return { kind: 'unsetProperties', name, properties };
  }
  if (reader.take('rename', 'column'))
    throw statementError('NOT_SUPPORTED', 'Athena has no ALTER TABLE RENAME COLUMN: use CHANGE COLUMN');
  if (reader.take('rename', 'to')) return { kind: 'renameTable', name, to: reader.tableName() };
  return undefined;
}

/** `FIRST` or `AFTER column`; null stands for the first place. */
function columnPlace(reader: StatementReader): { readonly after?: string | null } {
  if (reader.take('first')) return { after: null };
  return reader.take('after') ? { after: reader.name().toLowerCase() } : {};
}
