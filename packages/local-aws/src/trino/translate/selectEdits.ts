import { type SelectBlock, selectBlocks } from './selectBlocks.ts';
import { aliasOf, isNamed } from './selectNames.ts';
import type { TokenList, TokenRange } from './TokenList.ts';

/** What the selects of a statement need besides the translation of their tokens, by the indexes of these. */
export interface SelectEdits {
  /** Written before a token; before the end of the statement under its length. */
  readonly before: ReadonlyMap<number, string>;
  /** Written in place of tokens, up to `next`. */
  readonly instead: ReadonlyMap<number, { readonly sql: string; readonly next: number }>;
  /** Names in ORDER BY that mean an expression of the select list. */
  readonly meant: ReadonlyMap<number, TokenRange>;
}

/** The name of an unnamed column while DuckDB has it. */
export const UNNAMED = '_col?';

const AGGREGATE =
  /^(?:sum|avg|count|min|max|array_agg|approx_\w+|\w+_agg|\w+_by|stddev\w*|var\w*|count_if|arbitrary)$/;

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

/**
 * @param nameColumns Whether items without a name get one that says so: also those of subqueries, which `*` shows.
 * @param hidden Names whose selects are written so that nothing within them can mean the item of that name.
 */
export function selectEdits(
  list: TokenList,
  {
    nameColumns,
    hidden,
  }: { readonly nameColumns: boolean; readonly hidden?: ReadonlySet<string> | undefined },
): SelectEdits {
  const before = new Map<number, string>();
  const instead = new Map<number, { readonly sql: string; readonly next: number }>();
  const meant = new Map<number, TokenRange>();
  const put = (index: number, sql: string) => before.set(index, `${before.get(index) ?? ''} ${sql}`.trim());
  let unnamed = 0;
  for (const block of selectBlocks(list)) {
    const renamed: string[] = [];
    for (const item of block.items) {
      const alias = aliasOf(list, item);
      const token = list.at(alias ?? -1);
      if (token !== undefined && alias !== undefined) {
        const as = list.word(alias - 1) === 'as' ? '' : 'AS ';
        const name = token.kind === 'quoted' ? token.value : token.raw;
        if (hidden?.has(token.value.toLowerCase()) === true) {
          renamed.push(`${quoted(`${name}?`)} AS ${quoted(name)}`);
          instead.set(alias, { sql: `${as}${quoted(`${name}?`)}`, next: alias + 1 });
        } else if (as !== '' && token.kind === 'word') {
          // DuckDB takes fewer words for a name without AS.
          instead.set(alias, { sql: `AS ${quoted(name)}`, next: alias + 1 });
        }
      } else if (nameColumns && !isNamed(list, item)) {
        put(item.to, `AS "${UNNAMED}${unnamed}"`);
        unnamed += 1;
      }
    }
    if (renamed.length > 0) {
      put(block.select, `SELECT * RENAME (${renamed.join(', ')}) FROM (`);
      put(block.end, ')');
      if (block.order.to > block.order.from) instead.set(block.order.from, { sql: '', next: block.order.to });
    } else for (const [index, range] of meantByOrder(list, block)) meant.set(index, range);
  }
  return { before, instead, meant };
}

/**
 * In an expression of ORDER BY a name means the item that is called so, where DuckDB takes the table's column:
 * https://github.com/trinodb/trino/blob/435/core/trino-main/src/main/java/io/trino/sql/analyzer/StatementAnalyzer.java
 * (`computeAndAssignOrderByScope`).
 */
function meantByOrder(list: TokenList, { select, items, order }: SelectBlock): Map<number, TokenRange> {
  const meant = new Map<number, TokenRange>();
  // The ORDER BY behind a union is the union's.
  if (
    order.to === order.from ||
    /^(?:union|intersect|except|all|distinct)$/.test(list.word(select - 1) ?? '')
  )
    return meant;
  const expressions = new Map<string, TokenRange>();
  for (const item of items) {
    const alias = aliasOf(list, item);
    if (alias === undefined) continue;
    const to = list.word(alias - 1) === 'as' ? alias - 1 : alias;
    const name = list.at(alias)?.value.toLowerCase() ?? '';
    const itself =
      list.at(to - 1)?.value.toLowerCase() === name && (to - item.from === 1 || to - item.from === 3);
    if (!itself) expressions.set(name, { from: item.from, to });
  }
  for (const { from, to } of list.split(order.from + 2, order.to)) {
    const alone = to === from + 1 || /^(?:asc|desc|nulls)$/.test(list.word(from + 1) ?? '');
    for (let index = from; index < to && !alone; index += 1) {
      if (AGGREGATE.test(list.word(index) ?? '') && list.symbol(index + 1) === '(')
        index = list.closeOf(index + 1);
      const token = list.at(index);
      const name = token?.kind === 'word' || token?.kind === 'quoted' ? token.value.toLowerCase() : '';
      const range = expressions.get(name);
      const joined = list.symbol(index - 1) === '.' || /^[.(]$/.test(list.symbol(index + 1) ?? '');
      if (range !== undefined && !joined) meant.set(index, range);
    }
  }
  return meant;
}
