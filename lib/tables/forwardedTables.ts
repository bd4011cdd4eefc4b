import type { Config } from '../config/configSchema.ts';
import { eventsTable } from './eventsTable.ts';
import { exposuresTable } from './exposuresTable.ts';
import type { Table, TableKind } from './Table.ts';

/** Both forwarded tables of a configuration. */
export function forwardedTables(config: Config): Record<TableKind, Table> {
  return { exposures: exposuresTable(config), events: eventsTable(config) };
}

/** The kinds, in the order in which they are listed everywhere. */
export const tableKinds: readonly TableKind[] = ['exposures', 'events'];
