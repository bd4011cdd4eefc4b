import { mismatched, notEmulated, SqlError, type Token, type TokenList } from './tokens.ts';

/** Words that end an item of a list. */
const AFTER_LIST =
  /^(?:from|where|group|having|order|union|intersect|except|limit|offset|fetch|window|on|using|join|inner|left|right|full|cross)$/;

/** Joins that DuckDB has and Trino does not. */
const JOINS = /^(?:asof|positional|semi|anti)$/;

/** The largest whole number: a bigint's. */
const LARGEST = 2n ** 63n - 1n;

/**
 * Rejects syntax that DuckDB has and Trino does not, as Trino's parser does.
 * https://github.com/trinodb/trino/blob/435/core/trino-parser/src/main/antlr4/io/trino/sql/parser/SqlBase.g4
 *
 * @throws SqlError `SYNTAX_ERROR`, `NOT_SUPPORTED` for NATURAL JOIN.
 */
export function rejectForeignSyntax(list: TokenList): void {
  for (const [index, token] of list.tokens.entries()) {
    if (token.kind === 'symbol') rejectComma(list, index, token);
    else if (token.kind === 'number') rejectNumber(token, list.at(index + 1));
    else if (token.kind === 'word' && list.symbol(index - 1) !== '.') rejectWord(list, index, token);
  }
}

/** A comma with nothing behind it, and DuckDB's `* EXCLUDE (…)`. */
function rejectComma(list: TokenList, index: number, { raw, value }: Token): void {
  const next = list.at(index + 1);
  if (raw === ',') {
    if (next === undefined) throw unexpectedEnd(list);
    const over =
      next.kind === 'symbol'
        ? /^[)\],]$/.test(next.raw)
        : next.kind === 'word' && AFTER_LIST.test(next.value);
    // Some of these words may be names: `SELECT a, offset FROM t`.
    const name = /^(?:limit|offset|fetch|window)$/.test(next.value) && !isCount(list.at(index + 2));
    if (over && !name && list.symbol(index + 2) !== '(') throw mismatched(next);
  }
  if (value === '*' && /^(?:exclude|replace|rename)$/.test(list.word(index + 1) ?? '') && next !== undefined)
    if (list.symbol(index + 2) === '(') throw mismatched(next, "',', 'FROM'");
}

/** A number that is too large, or that letters follow. */
function rejectNumber({ raw, start, end }: Token, next: Token | undefined): void {
  // DuckDB takes the rest of `1a` for an alias.
  if (next?.kind === 'word' && next.start === end)
    throw new SqlError(
      'SYNTAX_ERROR',
      'identifiers must not start with a digit; surround the identifier with double quotes',
      start,
    );
  if (/^\d+$/.test(raw) && BigInt(raw) > LARGEST)
    throw new SqlError('SYNTAX_ERROR', `Invalid numeric literal: ${raw}`, start);
}

/** A word that Trino does not take at its place. */
function rejectWord(list: TokenList, index: number, token: Token): void {
  const next = list.at(index + 1);
  if (next === undefined) return;
  const before = list.at(index - 1);
  const isAfterOperand = before !== undefined && (before.kind !== 'symbol' || /^[)\]]$/.test(before.raw));
  if (isAfterOperand && list.word(index - 1) !== 'as') rejectOperator(list, index, token, next);
  rejectClause(list, index, token, next);
}

/** Operators and joins that Trino lacks. @param next The token after the word. */
function rejectOperator(list: TokenList, index: number, token: Token, next: Token): void {
  const word = token.value;
  if (/^(?:ilike|glob)$/.test(word) && beginsOperand(next)) throw mismatched(next, '<EOF>');
  if (word === 'similar' && next.value === 'to') throw mismatched(next, '<EOF>');
  if (word === 'is' && /^(?:true|false|unknown)$/.test(afterNot(list, index + 1)?.value ?? ''))
    throw mismatched(afterNot(list, index + 1) ?? next, "'DISTINCT', 'NOT', 'NULL'");
  if (JOINS.test(word) && next.value === 'join') throw mismatched(token, "'JOIN'");
}

/** Clauses that Trino lacks, or that are not emulated. @param next The token after the word. */
function rejectClause(list: TokenList, index: number, token: Token, next: Token): void {
  const word = token.value;
  if (word === 'limit' && isCount(next) && list.word(index + 2) === 'offset')
    throw mismatched(list.at(index + 2) ?? next, '<EOF>');
  if (word === 'for' && /^(?:timestamp|version)$/.test(next.value) && list.words(index + 2, 'as', 'of'))
    throw notEmulated('Time travel (FOR TIMESTAMP or VERSION AS OF)', token.start);
  if (word === 'rows' && list.words(index + 1, 'with', 'ties')) throw notEmulated('WITH TIES', next.start);
  const isGroupBy = word === 'by' && list.word(index - 1) === 'group';
  if (isGroupBy && /^(?:all|distinct)$/.test(list.word(index + 1) ?? '') && !endsList(list, index + 2))
    throw notEmulated(`GROUP BY ${next.raw.toUpperCase()}`, next.start);
  if (word === 'natural' && /^(?:join|inner|left|right|full)$/.test(next.value))
    throw new SqlError('NOT_SUPPORTED', 'Natural join not supported', token.start);
  if (word === 'distinct' && next.value === 'on' && list.symbol(index + 2) === '(') throw mismatched(next);
  if (word === 'union' && list.word(list.word(index + 1) === 'all' ? index + 2 : index + 1) === 'by')
    throw mismatched(next, "'SELECT', 'VALUES'");
  if (word === 'using' && next.value === 'sample') throw mismatched(next, "'('");
  if (word === 'as' && next.kind === 'text') throw mismatched(next, '<identifier>');
}

/** The token at an index, or behind a NOT there. */
function afterNot(list: TokenList, index: number): Token | undefined {
  return list.word(index) === 'not' ? list.at(index + 1) : list.at(index);
}

/** Whether a list ends before an index. */
function endsList(list: TokenList, index: number): boolean {
  const next = list.at(index);
  return (
    next === undefined ||
    next.raw === ')' ||
    next.raw === ',' ||
    (next.kind === 'word' && (AFTER_LIST.test(next.value) || /^(?:asc|desc)$/.test(next.value)))
  );
}

/** Whether a token can be the number of LIMIT. */
function isCount(token: Token | undefined): boolean {
  return token?.kind === 'number' || token?.kind === 'parameter' || token?.value === 'all';
}

/** Whether an operand can begin with a token. */
export function beginsOperand({ kind, raw, value }: Token): boolean {
  if (kind === 'symbol') return raw === '(' || raw === '-';
  return (
    kind !== 'word' || !(AFTER_LIST.test(value) || /^(?:and|or|end|then|else|when|as|asc|desc)$/.test(value))
  );
}

/** The error for a text that ends too early, as Trino words it. */
function unexpectedEnd(list: TokenList): SqlError {
  return new SqlError(
    'SYNTAX_ERROR',
    "mismatched input '<EOF>'. Expecting: <expression>",
    list.offset(list.length),
  );
}
