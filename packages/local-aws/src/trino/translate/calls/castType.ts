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

/** Trino's types that are not emulated. A row is none of DuckDB's: Trino goes by the places of its fields, DuckDB by their names. */
const NOT_EMULATED = /^(?:row|time|ipaddress|hyperloglog|p4hyperloglog|setdigest|qdigest|tdigest)$/;

/** The most digits of a decimal. */
const MAX_PRECISION = 38;

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

/**
 * The text before and after a value that casts it to a type of {@link parseCastType}.
 *
 * @param isTried Whether the cast has NULL for a value that is none of the type.
 */
export function castCall(type: string, isTried: boolean): readonly [before: string, behind: string] {
  const prefix = isTried ? 'trino_try_' : 'trino_';
  const cast = CASTS[type];
  if (cast !== undefined) return [`${prefix}cast_${cast}(`, ')'];
  const plain = isTried ? 'TRY_CAST(' : 'CAST(';
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
 * @throws SqlError `TYPE_NOT_FOUND` for a type that Trino lacks, `NOT_SUPPORTED` for one that is not emulated,
 * `INVALID_FUNCTION_ARGUMENT` for a decimal with too many digits, and `SYNTAX_ERROR`.
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
    if (!/^(?:word|quoted)$/.test(this.#tokens[this.#from]?.kind ?? '')) throw this.#mismatched(0, '<type>');
    if (NOT_EMULATED.test(name)) throw notEmulated(`The type ${name}`, this.#offset);
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

  /** `map(varchar, integer)`, or Hive's `map<varchar,int>`. */
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
      const digits = this.#parameter(next + 1);
      // Hive's times, and so those of all tables, have milliseconds.
      if (digits !== 3) throw notEmulated(`The type timestamp(${digits})`, this.#offset);
      next = this.#expect(next + 2, ')');
    }
    const timeZone = this.#word(next + 1) === 'time' && this.#word(next + 2) === 'zone';
    const word = this.#word(next);
    if (timeZone && word === 'with') return this.#parsed('TIMESTAMP WITH TIME ZONE', next + 3);
    return this.#parsed('TIMESTAMP', timeZone && word === 'without' ? next + 3 : next);
  }

  /** `interval year to month` or `interval day to second`; undefined for any other. */
  #interval(): ParsedType | undefined {
    const units = [this.#word(1), this.#word(2), this.#word(3)].join(' ');
    return /^(?:year to month|day to second)$/.test(units) ? this.#parsed('INTERVAL', 4) : undefined;
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
    const length = this.#parameter(2);
    if (name !== 'varchar' && name !== 'char') throw this.#unknown(`(${length})`);
    return this.#parsed(type, this.#expect(3, ')'), length);
  }

  /** `decimal(10, 2)`; the scale is 0 if it is not stated. */
  #decimal(): ParsedType {
    const precision = this.#parameter(2);
    const hasScale = this.#word(3) === ',';
    const scale = hasScale ? this.#parameter(4) : 0;
    const next = this.#expect(hasScale ? 5 : 3, ')');
    if (precision === 0 || precision > MAX_PRECISION)
      throw this.#outOfRange('precision', `1, ${MAX_PRECISION}`, precision);
    if (scale > precision) throw this.#outOfRange('scale', `0, precision (${precision})`, scale);
    return this.#parsed(`DECIMAL(${precision}, ${scale})`, next);
  }

  /** The type as DuckDB has it. @param length Characters of a text; undefined for any number. */
  #parsed(type: string, next: number, length?: number): ParsedType {
    return { type, name: this.#name, ...(length === undefined ? {} : { length }), next };
  }

  /** The number that is the parameter at an index. @throws SqlError */
  #parameter(at: number): number {
    const token = this.#tokens[this.#from + at];
    if (token?.kind === 'word' || token?.kind === 'quoted') throw this.#unknown(`(${token.raw})`);
    if (!/^\d+$/.test(token?.raw ?? '')) throw this.#mismatched(at, '<integer>, <type>');
    return Number(token?.raw);
  }

  /** The token behind the type's first by a number of tokens, in lower case; undefined for a string and at the end. */
  #word(at: number): string | undefined {
    const token = this.#tokens[this.#from + at];
    return token?.kind === 'text' ? undefined : token?.value.toLowerCase();
  }

  /** The index after a symbol that has to stand at an index. @throws SqlError `SYNTAX_ERROR` */
  #expect(at: number, symbol: string): number {
    if (this.#word(at) === symbol) return at + 1;
    throw this.#mismatched(at, `'${symbol}'`);
  }

  /** The error for a token that can't stand at an index. @param expected What can. */
  #mismatched(at: number, expected: string): SqlError {
    const token = this.#tokens[this.#from + at];
    return new SqlError(
      'SYNTAX_ERROR',
      `mismatched input '${token?.raw ?? '<EOF>'}'. Expecting: ${expected}`,
      token?.start ?? this.#offset,
    );
  }

  /**
   * The error for a decimal's number of digits.
   * https://github.com/trinodb/trino/blob/435/core/trino-spi/src/main/java/io/trino/spi/type/DecimalType.java
   */
  #outOfRange(what: string, range: string, got: number): SqlError {
    return new SqlError(
      'INVALID_FUNCTION_ARGUMENT',
      `DECIMAL ${what} must be in range [${range}]: ${got}`,
      this.#offset,
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
