import { isNode, nodesOf, type Tree, type TreeNode, textMember } from '../../trino/index.ts';
import { hasMicroseconds } from './columnTypes.ts';

/**
 * A column of a query or a table, with the type of a string whose length is known: `varchar(10)`, `char(3)`; of times
 * whose digits of a second are known: `timestamp(6)` or `timestamp(3)`, whatever their type; or of a literal: `time(0)`.
 */
export interface TextColumn {
  readonly name: string;
  readonly text?: string | undefined;
}

/** Returns the columns of a table or view of the catalog, with Trino's type names; undefined when it does not exist. */
export type ColumnsOf = (
  schema: string,
  table: string,
) => readonly { readonly name: string; readonly type: string }[] | undefined;

/** A column that is visible in a query, and the name of its table there. */
interface VisibleColumn extends TextColumn {
  readonly of: string;
}

type NamedQueries = ReadonlyMap<string, readonly TextColumn[]>;

/** Functions whose result has the type of their arguments, or consists of them. */
const SAME_TYPE =
  /^(?:trino_)?(?:min|max|any_value|arbitrary|first|last|first_value|last_value|nth_value|lag|lead|(?:min|max)_by|arg_(?:min|max)(?:_null)?|date_trunc|date_add\w*|shift|unshift|greatest|least|nullif|if|try|at_timezone|array_agg|list|list_value|array_sort|(?:element_at|subscript)(?:_\w+)?)$/;

/** Functions whose result is not longer than their argument. */
const SAME_LENGTH = /^(?:trino_upper|lower|trim|ltrim|rtrim|trino_reverse)$/;

/**
 * The types of the strings and times in a query's result, with their lengths and precisions, which DuckDB does not keep:
 * of columns, literals and casts, through subqueries and views.
 *
 * @param query DuckDB's syntax tree, with qualified table names.
 * @returns The columns of the result in order. Some are missing when a `*` includes unknown columns.
 */
export function resultTextTypes(query: TreeNode, columnsOf: ColumnsOf): readonly TextColumn[] {
  return queryColumns(query, new Map(), columnsOf);
}

function queryColumns(query: TreeNode, outer: NamedQueries, columnsOf: ColumnsOf): readonly TextColumn[] {
  const ctes = new Map(outer);
  for (const entry of isNode(query['cte_map']) ? nodesOf(query['cte_map']['map']) : []) {
    const { value } = entry;
    const inner = isNode(value) && isNode(value['query']) ? value['query']['node'] : undefined;
    const columns = isNode(inner) ? queryColumns(inner, ctes, columnsOf) : [];
    const aliases = isNode(value) ? value['aliases'] : undefined;
    ctes.set(textMember(entry, 'key').toLowerCase(), renameColumns(columns, aliases));
  }
  const { left, right } = query;
  if (query['type'] === 'SET_OPERATION_NODE' && isNode(left) && isNode(right)) {
    const others = queryColumns(right, ctes, columnsOf);
    return queryColumns(left, ctes, columnsOf).map(({ name, text }, index) => ({
      name,
      text: commonTextType(text, others[index]?.text),
    }));
  }
  if (query['type'] !== 'SELECT_NODE') return [];
  const { from_table: from } = query;
  const seen = isNode(from) ? tableColumns(from, ctes, columnsOf) : [];
  return nodesOf(query['select_list']).flatMap((item): readonly TextColumn[] => {
    if (item['class'] !== 'STAR') return [{ name: columnName(item), text: textTypeOf(item, seen) }];
    const relation = textMember(item, 'relation_name').toLowerCase();
    return seen.filter(({ of, name }) => (relation === '' || of === relation) && !name.startsWith('$'));
  });
}

function tableColumns(table: TreeNode, ctes: NamedQueries, columnsOf: ColumnsOf): readonly VisibleColumn[] {
  const { left, right, subquery } = table;
  if (isNode(left) && isNode(right))
    return [...tableColumns(left, ctes, columnsOf), ...tableColumns(right, ctes, columnsOf)];
  const name = textMember(table, 'table_name').toLowerCase();
  const of = (textMember(table, 'alias') || name).toLowerCase();
  const query = isNode(subquery) ? subquery['node'] : undefined;
  const schema = textMember(table, 'schema_name').toLowerCase();
  const columns: readonly TextColumn[] = isNode(query)
    ? queryColumns(query, ctes, columnsOf)
    : schema === ''
      ? (ctes.get(name) ?? [])
      : (columnsOf(schema, name) ?? []).map((column) => ({
          name: column.name,
          text: /^(?:var)?char\(/.test(column.type) ? column.type : timesOf([column.type]),
        }));
  return renameColumns(columns, table['column_name_alias']).map((column) => ({ ...column, of }));
}

function renameColumns(columns: readonly TextColumn[], aliases: Tree | undefined): readonly TextColumn[] {
  const names: readonly Tree[] = Array.isArray(aliases) ? aliases : [];
  return columns.map((column, index) => {
    const name = names[index];
    return typeof name === 'string' ? { ...column, name } : column;
  });
}

function columnName(item: TreeNode): string {
  const { column_names: names } = item;
  return textMember(item, 'alias') || (Array.isArray(names) ? String(names.at(-1)) : '');
}

function textTypeOf(item: TreeNode, seen: readonly VisibleColumn[]): string | undefined {
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
    if (found.length === 1) return found[0]?.text;
    return found.length > 1 ? undefined : timesOf([seen.find((column) => isFieldOf(column, names))?.text]);
  }
  const [first, length] = nodesOf(item['children']);
  const called = textMember(item, 'function_name');
  if (called === 'trino_micros') return MICROSECONDS;
  if (MILLISECONDS_OF.test(called)) return MILLISECONDS;
  const literal = literalTimes(item);
  if (literal !== undefined) return literal;
  if (isTypedByParts(item, called)) {
    const times = timesOf(partsOf(item).map((part) => textTypeOf(part, seen)));
    if (times !== undefined) return times;
  }
  if (item['class'] !== 'FUNCTION' || first === undefined) return undefined;
  // A cast to varchar(n) or char(n): see `translate.ts`.
  if (called === 'trino_time_literal' && isNode(first['value'])) {
    const fraction = /\.(\d+)$/.exec(String(first['value']['value']))?.[1] ?? '';
    return `time(${fraction.length})`;
  }
  const isCast = textMember(first, 'function_name') === 'trino_to_varchar' && /^(?:left|rpad)$/.test(called);
  if (isCast && isNode(length?.['value']))
    return `${called === 'left' ? 'varchar' : 'char'}(${String(length['value']['value'])})`;
  return SAME_LENGTH.test(called) && length === undefined ? textTypeOf(first, seen) : undefined;
}

const MICROSECONDS = 'timestamp(6)';
const MILLISECONDS = 'timestamp(3)';

/** Functions whose times have milliseconds. */
const MILLISECONDS_OF =
  /^trino_(?:(?:try_)?cast_timestamp(?:tz)?|now|localtimestamp|from_iso8601_timestamp|from_unixtime|date_parse|parse_datetime)$/;

/** The type of a literal such as `TIMESTAMP '2026-11-20 10:00:00.123456'`, whose digits are its precision. */
function literalTimes({ class: kind, child, cast_type: type }: TreeNode): string | undefined {
  if (kind !== 'CAST' || !isNode(type) || !isNode(child) || !isNode(child['value'])) return undefined;
  if (!/^TIMESTAMP/.test(String(type['id']))) return undefined;
  return /\.\d{4,6}(?!\d)/.test(String(child['value']['value'])) ? MICROSECONDS : MILLISECONDS;
}

/** The precision of times that are made of parts: the highest. Undefined when it isn't known. */
function timesOf(parts: readonly (string | undefined)[]): string | undefined {
  if (parts.some(hasMicroseconds)) return MICROSECONDS;
  return parts.some((text) => text?.includes(MILLISECONDS)) ? MILLISECONDS : undefined;
}

/** Whether a name such as `place.since` starts with a column. */
function isFieldOf({ name, of }: VisibleColumn, names: readonly Tree[]): boolean {
  const [first, second] = names.map((part) => String(part).toLowerCase());
  return first === name.toLowerCase() || (first === of && second === name.toLowerCase());
}

/** Whether an expression has the type of one of its parts. */
function isTypedByParts(item: TreeNode, called: string): boolean {
  const kind = item['class'];
  if (kind === 'FUNCTION' || kind === 'WINDOW') return SAME_TYPE.test(called) || /^[-+]$/.test(called);
  return (
    kind === 'CASE' ||
    (kind === 'OPERATOR' && /COALESCE|EXTRACT|ARRAY_CONSTRUCTOR/.test(textMember(item, 'type')))
  );
}

function partsOf(item: TreeNode): readonly TreeNode[] {
  if (item['class'] !== 'CASE') return nodesOf(item['children']);
  const results = nodesOf(item['case_checks']).map((check) => check['then_expr']);
  return [...results, item['else_expr']].filter(isNode);
}

/** The common type of two strings or times; undefined when one string has no length. */
function commonTextType(one: string | undefined, other: string | undefined): string | undefined {
  const times = timesOf([one, other]);
  if (times !== undefined) return times;
  if (one === undefined || other === undefined || one === other) return one === other ? one : undefined;
  if (one.startsWith('time(')) return undefined;
  const lengths = [one, other].map((type) => Number(/\d+/.exec(type)?.[0]));
  return `varchar(${Math.max(...lengths)})`;
}
