import { quoteName } from '../../../../../lib/sql/quoteName.ts';

/** A type as the Glue catalog has it, in the words of DuckDB and of Athena's queries. */
export interface HiveType {
  readonly duckDb: string;
  /** E.g. `varchar`, `array(row(a integer))`: what `information_schema` and DESCRIBE OUTPUT show. */
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

/** Reads a type of a Glue column, nested ones too; undefined when it is none that Athena has. */
export function hiveType(text: string): HiveType | undefined {
  const type = text.trim();
  const simple = SIMPLE[type.toLowerCase()];
  if (simple !== undefined) return simple;
  const decimal = /^decimal(?:\((\d+)(?:\s*,\s*(\d+))?\))?$/i.exec(type);
  if (decimal !== null) {
    const [precision, scale] = [decimal[1] ?? '10', decimal[2] ?? '0'];
    return { duckDb: `DECIMAL(${precision}, ${scale})`, trino: `decimal(${precision},${scale})` };
  }
  if (/^(?:varchar|char)\(\d+\)$/i.test(type)) return { duckDb: 'VARCHAR', trino: type.toLowerCase() };
  const nested = /^(array|map|struct)<(.*)>$/is.exec(type);
  const parts = nested === null ? [] : splitOutside(nested[2] ?? '');
  const kind = nested?.[1]?.toLowerCase();
  if (kind === 'array' && parts.length === 1) {
    const item = hiveType(parts[0] ?? '');
    return item && { duckDb: `${item.duckDb}[]`, trino: `array(${item.trino})` };
  }
  if (kind === 'map' && parts.length === 2) {
    const [key, value] = [hiveType(parts[0] ?? ''), hiveType(parts[1] ?? '')];
    return (
      key &&
      value && { duckDb: `MAP(${key.duckDb}, ${value.duckDb})`, trino: `map(${key.trino}, ${value.trino})` }
    );
  }
  return kind === 'struct' ? structType(parts) : undefined;
}

function structType(parts: readonly string[]): HiveType | undefined {
  const fields: { readonly name: string; readonly type: HiveType }[] = [];
  for (const part of parts) {
    const colon = part.indexOf(':');
    const type = hiveType(part.slice(colon + 1));
    if (colon < 1 || type === undefined) return undefined;
    fields.push({ name: part.slice(0, colon).trim(), type });
  }
  return {
    duckDb: `STRUCT(${fields.map(({ name, type }) => `${quoteName(name)} ${type.duckDb}`).join(', ')})`,
    trino: `row(${fields.map(({ name, type }) => `${name} ${type.trino}`).join(', ')})`,
  };
}

function splitOutside(text: string): string[] {
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
  return [...parts, text.slice(start)];
}
