import { quoteText } from '../../base/sql.ts';
import type { Field } from '../../schema/mappings.ts';
import type { FileColumns } from './FileColumns.ts';
import { FieldProblem, type FieldSql, type FoundColumn, nullField, unreadableRefusal } from './findColumn.ts';
import { castColumn } from './readText.ts';
import { finiteJsonSql, isFiniteJsonSql, textSql } from './valueSql.ts';

/**
 * Reads a field as a JSON value: numbers and booleans stay, nested columns become objects and arrays, all else texts.
 *
 * @throws FieldProblem if the file lacks the column.
 */
export function readJson(field: Field, fileColumns: FileColumns): FieldSql {
  if ('constant' in field) {
    return { value: quoteText(JSON.stringify(field.constant)), column: null, refusals: [] };
  }
  const column = fileColumns.column(field);
  if (column === null) return nullField('VARCHAR');
  if (field.cast !== undefined) {
    const cast = castColumn(column, field.cast);
    const bare = ['bigint', 'double', 'boolean'].includes(field.cast);
    return { ...cast, value: bare ? cast.value : quotedSql(cast.value) };
  }
  return {
    value: jsonSql(column),
    column,
    refusals: column.kind === 'bytes' ? [unreadableRefusal('SLUICE_INGEST_ROW_TEXT_INVALID')] : [],
  };
}

function jsonSql({ sql, kind, type }: FoundColumn): string {
  switch (kind) {
    case 'integer':
    case 'boolean':
      return `CAST(${sql} AS VARCHAR)`;
    case 'json':
      return `coalesce(${finiteJsonSql(`CAST(TRY(json(${sql})) AS VARCHAR)`)}, ${quotedSql(textSql(sql, kind, type))})`;
    case 'float':
    case 'decimal':
    case 'nested':
      return textSql(sql, kind, type);
    default:
      return quotedSql(textSql(sql, kind, type));
  }
}

function quotedSql(text: string): string {
  return `CAST(to_json(${text}) AS VARCHAR)`;
}

/**
 * Reads a field as the text of a JSON object, without white space. Empty texts and `null` count as missing.
 *
 * @throws FieldProblem if the file lacks the column, or it can't hold an object.
 */
export function readJsonObject(field: Field, fileColumns: FileColumns): FieldSql {
  if ('constant' in field) {
    return { value: objectSql(quoteText(String(field.constant))), column: null, refusals: [] };
  }
  const column = fileColumns.column(field);
  if (column === null) return nullField('VARCHAR');
  if (!['text', 'json', 'bytes', 'nested'].includes(column.kind)) {
    throw new FieldProblem(
      'SLUICE_INGEST_COLUMN_TYPE_UNFIT',
      column.name,
      'text with a JSON object, a struct or a map',
      column.type,
    );
  }
  const text = textSql(column.sql, column.kind, column.type);
  return {
    value: objectSql(text),
    column,
    refusals: [
      {
        reason: 'SLUICE_INGEST_ROW_METADATA_INVALID',
        when: (raw, value) =>
          `${raw} IS NOT NULL AND ${value} IS NULL AND coalesce(trim(${textSql(raw, column.kind, column.type)}) NOT IN ('', 'null'), true)`,
      },
    ],
  };
}

/** Checks the text before it is parsed as JSON, which is expensive. */
function objectSql(text: string): string {
  const json = `CAST(TRY(json(${text})) AS VARCHAR)`;
  return `CASE WHEN starts_with(ltrim(${text}, E' \\t\\n\\r'), '{') AND ${isFiniteJsonSql(json, text)} THEN ${json} END`;
}

/** Members of an object: keys, and the SQL of their values as JSON. NULL values are left out. */
export type Members = readonly (readonly [key: string, json: string])[];

/** A JSON object of members as text; NULL if it has none. */
export function jsonObjectSql(members: Members): string {
  return members.length === 0
    ? 'CAST(NULL AS VARCHAR)'
    : `nullif('{' || ${memberList(members)} || '}', '{}')`;
}

/**
 * The members of a JSON object, overridden by other members.
 *
 * @param object SQL of the text of an object without white space, or NULL.
 */
export function mergedObjectSql(object: string, members: Members): string {
  if (members.length === 0) return `nullif(${object}, '{}')`;
  const own = memberList(members);
  const kept = members
    .map(([key, json]) => `NOT (member.key = ${quoteText(key)} AND ${json} IS NOT NULL)`)
    .join(' AND ');
  const rebuilt = `array_to_string(list_transform(list_filter(map_entries(TRY(from_json(${object}, '"MAP(VARCHAR,JSON)"'))), lambda member: ${kept}), lambda member: CAST(to_json(member.key) AS VARCHAR) || ':' || coalesce(CAST(member.value AS VARCHAR), 'null')), ',')`;
  // Parsing an object costs more than all the rest, so it happens only if a key may occur twice. A key may have escapes.
  const suspect = [String.raw`\u`, ...members.map(([key]) => `${JSON.stringify(key)}:`)]
    .map((text) => `contains(${object}, ${quoteText(text)})`)
    .join(' OR ');
  const rest = `CASE WHEN ${suspect} THEN ${rebuilt} ELSE ${object}[2:-2] END`;
  return `nullif('{' || concat_ws(',', nullif(${own}, ''), nullif(${rest}, '')) || '}', '{}')`;
}

function memberList(members: Members): string {
  return `concat_ws(',', ${members
    .map(([key, json]) => `${quoteText(`${JSON.stringify(key)}:`)} || ${json}`)
    .join(', ')})`;
}
