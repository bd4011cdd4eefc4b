import type { Config } from '../config/configSchema.ts';
import type { TableKind } from '../schema/kinds.ts';
import { tableKinds } from '../schema/kinds.ts';
import { isUtcDay, type UtcDay } from '../time/utcDay.ts';

type Layout = Pick<Config, 'statsigFolder' | 'tables'>;

/** Folder of the quarantine table, whatever it is called. */
const QUARANTINE_FOLDER = 'quarantine/';

/**
 * Folder of a delivered table, with the slash at its end: `quarantine/`, or of a forwarded table
 * `statsig/statsig_forwarded_exposures/<table>/`, where the middle segment is Statsig's and fixed, whatever the
 * table is called (facts: Statsig on Athena).
 */
export function tableFolder(layout: Layout, kind: TableKind): string {
  if (kind === 'quarantine') return QUARANTINE_FOLDER;
  return `${layout.statsigFolder}/statsig_forwarded_${kind}/${layout.tables[kind]}/`;
}

/** Folder of one day of a delivered table: a partition's location, which never moves. */
export function dayFolder(layout: Layout, kind: TableKind, day: UtcDay): string {
  return `${tableFolder(layout, kind)}${day}/`;
}

/** What a key under a delivered table names, or by which rule it names no row file of ours. */
export type TableKey =
  | { readonly kind: TableKind; readonly day: UtcDay }
  | { readonly ignored: 'outside_tables' | 'no_day_folder' | 'nested_too_deep' | 'folder_marker' };

/**
 * Reads an object's key. The bucket also sees Statsig's own files and ours of other kinds, so a key that is
 * no row file of a delivered table is normal: it comes back with the rule that left it out.
 */
export function parseTableKey(layout: Layout, key: string): TableKey {
  for (const kind of tableKinds) {
    const folder = tableFolder(layout, kind);
    if (!key.startsWith(folder)) continue;
    const [day = '', file, ...deeper] = key.slice(folder.length).split('/');
    if (!isUtcDay(day) || file === undefined) return { ignored: 'no_day_folder' };
    if (deeper.length > 0) return { ignored: 'nested_too_deep' };
    if (file === '') return { ignored: 'folder_marker' };
    return { kind, day };
  }
  return { ignored: 'outside_tables' };
}
