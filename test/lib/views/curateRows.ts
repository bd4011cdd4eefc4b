import { COPY_ORDER } from '../../../lib/views/View.ts';
import { details, eventDetails } from './expectedRows.ts';
import type { RawRow } from './openData.ts';

/** A row of a curated table. */
export type CuratedRow = Readonly<Record<string, string | number | boolean | null>> & { readonly ds: string };

/** Columns that describe the sender: copies that differ only in them describe the same event. */
const SENDER: ReadonlySet<string> = new Set(
  'received_at statsig_metadata session_id sdk_type sdk_version'.split(' '),
);

/**
 * The rows that curated tables have of landed rows, worked out without SQL: of copies that differ in the sender alone the
 * first, otherwise all of them.
 */
export function curateRows(kind: 'exposures' | 'events', rows: readonly RawRow[]): CuratedRow[] {
  const copiesByEvent = Map.groupBy(rows, (row) =>
    JSON.stringify([row.ds, row[nameColumn(kind, row)], row['event_id']]),
  );
  return [...copiesByEvent.values()].flatMap((copies) => {
    const contents = new Set(copies.map(contentOf));
    const differ = contents.size > 1;
    const sorted = copies.toSorted(byCopyOrder).map((row, index) => ({
      ...row,
      ...(kind === 'exposures' ? details(row, 'user_dimensions') : eventDetails(row)),
      copies: copies.length,
      copies_differ: differ,
      copy: index + 1,
    }));
    return differ ? sorted : sorted.slice(0, 1);
  });
}

/** The column whose value all copies of an event share. A layer's experiment may land hashed and by name. */
function nameColumn(kind: 'exposures' | 'events', row: RawRow): string {
  if (kind === 'events') return 'event_name';
  return row['exposure_type'] === 'layer' ? 'layer_id' : 'experiment_id';
}

/** All of a row but what describes its sender, as a text. */
function contentOf(row: RawRow): string {
  const members = Object.entries(row).filter(([name]) => !SENDER.has(name));
  return JSON.stringify(members.sort());
}

/** Order of copies, nulls last. All values are texts that sort by their characters. */
function byCopyOrder(left: RawRow, right: RawRow): number {
  for (const name of [...COPY_ORDER, 'experiment_id']) {
    const leftValue = left[name] ?? null;
    const rightValue = right[name] ?? null;
    if (leftValue === rightValue) continue;
    if (leftValue === null) return 1;
    if (rightValue === null) return -1;
    return leftValue < rightValue ? -1 : 1;
  }
  return 0;
}
