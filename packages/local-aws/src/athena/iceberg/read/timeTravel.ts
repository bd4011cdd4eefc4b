import {
  DuckDBDateValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBValue,
} from '@duckdb/node-api';
import { type Snapshot, schemaOf, snapshotAt, snapshotOf } from '../../../iceberg/index.ts';
import { SqlError, type TokenList, translate, type VersionClause } from '../../../trino/index.ts';
import { trinoTypeName } from '../../engine/columnTypes.ts';
import type { Session } from '../../engine/Session.ts';
import { StatementError, statementError } from '../../engine/StatementError.ts';
import type { LoadedTable } from './loadTable.ts';

/** A time-travel clause, and the query that it is in. */
export interface AskedVersion {
  readonly clause: VersionClause;
  readonly list: TokenList;
  /** The literals of the query's `?` parameters, in order. */
  readonly parameters: readonly string[];
}

/**
 * The table at the snapshot that a query asks for, with the columns that it had then: getSnapshotIdFromVersion of
 * IcebergMetadata in https://github.com/trinodb/trino.
 *
 * @throws StatementError `INVALID_ARGUMENTS` when there is no such snapshot; `NOT_SUPPORTED` for a value of another type.
 */
export async function atVersion(
  loaded: LoadedTable,
  { clause, list, parameters }: AskedVersion,
  session: Session,
): Promise<LoadedTable> {
  const { value, type } = await evaluate(session, clause, list, parameters);
  if (value === null) throw statementError('INVALID_ARGUMENTS', 'Pointer value cannot be NULL');
  const snapshot =
    clause.kind === 'timestamp'
      ? snapshotOfTime(loaded, value, type)
      : snapshotOfVersion(loaded, value, type);
  return { ...loaded, snapshot, schema: schemaOf(loaded.metadata, snapshot) };
}

async function evaluate(
  session: Session,
  { value: { from, to } }: VersionClause,
  list: TokenList,
  parameters: readonly string[],
): Promise<{ readonly value: DuckDBValue; readonly type: DuckDBType }> {
  const isParameter = (index: number) => list.at(index)?.kind === 'parameter';
  const indexes = [...list.tokens.keys()].filter(isParameter);
  const own = parameters.filter(
    (_, ordinal) => (indexes[ordinal] ?? -1) >= from && (indexes[ordinal] ?? to) < to,
  );
  try {
    const { sql } = translate(`SELECT ${list.text(from, to)}`, { parameters: own });
    await session.defineMacros(sql);
    const reader = await session.read(sql);
    const [type] = reader.columnTypes();
    if (type === undefined) throw new Error('An expression without a type');
    return { value: reader.getRows()[0]?.[0] ?? null, type };
  } catch (error) {
    if (error instanceof StatementError) throw error;
    if (error instanceof SqlError) throw statementError(error.code, error.message, undefined, error);
    throw statementError(
      'EXPRESSION_NOT_CONSTANT',
      `The version of a table is not a constant: ${list.text(from, to)}`,
      undefined,
      error,
    );
  }
}

const MICROS_PER_MS = 1_000n;
const MS_PER_DAY = 86_400_000;

function snapshotOfTime({ entry, metadata }: LoadedTable, value: DuckDBValue, type: DuckDBType): Snapshot {
  const time = millisOf(value);
  if (time === undefined) {
    throw statementError(
      'TYPE_MISMATCH',
      `Type ${trinoTypeName(type)} invalid. Temporal pointers must be of type Timestamp, Timestamp with Time Zone, or Date.`,
    );
  }
  const found = snapshotAt(metadata, time);
  if (found !== undefined) return found;
  throw statementError(
    'INVALID_ARGUMENTS',
    `No version history table ${entry.databaseName}.${entry.input.Name} at or before ${instantText(time)}`,
  );
}

function millisOf(value: DuckDBValue): number | undefined {
  if (value instanceof DuckDBDateValue) return value.days * MS_PER_DAY;
  if (!(value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue)) return undefined;
  const { micros } = value;
  return Number((micros - (((micros % MICROS_PER_MS) + MICROS_PER_MS) % MICROS_PER_MS)) / MICROS_PER_MS);
}

/** Formats an instant as Java does: without milliseconds if they are 0. */
function instantText(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}

const INTEGERS = new Set([
  DuckDBTypeId.TINYINT,
  DuckDBTypeId.SMALLINT,
  DuckDBTypeId.INTEGER,
  DuckDBTypeId.BIGINT,
]);

/** The snapshot of an ID, or of the name of a branch or tag. */
function snapshotOfVersion({ metadata }: LoadedTable, value: DuckDBValue, type: DuckDBType): Snapshot {
  if (type.typeId === DuckDBTypeId.VARCHAR) {
    const found = metadata.refs[String(value)];
    const snapshot = found && snapshotOf(metadata, found['snapshot-id']);
    if (snapshot !== undefined) return snapshot;
    throw statementError('INVALID_ARGUMENTS', `Cannot find snapshot with reference name: ${String(value)}`);
  }
  if (!INTEGERS.has(type.typeId))
    throw statementError('NOT_SUPPORTED', `Unsupported type for table version: ${trinoTypeName(type)}`);
  const snapshot = snapshotOf(metadata, BigInt(String(value)));
  if (snapshot !== undefined) return snapshot;
  throw statementError('INVALID_ARGUMENTS', `Iceberg snapshot ID does not exists: ${String(value)}`);
}
