import { endsExpression } from './keywords.ts';
import type { TokenList, TokenRange } from './TokenList.ts';

const LIST_ENDS = new Set([
  'from',
  'where',
  'group',
  'having',
  'order',
  'limit',
  'offset',
  'fetch',
  'union',
  'intersect',
  'except',
  'window',
]);

/**
 * The items of the outermost select list that have no name of their own: Trino calls them `_col<position>`.
 * Of a union it is the first branch that names the columns.
 */
export function unnamedItems(list: TokenList): readonly TokenRange[] {
  const select = outermostSelect(list);
  if (select === undefined) return [];
  const from = select + (list.word(select + 1) === 'distinct' || list.word(select + 1) === 'all' ? 2 : 1);
  let to = from;
  while (to < list.length && list.symbol(to) !== ')' && !LIST_ENDS.has(list.word(to) ?? '')) {
    to = list.symbol(to) === '(' || list.symbol(to) === '[' ? list.closeOf(to) + 1 : to + 1;
  }
  return list.split(from, to).filter((item) => item.to > item.from && !isNamed(list, item));
}

function outermostSelect(list: TokenList): number | undefined {
  let index = 0;
  while (list.symbol(index) === '(') index += 1;
  const within = index;
  while (index < list.length) {
    if (list.word(index) === 'select') return index;
    if (list.symbol(index) === '(') index = list.closeOf(index);
    if (within > 0 && list.symbol(index) === ')') return undefined;
    index += 1;
  }
  return undefined;
}

function isNamed(list: TokenList, { from, to }: TokenRange): boolean {
  const last = list.at(to - 1);
  if (last === undefined) return true;
  if (last.kind === 'symbol') return last.raw === '*' && (to - from === 1 || list.symbol(to - 2) === '.');
  const name = last.kind === 'quoted' || (last.kind === 'word' && !endsExpression.has(last.value));
  if (!name) {
    // `t.day` is a column, `INTERVAL '1' DAY` isn't.
    return (
      last.kind === 'word' &&
      (to - from === 1 ? !isValue(last.value) : list.symbol(to - 2) === '.' || list.word(to - 2) === 'as')
    );
  }
  if (to - from === 1) return true;
  const before = list.at(to - 2);
  if (before === undefined) return false;
  if (before.kind === 'symbol') return before.raw === '.' || before.raw === ')' || before.raw === ']';
  return !(before.kind === 'word' && /^(?:and|or|not|like|is|in|between|distinct|over)$/.test(before.value));
}

function isValue(word: string): boolean {
  return /^(?:null|true|false|current_.*|localtime.*)$/.test(word);
}
