import type { Config } from '../schema/config.ts';
import { dailyExposures } from './dailyExposures.ts';
import { experimentExposures } from './experimentExposures.ts';
import { firstExposures } from './firstExposures.ts';
import { productEvents } from './productEvents.ts';
import { secondaryExposures } from './secondaryExposures.ts';
import { DETAIL_COLUMNS } from './userDetailColumns.ts';
import type { View, ViewName } from './View.ts';

/** Their names, in the order in which they are listed everywhere: one that reads another comes after it. */
export const viewNames: readonly ViewName[] = [
  'experiment_exposures',
  'first_exposures',
  'product_events',
  'secondary_exposures',
  'daily_exposures',
];

/** The views of a configuration: what analysts read instead of the raw tables. */
export function views(config: Config): Record<ViewName, View> {
  return {
    experiment_exposures: experimentExposures(config),
    first_exposures: firstExposures(config),
    product_events: productEvents(config),
    secondary_exposures: secondaryExposures(config),
    daily_exposures: dailyExposures(config),
  };
}

/**
 * Names that the views' columns have, or what they are made of, besides the tables' own: a unit ID or a JSON path with
 * such a name would be two columns in one.
 */
export const RESERVED_VIEW_COLUMNS: ReadonlySet<string> = new Set([
  ...DETAIL_COLUMNS,
  'copy',
  'evaluation',
  'ever_held_out',
  'exposures',
  'first_day',
  'first_ts',
  'gate_id',
  'group_ts',
  'groups_seen',
  'hash',
  'held_out',
  'is_gate',
  'known_entity',
  'known_gate',
  'known_holdout',
  'known_holdouts',
  'known_id',
  'known_kind',
  'known_name',
  'known_rule',
  'known_sent_name',
  'last_ts',
  'outcome',
  'place',
  'position',
  'primary_id',
  'primary_type',
  'real_name',
  'rule',
  'sent_name',
  'ts',
  'unit_id',
  'unit_type',
  'units',
  'value_number',
]);
