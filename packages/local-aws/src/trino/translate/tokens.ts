/**
 * Trino's error codes that the translation uses.
 * https://github.com/trinodb/trino/blob/master/core/trino-spi/src/main/java/io/trino/spi/StandardErrorCode.java
 */
type SqlErrorCode =
  | 'SYNTAX_ERROR'
  | 'FUNCTION_NOT_FOUND'
  | 'COLUMN_NOT_FOUND'
  | 'TYPE_NOT_FOUND'
  | 'TYPE_MISMATCH'
  | 'INVALID_PARAMETER_USAGE'
  | 'INVALID_FUNCTION_ARGUMENT'
  | 'INVALID_LITERAL'
  | 'NOT_SUPPORTED';

/** An error in an SQL text, with its position. */
export class SqlError extends Error {
  /** Trino's name of the error. */
  readonly code: SqlErrorCode;
  /** The offset in the user's text. */
  readonly offset: number;

  constructor(code: SqlErrorCode, message: string, offset: number) {
    super(message);
    this.name = 'SqlError';
    this.code = code;
    this.offset = offset;
  }
}

/** The sentence that refuses what Trino has and the local Athena has not, with where it can be tried. */
export function refusal(feature: string): string {
  return `${feature} is not emulated by the local Athena: try it in Trino or on AWS`;
}

/** Refuses a part of a statement by name. */
export function notEmulated(feature: string, offset: number): SqlError {
  return new SqlError('NOT_SUPPORTED', refusal(feature), offset);
}

/** A position such as `line 1:8`. As in Trino, both numbers start at 1. */
export function linePosition(sql: string, offset: number): string {
  const before = sql.slice(0, offset);
  const line = before.split('\n').length;
  return `line ${line}:${offset - before.lastIndexOf('\n')}`;
}

/** A token of SQL, with its position in the text. */
export interface Token {
  /** What the token is; `quoted` is a name in quotes, `text` a string. */
  readonly kind: 'word' | 'quoted' | 'text' | 'number' | 'symbol' | 'parameter';
  /** The token as it is written. */
  readonly raw: string;
  /** A word in lower case; a quoted name or string without its quotes; otherwise as written. */
  readonly value: string;
  /** Offset of its first character. */
  readonly start: number;
  /** Offset after its last character. */
  readonly end: number;
}

/** What separates tokens: white space and comments. */
const SPACE = /(?:\s+|--[^\n]*|\/\*[\s\S]*?\*\/)+/y;
/** The forms of tokens. The first that matches counts. */
const TOKENS = [
  ['word', /[\p{L}_][\p{L}\p{N}_]*/uy],
  ['quoted', /"(?:[^"]|"")*"|`(?:[^`]|``)*`/y],
  ['text', /'(?:[^']|'')*'/y],
  ['number', /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y],
  ['parameter', /\?/y],
  ['symbol', /->|=>|<>|!=|<=|>=|\|\||::|[-+*/%=<>(),.[\];:{}@&|^~!#]/y],
] as const;

/**
 * Splits a statement into tokens by Trino's lexical rules, without comments.
 * https://github.com/trinodb/trino/blob/master/core/trino-grammar/src/main/antlr4/io/trino/grammar/sql/SqlBase.g4
 *
 * @throws SqlError `SYNTAX_ERROR` for an unterminated string or name, or an invalid character.
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

/** The token that begins at an offset. @throws SqlError for characters that begin none. */
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

/** The value of a token: {@link Token.value}. */
function contentOf(kind: Token['kind'], raw: string): string {
  if (kind === 'word') return raw.toLowerCase();
  if (kind !== 'quoted' && kind !== 'text') return raw;
  const quote = raw.charAt(0);
  return raw.slice(1, -1).replaceAll(quote + quote, quote);
}

/** The offset of the next token: behind spaces and comments. */
function skipSpace(sql: string, from: number): number {
  SPACE.lastIndex = from;
  return from + (SPACE.exec(sql)?.[0].length ?? 0);
}

/** Closing brackets by the opening ones. */
const CLOSING_OF: Readonly<Record<string, string>> = { '(': ')', '[': ']' };

/** A half-open range of tokens. */
export interface TokenRange {
  /** Index of the first token. */
  readonly from: number;
  /** Index after the last token. */
  readonly to: number;
}

/** The tokens of a statement, with matched brackets. */
export class TokenList {
  /** The text of the statement. */
  readonly sql: string;
  /** The tokens in order. */
  readonly tokens: readonly Token[];
  readonly #close = new Map<number, number>();

  /** @throws SqlError `SYNTAX_ERROR` for unmatched brackets. */
  constructor(sql: string, tokens: readonly Token[] = tokenize(sql)) {
    this.sql = sql;
    this.tokens = tokens;
    const open: number[] = [];
    for (const [index, token] of tokens.entries()) {
      if (token.kind !== 'symbol') continue;
      if (CLOSING_OF[token.raw] !== undefined) open.push(index);
      if (token.raw !== ')' && token.raw !== ']') continue;
      const start = open.pop();
      if (start === undefined || CLOSING_OF[tokens[start]?.raw ?? ''] !== token.raw) throw mismatched(token);
      this.#close.set(start, index);
    }
    if (open.length > 0)
      throw new SqlError('SYNTAX_ERROR', "mismatched input '<EOF>'. Expecting: ')'", sql.length);
  }

  /** The number of tokens. */
  get length(): number {
    return this.tokens.length;
  }

  /** The token at an index; undefined before the start and after the end. */
  at(index: number): Token | undefined {
    return this.tokens[index];
  }

  /** The token at an index. @throws SqlError `SYNTAX_ERROR` where the text is at its end. */
  token(index: number): Token {
    const token = this.tokens[index];
    if (token === undefined)
      throw new SqlError('SYNTAX_ERROR', "mismatched input '<EOF>'", this.offset(index));
    return token;
  }

  /** The word at an index in lower case; undefined for other tokens. */
  word(index: number): string | undefined {
    const token = this.tokens[index];
    return token?.kind === 'word' ? token.value : undefined;
  }

  /** Whether these words start at an index. */
  words(index: number, ...words: readonly string[]): boolean {
    return words.every((word, offset) => this.word(index + offset) === word);
  }

  /** The symbol at an index, as `(`; undefined for other tokens. */
  symbol(index: number): string | undefined {
    const token = this.tokens[index];
    return token?.kind === 'symbol' ? token.raw : undefined;
  }

  /** The index of the bracket that closes the one at `open`; `open` itself where no bracket opens. */
  closeOf(open: number): number {
    return this.#close.get(open) ?? open;
  }

  /** The offset of a token in the text; the text's end when there is no such token. */
  offset(index: number): number {
    return this.tokens[index]?.start ?? this.sql.trimEnd().length;
  }

  /** Splits a range at commas outside of brackets. An empty range has no parts. */
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

  /** The user's text of a range. */
  text(from: number, to: number): string {
    const last = this.tokens[to - 1];
    return last === undefined || from >= to ? '' : this.sql.slice(this.offset(from), last.end);
  }
}

/** The error for an unexpected token. */
export function mismatched(token: Token, expecting = '<expression>'): SqlError {
  return new SqlError(
    'SYNTAX_ERROR',
    `mismatched input '${token.raw}'. Expecting: ${expecting}`,
    token.start,
  );
}

/** Whether the word TABLE at an index starts a query: `TABLE t` means `SELECT * FROM t`. */
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
