import { isJsonObject } from '../json/JsonObject.ts';
import { MAX_RECORD_BYTES } from '../schema/deliveryLimits.ts';
import type { ColumnType, Table } from '../tables/Table.ts';
import { isUtcDay } from '../time/utcDay.ts';

/** A row as it can be put on its stream, or why it would fail again. */
export type RestoredRow = { readonly document: string } | { readonly problem: string };

/** What Firehose's conversion takes for a column without changing it; null and absence are the same to it. */
const FITS: Readonly<Record<ColumnType, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean',
  timestamp: (value) => typeof value === 'string' && !Number.isNaN(Date.parse(value)),
  date: (value) => typeof value === 'string' && isUtcDay(value),
  double: (value) => typeof value === 'number',
  bigint: (value) => Number.isSafeInteger(value),
};

/**
 * Holds a row that Firehose gave up to the table as it is configured now. A member without a column is a problem,
 * too: Firehose would drop it without a word.
 */
export function restoreRow(raw: string, table: Table): RestoredRow {
  let row: unknown;
  try {
    row = JSON.parse(raw);
  } catch {
    return { problem: 'It is not JSON.' };
  }
  if (!isJsonObject(row)) return { problem: 'It is no JSON object.' };
  const [id] = table.columns;
  if (id === undefined || typeof row[id.name] !== 'string') return { problem: `It has no ${id?.name}.` };
  const { name: day } = table.partitionKey;
  if (typeof row[day] !== 'string' || !isUtcDay(row[day]))
    return { problem: `It has no ${day} that is a day.` };
  const columns = new Map(table.columns.map(({ name, type }) => [name, type]));
  for (const [name, value] of Object.entries(row)) {
    if (name === day) continue;
    const type = columns.get(name);
    if (type === undefined) return { problem: `The table has no column ${JSON.stringify(name)}.` };
    if (value !== null && !FITS[type](value)) return { problem: `${name} is no ${type}.` };
  }
  // A record's documents are set apart by line breaks; rows of ours have none, as JSON writes those in texts.
  const document = raw.includes('\n') ? JSON.stringify(row) : raw;
  return Buffer.byteLength(document, 'utf8') > MAX_RECORD_BYTES
    ? { problem: 'It is larger than a Firehose record.' }
    : { document };
}
