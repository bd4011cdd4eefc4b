import { SqlError } from './SqlError.ts';

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
export function tokenize(sql: string): Token[] {
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
