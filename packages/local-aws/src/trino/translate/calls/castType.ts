import { notEmulated, SqlError, type Token } from '../tokens.ts';

/** Trino's types without parameters, in DuckDB. https://trino.io/docs/current/language/types.html */
const PLAIN: ReadonlyMap<string, string> = new Map([
  ['boolean', 'BOOLEAN'],
  ['tinyint', 'TINYINT'],
  ['smallint', 'SMALLINT'],
  ['integer', 'INTEGER'],
  ['int', 'INTEGER'],
  ['bigint', 'BIGINT'],
  ['real', 'FLOAT'],
  ['double', 'DOUBLE'],
  ['decimal', 'DECIMAL(38, 0)'],
  ['varchar', 'VARCHAR'],
  ['char', 'VARCHAR'],
  ['varbinary', 'BLOB'],
  ['json', 'JSON'],
  ['date', 'DATE'],
  ['uuid', 'UUID'],
]);

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

/** A type that was parsed, and the place after it. */
type ParsedType = CastTarget & { readonly next: number };

/**
 * Parses a type of Trino, starting at the token `from`.
 *
 * @returns The type and the index after it.
 * @throws SqlError `TYPE_NOT_FOUND` for a type that Trino lacks, `NOT_SUPPORTED`, `SYNTAX_ERROR`.
 */
export function parseCastType(tokens: readonly Token[], from: number): ParsedType {
  const { next, ...target } = new TypeReader(tokens, from).read();
  return { ...target, next: from + next };
}

/** Reads the type that begins at a token. Places are counted from that token, so the type's name is at 0. */
class TypeReader {
  readonly #tokens: readonly Token[];
  readonly #from: number;
  /** The type's name, in small letters. */
  readonly #name: string;

  constructor(tokens: readonly Token[], from: number) {
    this.#tokens = tokens;
    this.#from = from;
    this.#name = this.#word(0) ?? '';
  }

  /** The type, and the index after it. @throws SqlError */
  read(): ParsedType {
    const name = this.#name;
    // DuckDB goes by the names of a row's fields, Trino by their places.
    if (/^(?:row|time|ipaddress)$/.test(name)) throw notEmulated(`The type ${name}`, this.#offset);
    if (name === 'array') return this.#array();
    if (name === 'map') return this.#map();
    if (name === 'timestamp') return this.#timestamp();
    return (name === 'interval' ? this.#interval() : undefined) ?? this.#plain();
  }

  /** `array(integer)`, or Hive's `array<int>`. */
  #array(): ParsedType {
    const [open, close] = this.#brackets();
    const item = this.#item(this.#expect(1, open));
    return this.#parsed(`${item.type}[]`, this.#expect(item.next, close));
  }

  /** `map(varchar, integer)`, or Hive's `map<string,int>`. */
  #map(): ParsedType {
    const [open, close] = this.#brackets();
    const key = this.#item(this.#expect(1, open));
    const value = this.#item(this.#expect(key.next, ','));
    return this.#parsed(`MAP(${key.type}, ${value.type})`, this.#expect(value.next, close));
  }

  /** Those around items: Hive's, as in `array<int>`, or Trino's, as in `array(integer)`. */
  #brackets(): readonly [open: string, close: string] {
    return this.#word(1) === '<' ? ['<', '>'] : ['(', ')'];
  }

  /** A type inside this one; its `next` counts from this one's beginning. */
  #item(at: number): ParsedType {
    const parsed = parseCastType(this.#tokens, this.#from + at);
    return { ...parsed, next: parsed.next - this.#from };
  }

  /** `timestamp`, with digits and a time zone if they are stated. */
  #timestamp(): ParsedType {
    let next = 1;
    if (this.#word(next) === '(') {
      const digits = this.#word(next + 1);
      // Hive's times, and so those of all tables, have milliseconds.
      if (Number(digits) !== 3) throw notEmulated(`The type timestamp(${digits})`, this.#offset);
      next = this.#expect(next + 2, ')');
    }
    const timeZone = this.#word(next + 1) === 'time' && this.#word(next + 2) === 'zone';
    const word = this.#word(next);
    if (timeZone && word === 'with') return this.#parsed('TIMESTAMP WITH TIME ZONE', next + 3);
    return this.#parsed('TIMESTAMP', timeZone && word === 'without' ? next + 3 : next);
  }

  /** `interval year to month` or `interval day to second`; undefined for any other. */
  #interval(): ParsedType | undefined {
    const unit = this.#word(1);
    const known = (unit === 'year' || unit === 'day') && this.#word(2) === 'to';
    return known ? this.#parsed('INTERVAL', 4) : undefined;
  }

  /** A type without items. */
  #plain(): ParsedType {
    const name = this.#name;
    const type = PLAIN.get(name);
    if (type === undefined) throw this.#unknown('');
    if (name === 'double' && this.#word(1) === 'precision') return this.#parsed(type, 2);
    const hasParameters = this.#word(1) === '(';
    if (!hasParameters) return this.#parsed(type, 1, name === 'char' ? 1 : undefined);
    if (name === 'decimal') return this.#decimal();
    if (name !== 'varchar' && name !== 'char') throw this.#unknown(`(${this.#word(2)})`);
    return this.#parsed(type, this.#expect(3, ')'), Number(this.#word(2)));
  }

  /** `decimal(10, 2)`; the scale is 0 if it is not stated. */
  #decimal(): ParsedType {
    const hasScale = this.#word(3) === ',';
    const scale = hasScale ? (this.#word(4) ?? '0') : '0';
    return this.#parsed(`DECIMAL(${this.#word(2)}, ${scale})`, this.#expect(hasScale ? 5 : 3, ')'));
  }

  /** The type as DuckDB has it. @param length Characters of a text; undefined for any number. */
  #parsed(type: string, next: number, length?: number): ParsedType {
    return { type, name: this.#name, ...(length === undefined ? {} : { length }), next };
  }

  /** The token behind the type's first by a number of tokens, in lower case; undefined at the end. */
  #word(at: number): string | undefined {
    return this.#tokens[this.#from + at]?.value.toLowerCase();
  }

  /** The index after a symbol that has to stand at an index. @throws SqlError `SYNTAX_ERROR` */
  #expect(at: number, symbol: string): number {
    if (this.#word(at) === symbol) return at + 1;
    const token = this.#tokens[this.#from + at];
    throw new SqlError(
      'SYNTAX_ERROR',
      `mismatched input '${token?.raw ?? '<EOF>'}'. Expecting: '${symbol}'`,
      token?.start ?? this.#offset,
    );
  }

  /** Where the type begins in the statement. */
  get #offset(): number {
    return this.#tokens[this.#from]?.start ?? this.#tokens.at(-1)?.end ?? 0;
  }

  /** The error for a type that Trino does not have. @param parameters As they are written, or ''. */
  #unknown(parameters: string): SqlError {
    const raw = this.#tokens[this.#from]?.raw ?? '';
    return new SqlError('TYPE_NOT_FOUND', `Unknown type: ${raw}${parameters}`, this.#offset);
  }
}
