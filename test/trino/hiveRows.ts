import { quoteName, quoteText } from '../../lib/base/sql.ts';

/** A type of Hive's: a name, and the types in it. */
export interface HiveType {
  readonly name: string;
  /** Members of an array, a map or a struct, with their names. */
  readonly parts: readonly { readonly name: string; readonly type: HiveType }[];
}

/** A column of a table that Athena reads files by. */
export interface HiveColumn {
  readonly name: string;
  readonly type: HiveType;
}

/** Parses `struct<a:int,b:array<string>>`. */
export function parseHiveType(text: string): HiveType {
  const [, name = text, inner] = /^(array|map|struct)<(.*)>$/.exec(text) ?? [];
  if (inner === undefined) return { name, parts: [] };
  const parts = splitOutside(inner).map((part) => {
    const colon = name === 'struct' ? part.indexOf(':') : -1;
    return { name: part.slice(0, Math.max(colon, 0)), type: parseHiveType(part.slice(colon + 1)) };
  });
  return { name, parts };
}

function splitOutside(text: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const character of text) {
    if ('<('.includes(character)) depth += 1;
    if ('>)'.includes(character)) depth -= 1;
    if (character === ',' && depth === 0) parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts;
}

const TYPES: Readonly<Record<string, string>> = {
  ...{ string: 'varchar', binary: 'varbinary', int: 'integer', float: 'real', timestamp: 'timestamp(3)' },
};

/** Trino's name of a type. */
function trinoType({ name, parts }: HiveType): string {
  const inner = parts.map(
    (part) => `${part.name === '' ? '' : `${quoteName(part.name)} `}${trinoType(part.type)}`,
  );
  if (parts.length === 0) return TYPES[name] ?? name;
  return `${name === 'struct' ? 'row' : name}(${inner.join(', ')})`;
}

/** SQL with which DuckDB reads a column for JSON: bytes become hexadecimal digits, and times are texts. */
export function readColumn({ name, type }: HiveColumn): string {
  const column = quoteName(name);
  return type.name === 'binary' ? `hex(${column}) AS ${column}` : column;
}

/** Rows of one INSERT. */
const MOST_ROWS = 50;

/**
 * Statements that make a table of rows. Flat values are texts that the query reads, as Trino compiles each expression in
 * VALUES.
 *
 * @param rows As DuckDB shows them as JSON; names of columns in any case.
 */
export function createTableOf(
  table: string,
  columns: readonly HiveColumn[],
  rows: readonly Readonly<Record<string, unknown>>[],
): string[] {
  const names = columns.map(({ name }) => quoteName(name));
  const read = columns.map((column, i) => `${readText(column)} AS ${names[i]}`).join(', ');
  const statements: string[] = [];
  // The runner makes tables of queries only, so that a table without rows takes one that is left out.
  for (let from = 0; from < Math.max(rows.length, 1); from += MOST_ROWS) {
    const values = (rows.length === 0 ? [{}] : rows.slice(from, from + MOST_ROWS)).map((row) => {
      const lower = Object.fromEntries(
        Object.entries(row).map(([name, value]) => [name.toLowerCase(), value]),
      );
      return `(${columns.map(({ name, type }) => written(lower[name], type)).join(', ')})`;
    });
    const query = `SELECT ${read} FROM (VALUES ${values.join(', ')}) AS given (${names.join(', ')})${rows.length === 0 ? ' WHERE false' : ''}`;
    statements.push(from === 0 ? `CREATE TABLE ${table} AS ${query}` : `INSERT INTO ${table} ${query}`);
  }
  return statements;
}

function written(value: unknown, type: HiveType): string {
  if (value === null || value === undefined) return 'NULL';
  return type.parts.length > 0 ? literal(value, type) : quoteText(textOf(value, type));
}

function textOf(value: unknown, { name }: HiveType): string {
  const text = Object.is(value, -0) ? '-0.0' : String(value);
  if (name === 'timestamp' && /^-?\d{6}|infinity$/.test(text))
    return /^-|BC/.test(text) ? '-infinity' : 'infinity';
  return name === 'timestamp' ? text.replace(/\+00$/, '') : text;
}

/** SQL that reads a value from its text. */
function readText({ name, type }: HiveColumn): string {
  const text = `CAST(${quoteName(name)} AS varchar)`;
  const far = (plus: string, minus: string, read: string) =>
    `CASE ${text} WHEN 'infinity' THEN ${plus} WHEN '-infinity' THEN ${minus} ELSE ${read} END`;
  if (type.parts.length > 0) return `CAST(${quoteName(name)} AS ${trinoType(type)})`;
  switch (type.name) {
    case 'string':
      return text;
    case 'binary':
      return `from_hex(${text})`;
    case 'date':
      return far(farDate(''), farDate('-'), `TRY_CAST(${text} AS date)`);
    case 'timestamp':
      return far(farTime(''), farTime('-'), `TRY_CAST(${text} AS timestamp(3))`);
    default:
      return `CAST(${text} AS ${trinoType(type)})`;
  }
}

/** A value within others as Athena reads it from a file. */
function literal(value: unknown, type: HiveType): string {
  const { name, parts } = type;
  const trino = trinoType(type);
  if (value === null || value === undefined) return `CAST(NULL AS ${trino})`;
  const [first, second] = parts;
  if (name === 'array' && first !== undefined && Array.isArray(value))
    return `CAST(ARRAY[${value.map((item) => literal(item, first.type)).join(', ')}] AS ${trino})`;
  if (name === 'map' && first !== undefined && second !== undefined && Array.isArray(value)) {
    const of = (key: 'key' | 'value', part: HiveType) =>
      `ARRAY[${value.map((entry: Readonly<Record<string, unknown>>) => literal(entry[key], part)).join(', ')}]`;
    return `CAST(MAP(${of('key', first.type)}, ${of('value', second.type)}) AS ${trino})`;
  }
  if (name === 'struct' && typeof value === 'object') {
    const members: Readonly<Record<string, unknown>> = { ...value };
    return `CAST(ROW(${parts.map((part) => literal(members[part.name], part.type)).join(', ')}) AS ${trino})`;
  }
  const text = textOf(value, type);
  if (text.endsWith('infinity') && name === 'date') return farDate(text.startsWith('-') ? '-' : '');
  if (text.endsWith('infinity') && name === 'timestamp') return farTime(text.startsWith('-') ? '-' : '');
  return `CAST(${quoteText(text)} AS ${trino})`;
}

/** Trino has no literals for what it would fold to one: times so far away. It folds no random number. */
const ZERO = 'CAST(floor(random()) AS bigint)';
/** DuckDB's infinite values in Trino's SQL: the last day and microsecond from 1970. Trino adds 31 bits at once. */
const farDate = (sign: string) => `date_add('day', ${ZERO} + ${sign}2147483647, DATE '1970-01-01')`;
const farTime = (sign: string) =>
  `date_add('millisecond', ${sign}14454775, date_add('day', ${ZERO} + ${sign}106751991, TIMESTAMP '1970-01-01 00:00:00.000'))`;
