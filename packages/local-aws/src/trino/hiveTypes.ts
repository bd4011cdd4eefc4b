import { quoteName } from '../base/sql.ts';

/** The names of a Glue type in DuckDB and in Trino. */
export interface HiveType {
  /** DuckDB's name of the type. */
  readonly duckDb: string;
  /** E.g. `varchar`, `array(row(a integer))`, as in `information_schema`. */
  readonly trino: string;
}

/** https://docs.aws.amazon.com/athena/latest/ug/data-types.html */
const SIMPLE: Readonly<Record<string, HiveType>> = {
  string: { duckDb: 'VARCHAR', trino: 'varchar' },
  boolean: { duckDb: 'BOOLEAN', trino: 'boolean' },
  tinyint: { duckDb: 'TINYINT', trino: 'tinyint' },
  smallint: { duckDb: 'SMALLINT', trino: 'smallint' },
  int: { duckDb: 'INTEGER', trino: 'integer' },
  integer: { duckDb: 'INTEGER', trino: 'integer' },
  bigint: { duckDb: 'BIGINT', trino: 'bigint' },
  float: { duckDb: 'FLOAT', trino: 'real' },
  double: { duckDb: 'DOUBLE', trino: 'double' },
  date: { duckDb: 'DATE', trino: 'date' },
  timestamp: { duckDb: 'TIMESTAMP', trino: 'timestamp(3)' },
  binary: { duckDb: 'BLOB', trino: 'varbinary' },
};

/** Parses the type of a Glue column, including nested types; undefined for a type that Athena does not have. */
export function parseHiveType(text: string): HiveType | undefined {
  const type = text.trim();
  const simple = SIMPLE[type.toLowerCase()];
  if (simple !== undefined) return simple;
  const decimal = /^decimal(?:\((\d+)(?:\s*,\s*(\d+))?\))?$/i.exec(type);
  if (decimal !== null) {
    const precision = decimal[1] ?? '10';
    const scale = decimal[2] ?? '0';
    return { duckDb: `DECIMAL(${precision},${scale})`, trino: `decimal(${precision},${scale})` };
  }
  if (/^(?:varchar|char)\(\d+\)$/i.test(type)) return { duckDb: 'VARCHAR', trino: type.toLowerCase() };
  const nested = /^(array|map|struct)<(.*)>$/is.exec(type);
  const parts = nested === null ? [] : splitTopLevel(nested[2] ?? '');
  const kind = nested?.[1]?.toLowerCase();
  if (kind === 'array' && parts.length === 1) {
    const item = parseHiveType(parts[0] ?? '');
    return item && { duckDb: `${item.duckDb}[]`, trino: `array(${item.trino})` };
  }
  if (kind === 'map' && parts.length === 2) {
    const key = parseHiveType(parts[0] ?? '');
    const value = parseHiveType(parts[1] ?? '');
    return (
      key &&
      value && { duckDb: `MAP(${key.duckDb}, ${value.duckDb})`, trino: `map(${key.trino}, ${value.trino})` }
    );
  }
  return kind === 'struct' ? parseStructType(parts) : undefined;
}

/** The type of a struct; undefined if a field has no name or no known type. @param parts Fields: `a:int`. */
function parseStructType(parts: readonly string[]): HiveType | undefined {
  const fields: { readonly name: string; readonly type: HiveType }[] = [];
  for (const part of parts) {
    const colon = part.indexOf(':');
    const type = parseHiveType(part.slice(colon + 1));
    if (colon < 1 || type === undefined) return undefined;
    fields.push({ name: part.slice(0, colon).trim(), type });
  }
  const duckDbFields = fields.map(({ name, type }) => `${quoteName(name)} ${type.duckDb}`).join(', ');
  const trinoFields = fields.map(({ name, type }) => `${name} ${type.trino}`).join(', ');
  return {
    duckDb: `STRUCT(${duckDbFields})`,
    trino: `row(${trinoFields})`,
  };
}

/** The trimmed parts of a list between its own commas, as of the inner text of a nested type. */
function splitTopLevel(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (const [index, character] of [...text].entries()) {
    if (character === '<' || character === '(') depth += 1;
    if (character === '>' || character === ')') depth -= 1;
    if (character === ',' && depth === 0) {
      parts.push(text.slice(start, index));
      start = index + 1;
    }
  }
  return [...parts, text.slice(start)].map((part) => part.trim());
}

/** The DuckDB type of a Glue column type; undefined for a type that Athena does not have. */
export function duckDbType(glueType: string): string | undefined {
  return parseHiveType(glueType)?.duckDb;
}
