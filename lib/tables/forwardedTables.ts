import type { Config } from '../config/configSchema.ts';
import { eventsTable } from './eventsTable.ts';
import { exposuresTable } from './exposuresTable.ts';
import type { ForwardedKind, Table } from './Table.ts';

/** Both forwarded tables of a configuration. */
export function forwardedTables(config: Pick<Config, 'tables' | 'unitIds'>): Record<ForwardedKind, Table> {
  return { exposures: exposuresTable(config), events: eventsTable(config) };
}

/** The forwarded kinds, in the order in which they are listed everywhere. */
export const forwardedKinds: readonly ForwardedKind[] = ['exposures', 'events'];
