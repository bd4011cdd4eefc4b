import { mismatched, notEmulated, SqlError, type Token, type TokenList } from './tokens.ts';

/** Words that end an item of a list. */
const AFTER_LIST =
  /^(?:from|where|group|having|order|union|intersect|except|limit|offset|fetch|window|on|using|join|inner|left|right|full|cross)$/;

/** Joins that DuckDB has and Trino does not. */
const JOINS = /^(?:asof|positional|semi|anti)$/;

const LARGEST = 2n ** 63n - 1n;

/**
 * Rejects syntax that DuckDB has and Trino does not, as Trino's parser does.
 * https://github.com/trinodb/trino/blob/435/core/trino-parser/src/main/antlr4/io/trino/sql/parser/SqlBase.g4
 *
 * @throws SqlError `SYNTAX_ERROR`, `NOT_SUPPORTED` for NATURAL JOIN, `COLUMN_NOT_FOUND` for GROUP BY ALL.
 */
export function rejectForeignSyntax(list: TokenList): void {
  for (const [index, token] of list.tokens.entries()) {
    if (token.kind === 'symbol') rejectComma(list, index, token);
    else if (token.kind === 'number') rejectNumber(token, list.at(index + 1));
    else if (token.kind === 'word' && list.symbol(index - 1) !== '.') rejectWord(list, index, token);
  }
}

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

function rejectNumber({ raw, start, end }: Token, next: Token | undefined): void {
  // DuckDB takes the rest of `1a` for an alias.
  if (next?.kind === 'word' && next.start === end)
    throw new SqlError(
      'SYNTAX_ERROR',
      'identifiers must not start with a digit; surround the identifier with double quotes',
      start,
    );
  const digits = raw.replaceAll('_', '');
  const isWhole = /^(?:\d+|0[xbo][\da-f]+)$/i.test(digits);
  if (/^0[xbo]$/i.test(digits) || (isWhole && BigInt(digits) > LARGEST))
    throw new SqlError('SYNTAX_ERROR', `Invalid numeric literal: ${raw}`, start);
}

function rejectWord(list: TokenList, index: number, token: Token): void {
  const next = list.at(index + 1);
  const word = token.value;
  const behind = list.at(index - 1);
  const operand = behind !== undefined && (behind.kind !== 'symbol' || /^[)\]]$/.test(behind.raw));
  if (next === undefined) return;
  if (operand && list.word(index - 1) !== 'as') {
    if (/^(?:ilike|glob)$/.test(word) && beginsOperand(next)) throw mismatched(next, '<EOF>');
    if (word === 'similar' && next.value === 'to') throw mismatched(next, '<EOF>');
    if (word === 'is' && /^(?:true|false|unknown)$/.test(afterNot(list, index + 1)?.value ?? ''))
      throw mismatched(afterNot(list, index + 1) ?? next, "'DISTINCT', 'NOT', 'NULL'");
    if (JOINS.test(word) && next.value === 'join') throw mismatched(token, "'JOIN'");
  }
  if (word === 'limit' && isCount(next) && list.word(index + 2) === 'offset')
    throw mismatched(list.at(index + 2) ?? next, '<EOF>');
  if (word === 'for' && /^(?:timestamp|version)$/.test(next.value) && list.words(index + 2, 'as', 'of'))
    throw notEmulated('Time travel (FOR TIMESTAMP or VERSION AS OF)', token.start);
  if (word === 'rows' && list.words(index + 1, 'with', 'ties')) throw notEmulated('WITH TIES', next.start);
  if (word === 'by' && /^(?:all|distinct)$/.test(next.value) && list.word(index - 1) === 'group')
    if (!endsList(list, index + 2)) throw notEmulated(`GROUP BY ${next.raw.toUpperCase()}`, next.start);
  if (word === 'natural' && /^(?:join|inner|left|right|full)$/.test(next.value))
    throw new SqlError('NOT_SUPPORTED', 'Natural join not supported', token.start);
  if (word === 'distinct' && next.value === 'on' && list.symbol(index + 2) === '(') throw mismatched(next);
  if (
    word === 'union' &&
    /^(?:by)$/.test(list.word(list.word(index + 1) === 'all' ? index + 2 : index + 1) ?? '')
  )
    throw mismatched(next, "'SELECT', 'VALUES'");
  if (word === 'using' && next.value === 'sample') throw mismatched(next, "'('");
  if (word === 'as' && next.kind === 'text') throw mismatched(next, '<identifier>');
  if (word === 'by' && next.value === 'all' && endsList(list, index + 2))
    throw new SqlError(
      'COLUMN_NOT_FOUND',
      "Column 'all' cannot be resolved or requester is not authorized to access requested resources",
      next.start,
    );
}

function afterNot(list: TokenList, index: number): Token | undefined {
  return list.word(index) === 'not' ? list.at(index + 1) : list.at(index);
}

function endsList(list: TokenList, index: number): boolean {
  const next = list.at(index);
  return (
    next === undefined ||
    next.raw === ')' ||
    next.raw === ',' ||
    AFTER_LIST.test(next.value) ||
    /^(?:asc|desc)$/.test(next.value)
  );
}

function isCount(token: Token | undefined): boolean {
  return token?.kind === 'number' || token?.kind === 'parameter' || token?.value === 'all';
}

function beginsOperand({ kind, raw, value }: Token): boolean {
  if (kind === 'symbol') return raw === '(' || raw === '-';
  return (
    kind !== 'word' || !(AFTER_LIST.test(value) || /^(?:and|or|end|then|else|when|as|asc|desc)$/.test(value))
  );
}

function unexpectedEnd(list: TokenList): SqlError {
  return new SqlError(
    'SYNTAX_ERROR',
    "mismatched input '<EOF>'. Expecting: <expression>",
    list.offset(list.length),
  );
}
