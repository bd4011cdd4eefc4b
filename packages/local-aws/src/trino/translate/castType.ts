import { notEmulated, SqlError, type Token } from './tokens.ts';

/** Trino's types without parameters, in DuckDB. https://trino.io/docs/current/language/types.html */
const PLAIN: Readonly<Record<string, string>> = {
  boolean: 'BOOLEAN',
  tinyint: 'TINYINT',
  smallint: 'SMALLINT',
  integer: 'INTEGER',
  int: 'INTEGER',
  bigint: 'BIGINT',
  real: 'FLOAT',
  double: 'DOUBLE',
  decimal: 'DECIMAL(38, 0)',
  varchar: 'VARCHAR',
  char: 'VARCHAR',
  varbinary: 'BLOB',
  json: 'JSON',
  date: 'DATE',
  uuid: 'UUID',
};

/** The target type of a cast. */
export interface CastTarget {
  /** DuckDB's type. */
  readonly type: string;
  /** The name of Trino's type, without parameters. */
  readonly name: string;
  /** The length of a `varchar(n)` or `char(n)`. */
  readonly length?: number;
}

/** The casts with a macro `trino_cast_<name>`: see `macros/conversionMacros.ts`. */
const CASTS: Readonly<Record<string, string>> = {
  TINYINT: 'tinyint',
  SMALLINT: 'smallint',
  INTEGER: 'integer',
  BIGINT: 'bigint',
  FLOAT: 'real',
  DOUBLE: 'double',
  BOOLEAN: 'boolean',
  DATE: 'date',
  TIMESTAMP: 'timestamp',
  'TIMESTAMP WITH TIME ZONE': 'timestamptz',
};

/** The text before and after a value that casts it to a type of {@link parseCastType}. */
export function castCall(type: string, attempt: boolean): readonly [before: string, behind: string] {
  const prefix = attempt ? 'trino_try_' : 'trino_';
  const cast = CASTS[type];
  if (cast !== undefined) return [`${prefix}cast_${cast}(`, ')'];
  const plain = attempt ? 'TRY_CAST(' : 'CAST(';
  return /^DECIMAL\(\d+, \d+\)$/.test(type)
    ? [`${plain}${prefix}decimal_text(`, `) AS ${type})`]
    : [plain, `AS ${type})`];
}

/**
 * Parses a type of Trino, starting at the token `from`.
 *
 * @returns The type and the index after it.
 * @throws SqlError `TYPE_NOT_FOUND`.
 */
export function parseCastType(
  tokens: readonly Token[],
  from: number,
): CastTarget & { readonly next: number } {
  const first = tokens[from];
  const name = first?.value.toLowerCase() ?? '';
  const offset = first?.start ?? tokens.at(-1)?.end ?? 0;
  const at = (index: number) => tokens[index]?.value.toLowerCase();
  const expect = (index: number, symbol: string) => {
    if (at(index) !== symbol)
      throw new SqlError(
        'SYNTAX_ERROR',
        `mismatched input '${tokens[index]?.raw ?? '<EOF>'}'. Expecting: '${symbol}'`,
        tokens[index]?.start ?? offset,
      );
    return index + 1;
  };
  if (name === 'array') {
    const open = at(from + 1) === '<' ? '<' : '(';
    const item = parseCastType(tokens, expect(from + 1, open));
    const next = expect(item.next, open === '<' ? '>' : ')');
    return { type: `${item.type}[]`, name, next };
  }
  if (name === 'map') {
    const open = at(from + 1) === '<' ? '<' : '(';
    const key = parseCastType(tokens, expect(from + 1, open));
    const value = parseCastType(tokens, expect(key.next, ','));
    return {
      type: `MAP(${key.type}, ${value.type})`,
      name,
      next: expect(value.next, open === '<' ? '>' : ')'),
    };
  }
  // DuckDB goes by the names of a row's fields, Trino by their places.
  if (/^(?:row|time|ipaddress)$/.test(name)) throw notEmulated(`The type ${name}`, offset);
  if (name === 'timestamp') {
    let next = from + 1;
    if (at(next) === '(') {
      // Hive's times, and so those of all tables, have milliseconds.
      if (Number(at(next + 1)) > 3) throw notEmulated(`The type timestamp(${at(next + 1)})`, offset);
      next = expect(next + 2, ')');
    }
    const zone = at(next) === 'with' && at(next + 1) === 'time' && at(next + 2) === 'zone';
    const plain = at(next) === 'without' && at(next + 1) === 'time' && at(next + 2) === 'zone';
    const type = zone ? 'TIMESTAMP WITH TIME ZONE' : 'TIMESTAMP';
    return { type, name, next: zone || plain ? next + 3 : next };
  }
  if (name === 'interval') {
    const months = at(from + 1) === 'year';
    if (at(from + 2) === 'to' && (months || at(from + 1) === 'day'))
      return { type: 'INTERVAL', name, next: from + 4 };
  }
  const plain = PLAIN[name];
  if (plain === undefined) throw new SqlError('TYPE_NOT_FOUND', `Unknown type: ${first?.raw ?? ''}`, offset);
  if (name === 'double' && at(from + 1) === 'precision') return { type: plain, name, next: from + 2 };
  if (at(from + 1) !== '(')
    return name === 'char'
      ? { type: plain, name, length: 1, next: from + 1 }
      : { type: plain, name, next: from + 1 };
  if (name === 'decimal') {
    const scale = at(from + 3) === ',' ? (at(from + 4) ?? '0') : '0';
    const close = at(from + 3) === ',' ? from + 5 : from + 3;
    return { type: `DECIMAL(${at(from + 2)}, ${scale})`, name, next: expect(close, ')') };
  }
  if (name !== 'varchar' && name !== 'char') {
    throw new SqlError('TYPE_NOT_FOUND', `Unknown type: ${first?.raw ?? ''}(${at(from + 2)})`, offset);
  }
  return { type: plain, name, length: Number(at(from + 2)), next: expect(from + 3, ')') };
}
