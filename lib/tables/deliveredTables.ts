import type { Config } from '../config/configSchema.ts';
import type { TableKind } from '../schema/kinds.ts';
import { forwardedTables } from './forwardedTables.ts';
import { quarantineTable } from './quarantineTable.ts';
import type { Table } from './Table.ts';

/** Every table that a delivery stream writes: the forwarded ones and quarantine. */
export function deliveredTables(config: Pick<Config, 'tables' | 'unitIds'>): Record<TableKind, Table> {
  return { ...forwardedTables(config), quarantine: quarantineTable(config) };
}
