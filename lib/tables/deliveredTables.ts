import type { Config } from '../schema/config.ts';
import type { ForwardedKind, TableKind } from '../schema/kinds.ts';
import { eventsColumns, eventsTable } from './eventsTable.ts';
import { exposuresColumns, exposuresTable } from './exposuresTable.ts';
import { quarantineTable } from './quarantineTable.ts';
import { partitionKey } from './sharedColumns.ts';
import type { Table } from './Table.ts';

/** Both forwarded tables of a configuration. */
export function forwardedTables(config: Pick<Config, 'tables' | 'unitIds'>): Record<ForwardedKind, Table> {
  return { exposures: exposuresTable(config), events: eventsTable(config) };
}

/** Every table that the writer writes: the forwarded ones and quarantine. */
export function deliveredTables(config: Pick<Config, 'tables' | 'unitIds'>): Record<TableKind, Table> {
  return { ...forwardedTables(config), quarantine: quarantineTable(config) };
}

/** Every column name that the forwarded tables have before any unit ID is configured. */
export const RESERVED_COLUMNS: ReadonlySet<string> = new Set([
  ...[exposuresColumns, eventsColumns].flatMap(({ before, after }) =>
    [...before, ...after].map(({ name }) => name),
  ),
  partitionKey.name,
]);
