import type { Config } from '../config/configSchema.ts';
import { forwardedKinds, forwardedTables } from './forwardedTables.ts';
import { quarantineTable } from './quarantineTable.ts';
import type { Table, TableKind } from './Table.ts';

/** Every table that a delivery stream writes: the forwarded ones and quarantine. */
export function deliveredTables(config: Pick<Config, 'tables' | 'unitIds'>): Record<TableKind, Table> {
  return { ...forwardedTables(config), quarantine: quarantineTable(config) };
}

/** Their kinds, in the order in which they are listed everywhere. */
export const tableKinds: readonly TableKind[] = [...forwardedKinds, 'quarantine'];
