import type { DuckDBConnection } from '@duckdb/node-api';

/** A scan of Parquet files in the plan of a query. */
export interface Scan {
  /** Columns of the files that it reads for the result and its filters. */
  readonly columns: ReadonlySet<string>;
  /** The filters, as DuckDB writes them. */
  readonly filters: readonly string[];
}

/** The scans of a query, by DuckDB's plan. */
export async function readScans(connection: DuckDBConnection, sql: string): Promise<readonly Scan[]> {
  const reader = await connection.runAndReadAll(`EXPLAIN (FORMAT json) ${sql}`);
  const plan: unknown = JSON.parse(String(reader.getRows()[0]?.[1]));
  const scans: Scan[] = [];
  const texts = (value: unknown): string[] =>
    Array.isArray(value) ? value.map(String) : [String(value ?? '')];
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) node.forEach(visit);
    if (typeof node !== 'object' || node === null || Array.isArray(node)) return;
    const info: unknown = Reflect.get(node, 'extra_info');
    if (typeof info === 'object' && info !== null && 'Function' in info) {
      const filters = texts(Reflect.get(info, 'Filters'));
      const words = filters.flatMap((filter) => [...filter.matchAll(/\w+/g)].map(([word]) => word));
      scans.push({ columns: new Set([...texts(Reflect.get(info, 'Projections')), ...words]), filters });
    }
    visit(Reflect.get(node, 'children'));
  };
  visit(plan);
  return scans;
}
