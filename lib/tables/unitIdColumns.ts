import type { Config } from '../config/configSchema.ts';
import type { Column } from './Table.ts';

/** One string column for each configured unit ID, in the order of the configuration. */
export function unitIdColumns(config: Pick<Config, 'unitIds'>): Column[] {
  return Object.entries(config.unitIds).map(([unitId, name]) => ({
    name,
    type: 'string',
    comment: `customIDs.${unitId} of the SDK user; null when empty`.slice(0, 255),
  }));
}
