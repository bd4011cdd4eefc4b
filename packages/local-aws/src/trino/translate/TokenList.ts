import { SqlError } from './SqlError.ts';
import { type Token, tokenize } from './tokenize.ts';

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
