/**
 * Why a text is no SQL that can be run here, under Trino's name for it.
 * https://github.com/trinodb/trino/blob/master/core/trino-spi/src/main/java/io/trino/spi/StandardErrorCode.java
 */
export type SqlErrorCode =
  | 'SYNTAX_ERROR'
  | 'FUNCTION_NOT_FOUND'
  | 'COLUMN_NOT_FOUND'
  | 'TYPE_NOT_FOUND'
  | 'INVALID_PARAMETER_USAGE'
  | 'INVALID_FUNCTION_ARGUMENT'
  | 'INVALID_LITERAL'
  | 'NOT_SUPPORTED';

/** A fault of an SQL text and where in the text it is. */
export class SqlError extends Error {
  readonly code: SqlErrorCode;
  /** Index of the character in the user's text. */
  readonly offset: number;

  constructor(code: SqlErrorCode, message: string, offset: number) {
    super(message);
    this.name = 'SqlError';
    this.code = code;
    this.offset = offset;
  }
}

/** `line 1:8`, as Trino counts: both from 1. */
export function linePosition(sql: string, offset: number): string {
  const before = sql.slice(0, offset);
  const line = before.split('\n').length;
  return `line ${line}:${offset - before.lastIndexOf('\n')}`;
}

/** A token of SQL, with where it stands in the text. */
export interface Token {
  readonly kind: 'word' | 'quoted' | 'text' | 'number' | 'symbol' | 'parameter';
  /** As written. */
  readonly raw: string;
  /** A word in lower case, a quoted name or a text without its quotes; otherwise as written. */
  readonly value: string;
  readonly start: number;
  readonly end: number;
}

const SPACE = /(?:\s+|--[^\n]*|\/\*[\s\S]*?\*\/)+/y;
const TOKENS = [
  ['word', /[\p{L}_][\p{L}\p{N}_]*/uy],
  ['quoted', /"(?:[^"]|"")*"|`(?:[^`]|``)*`/y],
  ['text', /'(?:[^']|'')*'/y],
  ['number', /(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y],
  ['parameter', /\?/y],
  ['symbol', /->|=>|<>|!=|<=|>=|\|\||::|[-+*/%=<>(),.[\];:{}@&|^~!#]/y],
] as const;

/**
 * The tokens of a statement by Trino's lexical rules, comments left out.
 * https://github.com/trinodb/trino/blob/master/core/trino-grammar/src/main/antlr4/io/trino/grammar/sql/SqlBase.g4
 *
 * @throws SqlError `SYNTAX_ERROR` for a text or a name that never ends, or a character that begins nothing.
 */
function tokenize(sql: string): Token[] {
  const tokens: Token[] = [];
  for (let at = skipSpace(sql, 0); at < sql.length; ) {
    const token = tokenAt(sql, at);
    tokens.push(token);
    at = skipSpace(sql, token.end);
  }
  return tokens;
}

function tokenAt(sql: string, start: number): Token {
  for (const [kind, pattern] of TOKENS) {
    pattern.lastIndex = start;
    const raw = pattern.exec(sql)?.[0];
    if (raw !== undefined && raw !== '') {
      return { kind, raw, value: contentOf(kind, raw), start, end: start + raw.length };
    }
  }
  const character = String.fromCodePoint(sql.codePointAt(start) ?? 0);
  throw new SqlError('SYNTAX_ERROR', `mismatched input '${character}'. Expecting: <expression>`, start);
}

function contentOf(kind: Token['kind'], raw: string): string {
  if (kind === 'word') return raw.toLowerCase();
  if (kind !== 'quoted' && kind !== 'text') return raw;
  const quote = raw.charAt(0);
  return raw.slice(1, -1).replaceAll(quote + quote, quote);
}

function skipSpace(sql: string, from: number): number {
  SPACE.lastIndex = from;
  return from + (SPACE.exec(sql)?.[0].length ?? 0);
}

const OPENING: Readonly<Record<string, string>> = { '(': ')', '[': ']' };

/** A half-open range of tokens. */
export interface TokenRange {
  readonly from: number;
  readonly to: number;
}

/** The tokens of a statement, with its brackets matched. */
export class TokenList {
  readonly sql: string;
  readonly tokens: readonly Token[];
  readonly #close = new Map<number, number>();

  /** @throws SqlError `SYNTAX_ERROR` for brackets that don't match. */
  constructor(sql: string, tokens: readonly Token[] = tokenize(sql)) {
    this.sql = sql;
    this.tokens = tokens;
    const open: number[] = [];
    for (const [index, token] of tokens.entries()) {
      if (token.kind !== 'symbol') continue;
      if (OPENING[token.raw] !== undefined) open.push(index);
      if (token.raw !== ')' && token.raw !== ']') continue;
      const start = open.pop();
      if (start === undefined || OPENING[tokens[start]?.raw ?? ''] !== token.raw) throw mismatched(token);
      this.#close.set(start, index);
    }
    if (open.length > 0)
      throw new SqlError('SYNTAX_ERROR', "mismatched input '<EOF>'. Expecting: ')'", sql.length);
  }

  get length(): number {
    return this.tokens.length;
  }

  at(index: number): Token | undefined {
    return this.tokens[index];
  }

  /** The word at an index in lower case, undefined when there is none. */
  word(index: number): string | undefined {
    const token = this.tokens[index];
    return token?.kind === 'word' ? token.value : undefined;
  }

  /** Whether the words at an index and after it are these. */
  words(index: number, ...words: readonly string[]): boolean {
    return words.every((word, offset) => this.word(index + offset) === word);
  }

  symbol(index: number): string | undefined {
    const token = this.tokens[index];
    return token?.kind === 'symbol' ? token.raw : undefined;
  }

  /** Index of the bracket that closes the one at `open`. */
  closeOf(open: number): number {
    return this.#close.get(open) ?? open;
  }

  /** Where a token starts in the text; the text's end for none. */
  offset(index: number): number {
    return this.tokens[index]?.start ?? this.sql.trimEnd().length;
  }

  /** The parts of a range that commas outside of brackets separate; none for an empty range. */
  split(from: number, to: number): TokenRange[] {
    if (from >= to) return [];
    const parts: TokenRange[] = [];
    let start = from;
    for (let index = from; index < to; index += 1) {
      const symbol = this.symbol(index);
      if (symbol === '(' || symbol === '[') index = this.closeOf(index);
      else if (symbol === ',') {
        parts.push({ from: start, to: index });
        start = index + 1;
      }
    }
    parts.push({ from: start, to });
    return parts;
  }

  /** The user's own text of a range. */
  text(from: number, to: number): string {
    const last = this.tokens[to - 1];
    return last === undefined || from >= to ? '' : this.sql.slice(this.offset(from), last.end);
  }
}

/** The error of a token that can't stand where it does. */
export function mismatched(token: Token, expecting = '<expression>'): SqlError {
  return new SqlError(
    'SYNTAX_ERROR',
    `mismatched input '${token.raw}'. Expecting: ${expecting}`,
    token.start,
  );
}

/** Whether the word TABLE at an index begins a query: `TABLE t` is `SELECT * FROM t`. */
export function isTableQuery(list: TokenList, index: number): boolean {
  const before = list.at(index - 1);
  const name = list.at(index + 1)?.kind;
  const begins =
    before === undefined ||
    before.raw === '(' ||
    before.raw === ')' ||
    /^(?:union|all|distinct|intersect|except)$/.test(list.word(index - 1) ?? '');
  return list.word(index) === 'table' && begins && (name === 'word' || name === 'quoted');
}
