import { isNode, nodesOf, type Tree, type TreeNode, word } from '../../trino/types/TypeRule.ts';

/** A column of a query or a table, and the type of one whose texts have a length: `varchar(10)`, `char(3)`. */
export interface TextColumn {
  readonly name: string;
  readonly text?: string | undefined;
}

/** The columns of a table or view of the catalog, with Trino's names of their types; undefined for none. */
export type ColumnsOf = (
  schema: string,
  table: string,
) => readonly { readonly name: string; readonly type: string }[] | undefined;

/** A column, and the name of the table that it is of where it stands. */
interface Seen extends TextColumn {
  readonly of: string;
}

type Named = ReadonlyMap<string, readonly TextColumn[]>;

/** Functions that leave a text as long as it is, or make it shorter. */
const SAME_LENGTH = /^(?:trino_upper|lower|trim|ltrim|rtrim|trino_reverse)$/;

/**
 * The lengths of the texts in a query's result, which DuckDB doesn't keep: of columns, literals and casts, through
 * subqueries and views.
 *
 * @param query As DuckDB's syntax tree, with tables named in full.
 * @returns A column for each of the result, in order; fewer where a `*` shows what isn't known here.
 */
export function textLengths(query: TreeNode, columnsOf: ColumnsOf): readonly TextColumn[] {
  return queryColumns(query, new Map(), columnsOf);
}

function queryColumns(query: TreeNode, outer: Named, columnsOf: ColumnsOf): readonly TextColumn[] {
  const named = new Map(outer);
  for (const entry of isNode(query['cte_map']) ? nodesOf(query['cte_map']['map']) : []) {
    const { value } = entry;
    const inner = isNode(value) && isNode(value['query']) ? value['query']['node'] : undefined;
    const columns = isNode(inner) ? queryColumns(inner, named, columnsOf) : [];
    const aliases = isNode(value) ? value['aliases'] : undefined;
    named.set(word(entry, 'key').toLowerCase(), renamed(columns, aliases));
  }
  const { left, right } = query;
  if (query['type'] === 'SET_OPERATION_NODE' && isNode(left) && isNode(right)) {
    const others = queryColumns(right, named, columnsOf);
    return queryColumns(left, named, columnsOf).map(({ name, text }, index) => ({
      name,
      text: longer(text, others[index]?.text),
    }));
  }
  if (query['type'] !== 'SELECT_NODE') return [];
  const { from_table: from } = query;
  const seen = isNode(from) ? tableColumns(from, named, columnsOf) : [];
  return nodesOf(query['select_list']).flatMap((item): readonly TextColumn[] => {
    if (item['class'] !== 'STAR') return [{ name: nameOf(item), text: textOf(item, seen) }];
    const relation = word(item, 'relation_name').toLowerCase();
    return seen.filter(({ of, name }) => (relation === '' || of === relation) && !name.startsWith('$'));
  });
}

function tableColumns(table: TreeNode, named: Named, columnsOf: ColumnsOf): readonly Seen[] {
  const { left, right, subquery } = table;
  if (isNode(left) && isNode(right))
    return [...tableColumns(left, named, columnsOf), ...tableColumns(right, named, columnsOf)];
  const name = word(table, 'table_name').toLowerCase();
  const of = (word(table, 'alias') || name).toLowerCase();
  const query = isNode(subquery) ? subquery['node'] : undefined;
  const schema = word(table, 'schema_name').toLowerCase();
  const columns: readonly TextColumn[] = isNode(query)
    ? queryColumns(query, named, columnsOf)
    : schema === ''
      ? (named.get(name) ?? [])
      : (columnsOf(schema, name) ?? []).map((column) => ({
          name: column.name,
          text: /^(?:var)?char\(/.test(column.type) ? column.type : undefined,
        }));
  return renamed(columns, table['column_name_alias']).map((column) => ({ ...column, of }));
}

function renamed(columns: readonly TextColumn[], aliases: Tree | undefined): readonly TextColumn[] {
  const names: readonly Tree[] = Array.isArray(aliases) ? aliases : [];
  return columns.map((column, index) => {
    const name = names[index];
    return typeof name === 'string' ? { ...column, name } : column;
  });
}

function nameOf(item: TreeNode): string {
  const { column_names: names } = item;
  return word(item, 'alias') || (Array.isArray(names) ? String(names.at(-1)) : '');
}

function textOf(item: TreeNode, seen: readonly Seen[]): string | undefined {
  const { value, column_names: names } = item;
  if (item['class'] === 'CONSTANT' && isNode(value)) {
    const literal = value['value'];
    return typeof literal === 'string' && isNode(value['type']) && value['type']['id'] === 'VARCHAR'
      ? `varchar(${[...literal].length})`
      : undefined;
  }
  if (item['class'] === 'COLUMN_REF' && Array.isArray(names)) {
    const [name = '', relation] = names.map((part: Tree) => String(part).toLowerCase()).reverse();
    const found = seen.filter(
      (column) => column.name.toLowerCase() === name && (relation === undefined || column.of === relation),
    );
    return found.length === 1 ? found[0]?.text : undefined;
  }
  const [first, length] = nodesOf(item['children']);
  const called = word(item, 'function_name');
  if (item['class'] !== 'FUNCTION' || first === undefined) return undefined;
  // A cast to varchar(n) or char(n): Translator.ts.
  const isCast = word(first, 'function_name') === 'trino_to_varchar' && /^(?:left|rpad)$/.test(called);
  if (isCast && isNode(length?.['value']))
    return `${called === 'left' ? 'varchar' : 'char'}(${String(length['value']['value'])})`;
  return SAME_LENGTH.test(called) && length === undefined ? textOf(first, seen) : undefined;
}

/** The type that two have in common; undefined where one has no length. */
function longer(one: string | undefined, other: string | undefined): string | undefined {
  if (one === undefined || other === undefined || one === other) return one === other ? one : undefined;
  const lengths = [one, other].map((type) => Number(/\d+/.exec(type)?.[0]));
  return `varchar(${Math.max(...lengths)})`;
}
