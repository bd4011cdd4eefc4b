import type { DuckDBConnection } from '@duckdb/node-api';

/** The columns of files that a query reads for its result and its filters, by DuckDB's plan. */
export async function readColumns(connection: DuckDBConnection, sql: string): Promise<readonly string[]> {
  const reader = await connection.runAndReadAll(`EXPLAIN (FORMAT json) ${sql}`);
  const plan: unknown = JSON.parse(String(reader.getRows()[0]?.[1]));
  const columns = new Set<string>();
  const texts = (value: unknown): string[] =>
    Array.isArray(value) ? value.map(String) : [String(value ?? '')];
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) node.forEach(visit);
    if (typeof node !== 'object' || node === null || Array.isArray(node)) return;
    const info: unknown = Reflect.get(node, 'extra_info');
    if (typeof info === 'object' && info !== null && 'Function' in info) {
      for (const name of texts(Reflect.get(info, 'Projections'))) columns.add(name);
      for (const filter of texts(Reflect.get(info, 'Filters')))
        for (const [word] of filter.matchAll(/\w+/g)) columns.add(word);
    }
    visit(Reflect.get(node, 'children'));
  };
  visit(plan);
  return [...columns];
}
