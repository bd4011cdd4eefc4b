import { type SelectBlock, selectBlocks } from './selects.ts';
import { namesOfOthers } from './textsForDates.ts';
import { SqlError, type TokenList } from './tokens.ts';
import { BEGINS_QUERY } from './vocabulary.ts';

/** Words that an operand follows. */
const BEFORE_OPERAND =
  /^(?:select|distinct|all|where|by|having|and|or|not|between|like|in|case|when|then|else)$/;
/** Symbols that an operand follows. */
const SYMBOL_BEFORE_OPERAND = /^(?:[-+*/%=<>(,[]|<>|!=|<=|>=|\|\|)$/;

/** Tables whose columns are not among those of tables and views. */
const OTHER_TABLE = /^information_schema$|\$partitions$/i;

/**
 * Refuses the name of a select item in another item, in WHERE, GROUP BY or HAVING, as Athena does: only ORDER BY knows it. DuckDB
 * takes it there. A name that a column may have as well is left to DuckDB.
 *
 * @param columns The names of the columns of tables and views, in lower case.
 * @throws SqlError `COLUMN_NOT_FOUND`
 */
export function refuseAliasesOutOfPlace(list: TokenList, columns: ReadonlySet<string>): void {
  if (list.tokens.some(({ value }) => OTHER_TABLE.test(value))) return;
  const blocks = selectBlocks(list);
  for (const block of blocks) {
    const others = namesOfOthers(
      list,
      blocks.filter((other) => other !== block),
    );
    const names = new Set(
      block.columns
        .flatMap(({ alias }) => (alias === undefined ? [] : [nameAt(list, alias) ?? '']))
        .filter((name) => !columns.has(name) && !others.has(name)),
    );
    if (names.size > 0) refuseNames(list, block, names);
  }
}

/** Refuses names in the parts of a SELECT that know its columns alone. @throws SqlError */
function refuseNames(list: TokenList, block: SelectBlock, names: ReadonlySet<string>): void {
  const aliases = new Set(block.columns.map(({ alias }) => alias));
  const parameters = lambdaParameters(list);
  let isClosed = false;
  let depth = 0;
  for (let index = block.select; index < block.end; index += 1) {
    const symbol = list.symbol(index);
    if (symbol === '(' && BEGINS_QUERY.test(list.word(index + 1) ?? '')) {
      index = list.closeOf(index);
      continue;
    }
    if (symbol === '(' || symbol === '[') depth += 1;
    if (symbol === ')' || symbol === ']') depth -= 1;
    if (depth === 0) isClosed = isClosedFrom(list, index) ?? isClosed;
    const name = nameAt(list, index);
    const isRefused = name !== undefined && names.has(name) && !parameters.has(name);
    if (!isClosed && isRefused && !aliases.has(index) && isOperand(list, index))
      throw new SqlError(
        'COLUMN_NOT_FOUND',
        `Column '${name}' cannot be resolved or requester is not authorized to access requested resources`,
        list.offset(index),
      );
  }
}

/** Whether what begins at an index knows more than columns, as FROM does; undefined where nothing begins. */
function isClosedFrom(list: TokenList, index: number): boolean | undefined {
  const word = list.word(index) ?? '';
  if (word === 'from') return list.word(index - 1) === 'distinct' ? undefined : true;
  if (word === 'window') return true;
  return /^(?:where|group|having)$/.test(word) ? false : undefined;
}

/** Whether a name at an index is a whole operand: no function, no table, no member, no unit and no type. */
function isOperand(list: TokenList, index: number): boolean {
  const next = list.at(index + 1);
  const isBegun =
    BEFORE_OPERAND.test(list.word(index - 1) ?? '') ||
    SYMBOL_BEFORE_OPERAND.test(list.symbol(index - 1) ?? '');
  const isContinued =
    next?.kind === 'text' || /^(?:\(|\.|->)$/.test(next?.raw ?? '') || list.word(index + 1) === 'from';
  return isBegun && !isContinued;
}

/** The names of parameters of lambdas. */
function lambdaParameters(list: TokenList): ReadonlySet<string> {
  const names = new Set<string>();
  for (const index of list.tokens.keys()) {
    const close = list.symbol(index) === '(' ? list.closeOf(index) : index;
    for (let at = index; list.symbol(close + 1) === '->' && at <= close; at += 1)
      names.add(nameAt(list, at) ?? '');
  }
  return names;
}

/** A name at an index, in lower case; undefined for any other token. */
function nameAt(list: TokenList, index: number): string | undefined {
  const token = list.at(index);
  return token?.kind === 'word' || token?.kind === 'quoted' ? token.value.toLowerCase() : undefined;
}
