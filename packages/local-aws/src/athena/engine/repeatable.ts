import { type Catalog, readPrestoView } from '../../glue/index.ts';
import { TokenList } from '../../trino/index.ts';

/** Functions that give another value each time, and the times that a query starts at. */
const CHANGING = new Set([
  'rand',
  'random',
  'shuffle',
  'uuid',
  'now',
  'current_date',
  'current_time',
  'current_timestamp',
  'localtime',
  'localtimestamp',
  'tablesample',
]);

/**
 * Whether a query gives the same rows each time as long as its tables stay as they are. Athena counts LIMIT without
 * ORDER BY among what does not. https://docs.aws.amazon.com/athena/latest/ug/reusing-query-results.html
 *
 * @param catalog Has the views that the query may read.
 */
export function isRepeatable(sql: string, catalog: Catalog): boolean {
  const views = new Map<string, string[]>();
  for (const database of catalog.databases()) {
    for (const { input } of database.tables.values()) {
      const text = readPrestoView(input.ViewOriginalText ?? '')?.originalSql;
      if (text !== undefined) views.set(input.Name, [...(views.get(input.Name) ?? []), text]);
    }
  }
  const seen = new Set<string>();
  const check = (text: string): boolean => {
    const list = new TokenList(text);
    const names = list.tokens.filter(({ kind }) => kind === 'word' || kind === 'quoted');
    if (names.some(({ kind, value }) => kind === 'word' && CHANGING.has(value))) return false;
    if (!limitsAreOrdered(list)) return false;
    return names.every(({ value }) => {
      const name = value.toLowerCase();
      const view = views.get(name);
      if (view === undefined || seen.has(name)) return true;
      seen.add(name);
      return view.every(check);
    });
  };
  return check(sql);
}

/** Whether each query that takes some of its rows orders them. */
function limitsAreOrdered(list: TokenList): boolean {
  const open = [{ ordered: false, limited: false }];
  for (let index = 0; index < list.length; index += 1) {
    const symbol = list.symbol(index);
    if (symbol === '(') open.push({ ordered: false, limited: false });
    const level = open.at(-1);
    if (level === undefined) return false;
    if (list.words(index, 'order', 'by')) level.ordered = true;
    const takesSome =
      list.words(index, 'fetch', 'first') ||
      list.words(index, 'fetch', 'next') ||
      (/^(?:limit|offset)$/.test(list.word(index) ?? '') &&
        /^(?:number|parameter)$/.test(list.at(index + 1)?.kind ?? ''));
    if (takesSome) level.limited = true;
    if (level.limited && !level.ordered && (symbol === ')' || index === list.length - 1)) return false;
    if (symbol === ')') open.pop();
  }
  return true;
}
