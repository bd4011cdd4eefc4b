import { selectBlocks } from './selectBlocks.ts';
import { aliasOf } from './selectNames.ts';
import type { TokenList } from './TokenList.ts';

/**
 * The names of select items, in lower case, that stand once more within the same select: there they mean a column
 * of a table in Trino, where DuckDB also takes them for the item.
 */
export function reusedAliases(list: TokenList): ReadonlySet<string> {
  const reused = new Set<string>();
  for (const { select, items, end } of selectBlocks(list)) {
    const aliases = new Map<string, number>();
    for (const item of items) {
      const index = aliasOf(list, item);
      if (index !== undefined) aliases.set(list.at(index)?.value.toLowerCase() ?? '', index);
    }
    for (let index = select + 1; index < end; index += 1) {
      const token = list.at(index);
      if (token?.kind !== 'word' && token?.kind !== 'quoted') continue;
      const alias = aliases.get(token.value.toLowerCase());
      if (alias === undefined || alias === index || list.symbol(index - 1) === '.') continue;
      if (list.symbol(index + 1) !== '(') reused.add(token.value.toLowerCase());
    }
  }
  return reused;
}
