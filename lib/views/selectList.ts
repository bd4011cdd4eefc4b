import { quoteName } from '../sql/quoteName.ts';
import type { Column } from '../tables/Table.ts';
import type { ViewColumn } from './View.ts';

/** A table's column as it is. */
export function passed({ name, type, comment }: Column): ViewColumn {
  return { name, type, comment, sql: quoteName(name) };
}

/** What stands behind SELECT: an expression a line, named only where it is more than the column itself. */
export function selectList(columns: readonly ViewColumn[]): string {
  return columns
    .map(({ name, sql }) => (sql === quoteName(name) ? `  ${sql}` : `  ${sql} AS ${quoteName(name)}`))
    .join(',\n');
}
