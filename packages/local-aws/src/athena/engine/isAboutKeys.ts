import { quoteText } from '../../../../../lib/sql/quoteText.ts';
import type { Session } from './Session.ts';

/** DuckDB's functions that answer otherwise for each row (`duckdb_functions()`, stability VOLATILE). */
const VOLATILE = new Set(['random', 'uuid', 'uuidv4', 'uuidv7', 'gen_random_uuid', 'nextval', 'setseed']);

/**
 * Whether a condition in a plan holds for all rows of a partition or for none: it names partition keys, no other
 * column, and calls nothing that answers otherwise for the next row.
 *
 * @param keys Names in lower case.
 */
export async function isAboutKeys(
  session: Session,
  condition: string,
  keys: ReadonlySet<string>,
): Promise<boolean> {
  const text = quoteText(`SELECT 1 WHERE (${condition})`);
  const parsed = (await session.read(`SELECT json_serialize_sql(${text})`)).getRowsJS()[0]?.[0];
  const tree: unknown = JSON.parse(String(parsed));
  const found = { keys: 0, others: 0 };
  const visit = (node: unknown) => {
    if (typeof node !== 'object' || node === null) return;
    if ('column_names' in node && Array.isArray(node.column_names)) {
      const [name, ...more] = node.column_names;
      const own = typeof name === 'string' && more.length === 0 && keys.has(name.toLowerCase());
      found[own ? 'keys' : 'others'] += 1;
    }
    // What a condition can't be made of is told as an error, and may be about anything.
    if ('error' in node && node.error === true) found.others += 1;
    if ('class' in node && (node.class === 'SUBQUERY' || node.class === 'WINDOW')) found.others += 1;
    if ('function_name' in node && VOLATILE.has(String(node.function_name))) found.others += 1;
    for (const child of Object.values(node)) visit(child);
  };
  visit(tree);
  return found.keys > 0 && found.others === 0;
}
