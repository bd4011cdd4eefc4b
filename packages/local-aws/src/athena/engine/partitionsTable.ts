import { quoteName } from '../../../../../lib/sql/quoteName.ts';
import { quoteText } from '../../../../../lib/sql/quoteText.ts';
import type { TableEntry } from '../../glue/entries.ts';
import { keyValue } from './keyValue.ts';
import { qualifiedName, type SessionColumn } from './tableSql.ts';

/** `"table$partitions"`: a row of values for each partition. https://docs.aws.amazon.com/athena/latest/ug/show-partitions.html */
export function partitionsTable(
  database: string,
  name: string,
  keys: readonly SessionColumn[],
  { partitions }: TableEntry,
): string {
  const columns = keys.map((key) => `${quoteName(key.name)} ${key.type}`).join(', ');
  const rows = partitions.map(({ values }) => `(${values.map(sqlValue).join(', ')})`);
  const table = qualifiedName(database, name);
  const insert = rows.length === 0 ? '' : `INSERT INTO ${table} VALUES ${rows.join(', ')}`;
  return `CREATE TABLE ${table} (${columns}); ${insert}`;
}

function sqlValue(text: string): string {
  const value = keyValue(text);
  return value === null ? 'NULL' : quoteText(value);
}
