import type { Config } from '../config/configSchema.ts';
import type { ForwardedKind } from '../schema/kinds.ts';
import { eventsTable } from './eventsTable.ts';
import { exposuresTable } from './exposuresTable.ts';
import type { Table } from './Table.ts';

/** Both forwarded tables of a configuration. */
export function forwardedTables(config: Pick<Config, 'tables' | 'unitIds'>): Record<ForwardedKind, Table> {
  return { exposures: exposuresTable(config), events: eventsTable(config) };
}
