import { SqlError } from './SqlError.ts';
import { mismatched, type TokenList } from './TokenList.ts';
import type { Token } from './tokenize.ts';

/** Words after which an item of a list is over. */
const AFTER_LIST =
  /^(?:from|where|group|having|order|union|intersect|except|limit|offset|fetch|window|on|using|join|inner|left|right|full|cross)$/;

/** Kinds of joins that DuckDB has besides Trino's. */
const JOINS = /^(?:asof|positional|semi|anti)$/;

const LARGEST = 2n ** 63n - 1n;

/**
 * Refuses what DuckDB's grammar has and Trino's hasn't, as Trino's parser does.
 * https://github.com/trinodb/trino/blob/435/core/trino-parser/src/main/antlr4/io/trino/sql/parser/SqlBase.g4
 *
 * @throws SqlError `SYNTAX_ERROR`, `NOT_SUPPORTED` for NATURAL JOIN, `COLUMN_NOT_FOUND` for GROUP BY ALL.
 */
export function refuseForeignSyntax(list: TokenList): void {
  for (const [index, token] of list.tokens.entries()) {
    if (token.kind === 'symbol') refuseComma(list, index, token);
    else if (token.kind === 'number') refuseNumber(token);
    else if (token.kind === 'word' && list.symbol(index - 1) !== '.') refuseWord(list, index, token);
  }
}

function refuseComma(list: TokenList, index: number, { raw, value }: Token): void {
  const next = list.at(index + 1);
  if (raw === ',') {
    if (next === undefined) throw atEnd(list);
    const over =
      next.kind === 'symbol'
        ? /^[)\],]$/.test(next.raw)
        : next.kind === 'word' && AFTER_LIST.test(next.value);
    // Of these words some may be names: `SELECT a, offset FROM t`.
    const name = /^(?:limit|offset|fetch|window)$/.test(next.value) && !isCount(list.at(index + 2));
    if (over && !name && list.symbol(index + 2) !== '(') throw mismatched(next);
  }
  if (value === '*' && /^(?:exclude|replace|rename)$/.test(list.word(index + 1) ?? '') && next !== undefined)
    if (list.symbol(index + 2) === '(') throw mismatched(next, "',', 'FROM'");
}

function refuseNumber({ raw, start }: Token): void {
  const digits = raw.replaceAll('_', '');
  if (/^\d+$/.test(digits) && BigInt(digits) > LARGEST)
    throw new SqlError('SYNTAX_ERROR', `Invalid numeric literal: ${raw}`, start);
}

function refuseWord(list: TokenList, index: number, token: Token): void {
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

function atEnd(list: TokenList): SqlError {
  return new SqlError(
    'SYNTAX_ERROR',
    "mismatched input '<EOF>'. Expecting: <expression>",
    list.offset(list.length),
  );
}
