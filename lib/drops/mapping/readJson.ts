import { quoteText } from '../../base/sql.ts';
import type { Field } from '../../schema/mapping/fieldSource.ts';
import type { FileColumns } from './columns/FileColumns.ts';
import type { FoundColumn } from './columns/FoundColumn.ts';
import { FieldProblem, type FieldSql, nullField, unreadableRefusal } from './columns/findColumn.ts';
import { objectSql, quotedSql, strictJsonSql } from './jsonText.ts';
import { castColumn } from './readText.ts';
import { textSql } from './valueSql.ts';

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
    return { ...cast, value: quotedSql(cast.value) };
  }
  return {
    value: jsonOf(column),
    column,
    refusals: column.kind === 'bytes' ? [unreadableRefusal('SLUICE_INGEST_ROW_TEXT_INVALID')] : [],
  };
}

/** The JSON of a column's value. */
function jsonOf({ sql, kind, type }: Pick<FoundColumn, 'sql' | 'kind' | 'type'>): string {
  const text = textSql(sql, kind, type);
  switch (kind) {
    case 'integer':
    case 'boolean':
    case 'float':
    case 'decimal':
    case 'nested':
      return text;
    case 'json': {
      const written = strictJsonSql(`CAST(${sql} AS VARCHAR)`);
      return `coalesce(${written}, ${quotedSql(text)})`;
    }
    default:
      return quotedSql(text);
  }
}

/**
 * Reads a field as the text of a JSON object, without white space. Empty texts and `null` count as missing. The
 * configuration refuses a constant that is not the text of an object (lib/schema/mapping/fieldSource.ts).
 *
 * @throws FieldProblem if the file lacks the column, or it can't hold an object.
 */
export function readJsonObject(field: Field, fileColumns: FileColumns): FieldSql {
  if ('constant' in field) {
    return { value: objectSql(quoteText(String(field.constant))), column: null, refusals: [] };
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
    value: objectSql(textSql(sql, kind, type)),
    // A value with a number that is not finite is no JSON object. The refusal below gives the same reason for it in a column
    // of any type, so the column's own refusal of such numbers is left out.
    column: {
      ...column,
      refusals: column.refusals.filter(({ reason }) => reason !== 'SLUICE_INGEST_ROW_VALUE_INVALID'),
    },
    refusals: [
      {
        reason: 'SLUICE_INGEST_ROW_METADATA_INVALID',
        when: (raw, value) =>
          `${raw} IS NOT NULL AND ${value} IS NULL AND coalesce(trim(${textSql(raw, kind, type)}) NOT IN ('', 'null'), true)`,
      },
    ],
  };
}

/** Members of an object: distinct keys, and the SQL of their values as JSON. A member whose SQL gives NULL is left out. */
export type Members = readonly (readonly [key: string, json: string])[];

/** A JSON object of members as text; NULL if it has none. */
export function jsonObjectSql(members: Members): string {
  return members.length === 0
    ? 'CAST(NULL AS VARCHAR)'
    : `nullif(concat('{', ${memberList(members)}, '}'), '{}')`;
}

/**
 * A JSON object of members and of the members of another object, as text; NULL if it has none. The members come first, in
 * their order, and then those of the object. Of a key that both have, the object's member is left out, unless the SQL of
 * the other gives NULL: then the object's member stays.
 *
 * @param object SQL of the text of an object without white space, or NULL.
 */
export function mergedObjectSql(object: string, members: Members): string {
  if (members.length === 0) return `nullif(${object}, '{}')`;
  const parts = [memberList(members), membersOf(object, members)];
  const filled = joined(parts.map((part) => `nullif(${part}, '')`));
  return `nullif(concat('{', ${filled}, '}'), '{}')`;
}

/** SQL of the members of an object, each behind its key. */
function memberList(members: Members): string {
  return joined(
    members.map(([key, json]) => {
      const label = quoteText(`${JSON.stringify(key)}:`);
      return `${label} || ${json}`;
    }),
  );
}

/**
 * The members of an object as text without its braces, without those that others override; NULL for an object that is
 * NULL. For the member `plan`, `rebuilt` is
 *
 * - `entries`: `map_entries(…)`, a list of structs of the object's keys and values
 * - `kept`: `list_filter(entries, lambda member: NOT (member.key = 'plan' AND … IS NOT NULL))`
 * - `written`: `list_transform(kept, lambda member: <key as JSON> || ':' || <value as JSON>)`
 * - `array_to_string(written, ',')`
 */
function membersOf(object: string, members: Members): string {
  const isKept = members
    .map(([key, json]) => `NOT (member.key = ${quoteText(key)} AND ${json} IS NOT NULL)`)
    .join(' AND ');
  const entries = `map_entries(TRY(from_json(${object}, '"MAP(VARCHAR,JSON)"')))`;
  const kept = `list_filter(${entries}, lambda member: ${isKept})`;
  const value = `coalesce(CAST(member.value AS VARCHAR), 'null')`;
  const written = `list_transform(${kept}, lambda member: ${quotedSql('member.key')} || ':' || ${value})`;
  const rebuilt = `array_to_string(${written}, ',')`;
  // Parsing an object costs more than all other work on a row. So it happens only if the object's text has the key of a
  // member, or an escape, which may be part of a key.
  const mayHaveKey = [String.raw`\u`, ...members.map(([key]) => `${JSON.stringify(key)}:`)]
    .map((text) => `contains(${object}, ${quoteText(text)})`)
    .join(' OR ');
  // DuckDB counts characters from 1, and from the end by negative numbers: this leaves out the first and the last, which
  // are the braces.
  const withoutBraces = `${object}[2:-2]`;
  return `CASE WHEN ${mayHaveKey} THEN ${rebuilt} ELSE ${withoutBraces} END`;
}

/** Texts joined by commas, without those that are NULL. */
function joined(texts: readonly string[]): string {
  return `concat_ws(',', ${texts.join(', ')})`;
}
