import { type CuratedDays, nothingCurated } from './curatedDays.ts';
import { dailyExposures } from './dailyExposures.ts';
import { experimentExposures } from './experimentExposures.ts';
import { firstExposures } from './firstExposures.ts';
import { productEvents } from './productEvents.ts';
import { secondaryExposures } from './secondaryExposures.ts';
import { unitLinks } from './unitLinks.ts';
import { DETAIL_COLUMNS } from './userDetailColumns.ts';
import type { View, ViewConfig, ViewName } from './View.ts';

/** Their names, in the order in which they are listed everywhere: one that reads another comes after it. */
export const viewNames: readonly ViewName[] = [
  'experiment_exposures',
  'first_exposures',
  'product_events',
  'secondary_exposures',
  'daily_exposures',
  'unit_links',
];

/**
 * The views of a configuration: what analysts read instead of the raw tables.
 *
 * @param curated The days that they read from the curated tables. Default none. The rows are the same with any.
 */
export function views(config: ViewConfig, curated: CuratedDays = nothingCurated): Record<ViewName, View> {
  return {
    experiment_exposures: experimentExposures(config, { curated: curated.exposures }),
    first_exposures: firstExposures(config, { curated: curated.exposures }),
    product_events: productEvents(config, curated.events),
    secondary_exposures: secondaryExposures(config, curated.exposures),
    daily_exposures: dailyExposures(config),
    unit_links: unitLinks(config, curated),
  };
}

/**
 * Names that the views' columns have, or what they are made of, besides the tables' own: a unit ID or a JSON path with
 * such a name would be two columns in one.
 */
export const RESERVED_VIEW_COLUMNS: ReadonlySet<string> = new Set([
  ...DETAIL_COLUMNS,
  'copies',
  'copies_differ',
  'copy',
  'days_seen',
  'evaluation',
  'ever_held_out',
  'exposures',
  'first_day',
  'first_seen',
  'first_time',
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
  'last_seen',
  'last_time',
  'last_ts',
  'other_id',
  'other_ids',
  'other_type',
  'outcome',
  'place',
  'position',
  'primary_id',
  'primary_type',
  'real_id',
  'real_name',
  'rule',
  'sent_name',
  'ts',
  'unit_id',
  'unit_ids',
  'unit_type',
  'units',
  'value_number',
]);
