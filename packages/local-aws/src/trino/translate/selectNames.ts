import { selectBlocks } from './selectBlocks.ts';
import type { TokenList, TokenRange } from './TokenList.ts';

/** Words of an expression that a name may follow which is none of its own. */
const NO_NAME_AFTER = new Set(
  'and or not like is in between distinct over from escape zone then else when case interval at cast select all filter'.split(
    ' ',
  ),
);

const VALUE = /^(?:end|null|true|false|current_.*|localtime.*)$/;

const UNIT = /^(?:second|minute|hour|day|month|year)$/;

/**
 * The items of the outermost select list that have no name of their own: Trino calls them `_col<position>`.
 * Of a union it is the first branch that names the columns.
 */
export function unnamedItems(list: TokenList): readonly TokenRange[] {
  const select = outermostSelect(list);
  const block = selectBlocks(list).find((candidate) => candidate.select === select);
  return block?.items.filter((item) => !isNamed(list, item)) ?? [];
}

/** The index of the token that an item is given as its name, with AS or without. */
export function aliasOf(list: TokenList, { from, to }: TokenRange): number | undefined {
  const index = to - 1;
  const last = list.at(index);
  const before = list.at(index - 1);
  if (last === undefined || before === undefined || index <= from) return undefined;
  if (last.kind !== 'quoted' && last.kind !== 'word') return undefined;
  if (list.word(index - 1) === 'as') return index;
  if (last.kind === 'word' && (VALUE.test(last.value) || isUnit(list, index))) return undefined;
  if (before.kind === 'symbol') return before.raw === ')' || before.raw === ']' ? index : undefined;
  return before.kind === 'word' && NO_NAME_AFTER.has(before.value) ? undefined : index;
}

/** Whether the word is a part of `INTERVAL '1' DAY` or `INTERVAL '1 2' DAY TO HOUR`. */
function isUnit(list: TokenList, index: number): boolean {
  if (!UNIT.test(list.word(index) ?? '')) return false;
  if (list.word(index - 1) === 'to') return true;
  const sign = list.symbol(index - 2) === '-' || list.symbol(index - 2) === '+' ? 1 : 0;
  return list.at(index - 1)?.kind === 'text' && list.word(index - 2 - sign) === 'interval';
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

/** Whether an item has a name: one that it is given, a column's or a field's. */
export function isNamed(list: TokenList, item: TokenRange): boolean {
  const last = list.at(item.to - 1);
  if (last === undefined || aliasOf(list, item) !== undefined) return true;
  const alone = item.to - item.from === 1;
  if (last.kind === 'symbol') return last.raw === '*' && (alone || list.symbol(item.to - 2) === '.');
  if (last.kind !== 'quoted' && last.kind !== 'word') return false;
  return alone ? last.kind === 'quoted' || !VALUE.test(last.value) : chainEnd(list, item.from) === item.to;
}

/** Index after the names, calls and subscripts that dots join from an index on. */
function chainEnd(list: TokenList, from: number): number {
  let end = list.symbol(from) === '(' ? list.closeOf(from) + 1 : from + 1;
  for (;;) {
    const symbol = list.symbol(end);
    if (symbol === '.') end += 2;
    else if (symbol === '(' || symbol === '[') end = list.closeOf(end) + 1;
    else return end;
  }
}
