import type { ViewName } from './View.ts';

/**
 * Names of the views, in the order in which they are listed everywhere: a view that reads another view comes after it.
 */
export const viewNames: readonly ViewName[] = [
  'experiment_exposures',
  'first_exposures',
  'product_events',
  'secondary_exposures',
  'daily_exposures',
];

/**
 * Names that the views' columns have, or what they are made of, besides the tables' own: a unit ID with
 * such a name would be two columns in one.
 */
export const RESERVED_VIEW_COLUMNS: ReadonlySet<string> = new Set([
  'app_version',
  'copies',
  'copies_differ',
  'copy',
  'country',
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
  'locale',
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
  'unit_type',
  'units',
  'value_number',
]);
