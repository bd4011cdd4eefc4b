import { parseJson } from '../../../../../lib/json/parseJson.ts';
import { quoteText } from '../../../../../lib/sql/quoteText.ts';
import { isNode, nodesOf, type Tree, type TreeNode, word } from '../../trino/types/TypeRule.ts';
import { CATALOG, type Session } from './Session.ts';

/** How DuckDB writes that a node has no place. */
const NO_PLACE = /"query_location":18446744073709551615/g;
/** Numbers that JavaScript can't hold: values of literals, whose types stand beside them. */
const LONG_NUMBER = /(?<=:)-?\d{16,}(?=[,}\]])/g;

/** The syntax tree of a query: the node of its one statement. */
export async function parseTree(session: Session, sql: string): Promise<TreeNode | undefined> {
  const reader = await session.read(`SELECT json_serialize_sql(${quoteText(sql)})`);
  const text = String(reader.getRowsJS()[0]?.[0])
    .replaceAll(NO_PLACE, '"query_location":null')
    .replaceAll(LONG_NUMBER, '1');
  const parsed = parseJson(text);
  const tree = isTree(parsed) && isNode(parsed) ? nodesOf(parsed['statements'])[0]?.['node'] : undefined;
  return isNode(tree) ? tree : undefined;
}

/**
 * A tree whose tables are named in full: it is bound by a connection of its own, which has no search path.
 *
 * @param named Names of the subqueries that a table's name may mean.
 */
export function qualified(
  tree: TreeNode,
  database: string | undefined,
  named: ReadonlySet<string>,
): TreeNode {
  const own = isNode(tree['cte_map']) ? nodesOf(tree['cte_map']['map']) : [];
  const known = new Set(named);
  const within = (part: Tree, names: ReadonlySet<string>): Tree => {
    if (Array.isArray(part)) return part.map((item) => within(item, names));
    return isNode(part) ? qualified(part, database, names) : part;
  };
  // A subquery sees those before it, and itself if it is recursive.
  const map = own.map((entry) => {
    const key = word(entry, 'key').toLowerCase();
    const value = entry['value'] ?? null;
    const names = JSON.stringify(value).includes('"RECURSIVE_CTE_NODE"')
      ? new Set([...known, key])
      : new Set(known);
    known.add(key);
    return { ...entry, value: within(value, names) };
  });
  const rest = Object.entries(tree).map(([member, value]): [string, Tree] =>
    member === 'cte_map' && isNode(value) ? [member, { ...value, map }] : [member, within(value, known)],
  );
  const built: TreeNode = Object.fromEntries(rest);
  if (tree['type'] !== 'BASE_TABLE' || word(tree, 'catalog_name') !== '') return built;
  const schema = word(tree, 'schema_name');
  if (schema === '' && (database === undefined || known.has(word(tree, 'table_name').toLowerCase())))
    return built;
  return { ...built, catalog_name: CATALOG, schema_name: schema === '' ? (database ?? '') : schema };
}

/** What JSON is parsed to. */
function isTree(value: unknown): value is Tree {
  return value !== undefined;
}

/** A query that is given as its syntax tree. */
export function execution(root: Tree): string {
  const json = bare({ error: false, statements: [{ node: root, named_param_map: [] }] });
  return `SELECT * FROM json_execute_serialized_sql(${quoteText(json)})`;
}

/** A tree as JSON, without the places in the text. */
export function bare(tree: Tree): string {
  return JSON.stringify(tree, (member, value: unknown) => (member === 'query_location' ? undefined : value));
}
