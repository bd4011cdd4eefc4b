import type { ColumnNote } from '../tables/columnNotes.ts';
import type { ViewName } from './View.ts';

const note = (example: string, filledBy: string, nullWhen: string): ColumnNote => ({
  example,
  filledBy,
  nullWhen,
});

const SECONDARY = 'all SDKs, in `secondary_exposures`';
const COUNTED = 'the view';
/** Columns of Statsig's export that SDKs send nothing for. */
const UNKNOWN = 'Statsig alone';

const own: Readonly<Record<string, ColumnNote>> = {
  country: note('GB', 'all SDKs, if the application set `country`', 'it did not'),
  locale: note(
    'en_GB',
    'all SDKs, if the application set `locale`; phones send the locale of the device',
    'neither is known',
  ),
  app_version: note(
    '3.2.0',
    'all SDKs, if the application set `appVersion`; phones send the version of the app',
    'neither is known',
  ),
  is_gate: note('false', COUNTED, 'never'),
  unit_type: note('user_id', COUNTED, 'never'),
  unit_id: note('visitor-17', COUNTED, 'never'),
  ts: note('2026-11-20 10:15:30.123', COUNTED, 'never'),
  first_day: note('2026-11-20', COUNTED, 'never'),
  groups_seen: note('1', COUNTED, 'never'),
  held_out: note('false', COUNTED, 'never'),
  value_number: note('12.5', COUNTED, 'event_value is not a number'),
  position: note('1', SECONDARY, 'never'),
  gate_id: note('spring_holdout', SECONDARY, 'never'),
  primary_id: note('checkout_button', SECONDARY, 'never'),
  primary_type: note('config', SECONDARY, 'never'),
  other_type: note('stable_id', COUNTED, 'never'),
  other_id: note('8d1244ef-86df-4bf7-90e5-d9e6e9645a50', COUNTED, 'never'),
  first_seen: note('2026-11-18 09:02:11.400', COUNTED, 'never'),
  last_seen: note('2026-11-20 10:15:30.123', COUNTED, 'never'),
  days_seen: note('3', COUNTED, 'never'),
  other_ids: note('1', COUNTED, 'never'),
  unit_ids: note('1', COUNTED, 'never'),
  units: note('4812', COUNTED, 'never'),
  exposures: note('6120', COUNTED, 'never'),
  first_ts: note('2026-11-20 00:00:04.017', COUNTED, 'never'),
  last_ts: note('2026-11-20 23:59:58.640', COUNTED, 'never'),
};

/** Where a column means another thing than the table's of that name. */
const different: Readonly<Partial<Record<ViewName, Readonly<Record<string, ColumnNote>>>>> = {
  secondary_exposures: {
    gate_value: note('false', SECONDARY, 'it was sent without its value'),
    rule_id: note('5AhTholdOutRule', SECONDARY, 'never; empty when no rule matched'),
    group_id: note('5AhTholdOutRule:Fail', SECONDARY, 'it was sent without its value'),
    is_assignment: note('true', COUNTED, 'never'),
  },
  statsig_first_exposures: {
    company_id: note('null', UNKNOWN, 'always'),
    unit_type: note('userID', COUNTED, 'never'),
    exposure_type: note('get_experiment', COUNTED, 'never'),
    name: note('checkout_button', COUNTED, 'never'),
    rule: note('experiment', COUNTED, 'never'),
    experiment_group: note('Test', COUNTED, 'never'),
    first_exposure_utc: note('2026-11-20 10:15:30.123', COUNTED, 'never'),
    first_exposure_pst_date: note('2026-11-20', COUNTED, 'never'),
    as_of_pst_date: note('null', UNKNOWN, 'always'),
    percent: note('null', UNKNOWN, 'always'),
    rollout: note('null', UNKNOWN, 'always'),
    user_dimensions: note('null', UNKNOWN, 'always: see `experiment_exposures`'),
    inserted_at: note('null', UNKNOWN, 'always'),
    rule_name: note('experiment', COUNTED, 'it is a gate'),
    group_id: note('4Ahm7Qm5xB', COUNTED, 'never'),
    non_analytics: note('null', UNKNOWN, 'always'),
  },
};

/** The note on a view's own column; undefined for a column that is passed on from the table. */
export function viewColumnNote(view: ViewName, column: string): ColumnNote | undefined {
  return different[view]?.[column] ?? own[column];
}
