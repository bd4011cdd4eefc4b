import { quoteText } from '../../base/sql.ts';
import type { Field } from '../../schema/mappings.ts';
import type { Dialect, FoundColumn } from './Dialect.ts';
import type { FileColumns } from './FileColumns.ts';
import { FieldProblem, type FieldSql, nullField, unreadableRefusal } from './findColumn.ts';
import { castColumn } from './readText.ts';

/**
 * Reads a field as a JSON value: numbers and booleans stay, nested columns become objects and arrays, all else texts.
 *
 * @throws FieldProblem if the file lacks the column.
 */
export function readJson(field: Field, fileColumns: FileColumns): FieldSql {
  if ('constant' in field) {
    return { value: quoteText(JSON.stringify(field.constant)), column: null, refusals: [] };
  }
  const { dialect } = fileColumns;
  const column = fileColumns.column(field);
  if (column === null) return nullField('VARCHAR');
  if (field.cast !== undefined) {
    const cast = castColumn(column, field.cast, dialect);
    const bare = ['bigint', 'double', 'boolean'].includes(field.cast);
    return { ...cast, value: bare ? cast.value : dialect.quoted(cast.value) };
  }
  return {
    value: jsonOf(dialect, column),
    column,
    refusals: column.kind === 'bytes' ? [unreadableRefusal('SLUICE_INGEST_ROW_TEXT_INVALID')] : [],
  };
}

/** The JSON of a column's value. */
function jsonOf(dialect: Dialect, { sql, kind, type }: Pick<FoundColumn, 'sql' | 'kind' | 'type'>): string {
  const text = dialect.text(sql, kind, type);
  switch (kind) {
    case 'integer':
    case 'boolean':
    case 'float':
    case 'decimal':
    case 'nested':
      return text;
    case 'json':
      return `coalesce(${dialect.json(sql)}, ${dialect.quoted(text)})`;
    default:
      return dialect.quoted(text);
  }
}

/**
 * Reads a field as the text of a JSON object, without white space. Empty texts and `null` count as missing.
 *
 * @throws FieldProblem if the file lacks the column, or it can't hold an object.
 */
export function readJsonObject(field: Field, fileColumns: FileColumns): FieldSql {
  const { dialect } = fileColumns;
  if ('constant' in field) {
    return { value: dialect.jsonObject(quoteText(String(field.constant))), column: null, refusals: [] };
  }
  const column = fileColumns.column(field);
  if (column === null) return nullField('VARCHAR');
  if (!['text', 'json', 'bytes', 'nested', 'empty'].includes(column.kind)) {
    throw new FieldProblem(
      'SLUICE_INGEST_COLUMN_TYPE_UNFIT',
      column.name,
      'text with a JSON object, a struct or a map',
      column.type,
    );
  }
  const { sql, kind, type } = column;
  return {
    value: dialect.jsonObject(dialect.text(sql, kind, type)),
    // A number that is not finite is named below, whatever the column's type.
    column: {
      ...column,
      refusals: column.refusals.filter(({ reason }) => reason !== 'SLUICE_INGEST_ROW_VALUE_INVALID'),
    },
    refusals: [
      {
        reason: 'SLUICE_INGEST_ROW_METADATA_INVALID',
        when: (raw, value) =>
          `${raw} IS NOT NULL AND ${value} IS NULL AND coalesce(trim(${dialect.text(raw, kind, type)}) NOT IN ('', 'null'), true)`,
      },
    ],
  };
}

/** Members of an object: keys, and the SQL of their values as JSON. NULL values are left out. */
export type Members = readonly (readonly [key: string, json: string])[];

/** A JSON object of members as text; NULL if it has none. */
export function jsonObjectSql(members: Members, dialect: Dialect): string {
  return members.length === 0
    ? 'CAST(NULL AS VARCHAR)'
    : `nullif(concat('{', ${memberList(members, dialect)}, '}'), '{}')`;
}

/**
 * The members of a JSON object, overridden by other members.
 *
 * @param object SQL of the text of an object without white space, or NULL.
 */
export function mergedObjectSql(object: string, members: Members, dialect: Dialect): string {
  if (members.length === 0) return `nullif(${object}, '{}')`;
  const parts = [memberList(members, dialect), dialect.membersOf(object, members)];
  return `nullif(concat('{', ${dialect.joined(parts.map((part) => `nullif(${part}, '')`))}, '}'), '{}')`;
}

function memberList(members: Members, dialect: Dialect): string {
  return dialect.joined(members.map(([key, json]) => `${quoteText(`${JSON.stringify(key)}:`)} || ${json}`));
}
