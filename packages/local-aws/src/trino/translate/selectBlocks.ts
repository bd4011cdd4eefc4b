import type { TokenList, TokenRange } from './TokenList.ts';

/** A SELECT of a statement, by the indexes of its tokens. */
export interface SelectBlock {
  /** Of the word itself. */
  readonly select: number;
  readonly items: readonly TokenRange[];
  /** After its own clauses: ORDER BY, LIMIT, UNION, a bracket or nothing comes there. */
  readonly end: number;
  /** Its ORDER BY; empty when it has none. */
  readonly order: TokenRange;
}

const LIST_ENDS = new Set(['from', 'where', 'group', 'having', 'order', 'union', 'intersect', 'except']);

/** The selects of a statement, from left to right: the outermost of a query without WITH is the first. */
export function selectBlocks(list: TokenList): SelectBlock[] {
  const blocks: SelectBlock[] = [];
  for (const [select] of list.tokens.entries()) {
    if (list.word(select) !== 'select' || list.symbol(select - 1) === '.') continue;
    const from = select + (/^(?:distinct|all)$/.test(list.word(select + 1) ?? '') ? 2 : 1);
    const listEnd = seek(list, from, (index) => LIST_ENDS.has(list.word(index) ?? '') || isTail(list, index));
    const end = seek(
      list,
      listEnd,
      (index) => /^(?:order|union|intersect|except)$/.test(list.word(index) ?? '') || isLimit(list, index),
    );
    const ordered = list.word(end) === 'order' ? end : undefined;
    const orderEnd = ordered === undefined ? end : seek(list, end, (index) => isLimit(list, index));
    blocks.push({
      select,
      items: list.split(from, listEnd).filter((item) => item.to > item.from),
      end,
      order: { from: end, to: orderEnd },
    });
  }
  return blocks;
}

/** The first index from `from` on, outside of brackets, where a test holds or what is around ends. */
function seek(list: TokenList, from: number, test: (index: number) => boolean): number {
  let index = from;
  while (index < list.length && list.symbol(index) !== ')') {
    if (test(index) && !isWithin(list, index)) return index;
    index = list.symbol(index) === '(' || list.symbol(index) === '[' ? list.closeOf(index) + 1 : index + 1;
  }
  return index;
}

/** Whether a word is none of a clause: `a IS DISTINCT FROM b`, `listagg(a) WITHIN GROUP (…)`. */
function isWithin(list: TokenList, index: number): boolean {
  const before = list.word(index - 1);
  return list.word(index) === 'from'
    ? before === 'distinct'
    : list.word(index) === 'group' && before === 'within';
}

/** Whether LIMIT, OFFSET or FETCH begins here: as names they stand before a dot, a comma or a clause. */
function isLimit(list: TokenList, index: number): boolean {
  const word = list.word(index);
  const next = list.at(index + 1);
  if (word === 'fetch') return list.word(index + 1) === 'first' || list.word(index + 1) === 'next';
  if (word !== 'limit' && word !== 'offset') return false;
  return next?.kind === 'number' || next?.kind === 'parameter' || list.word(index + 1) === 'all';
}

function isTail(list: TokenList, index: number): boolean {
  return isLimit(list, index) || (list.word(index) === 'window' && list.word(index + 2) === 'as');
}
