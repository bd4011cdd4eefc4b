import type { eventsColumns } from './eventsTable.ts';
import type { exposuresColumns } from './exposuresTable.ts';

/** Notes of docs/reference/tables.md on a column. They are separate from the columns, because functions that write rows do not need them. */
export interface ColumnNote {
  /** A value as a query shows it. */
  readonly example: string;
  /** Source of its values: SDKs, or a part of Sluice. */
  readonly filledBy: string;
  /** When it is null; `never` if it is not. */
  readonly nullWhen: string;
}

type NameIn<Columns extends { readonly [run: string]: readonly { readonly name: string }[] }> =
  Columns[keyof Columns][number]['name'];

/** Every column of the forwarded tables but the configured unit IDs. */
export type TableColumnName = NameIn<typeof exposuresColumns> | NameIn<typeof eventsColumns> | 'ds';

const ALL = 'all SDKs';
const COLLECTOR = 'the collector';
const PHONES_AND_BROWSERS = 'SDKs of browsers and phones';

const note = (example: string, filledBy: string, nullWhen: string): ColumnNote => ({
  example,
  filledBy,
  nullWhen,
});

/**
 * Notes on each column of the forwarded tables. They were verified with rows of js-client, statsig-js, Server Core for
 * Node and statsig-node, and for phones in the sources (DeviceEnvironment.swift, StatsigMetadata.kt).
 */
export const columnNotes: Readonly<Record<TableColumnName, ColumnNote>> = {
  event_id: note('d8d1244ef86dfbf790e5d9e6e9645a50', `${COLLECTOR}: no SDK sends one`, 'never'),
  experiment_id: note('checkout_button', ALL, 'never'),
  exposure_type: note('config', COLLECTOR, 'never'),
  group_id: note('4SuTqnR1ruleHalfOfUsers:Pass', ALL, 'a gate was sent without its value'),
  group_name: note(
    'Test',
    'the collector, from `sluice groups pull`; `group` of /v1/log_custom_exposure',
    'neither has it',
  ),
  rule_id: note('3QfjCheckoutTest', ALL, 'never; empty when no rule matched'),
  gate_value: note('true', ALL, 'not a gate'),
  is_assignment: note('true', COLLECTOR, 'never'),
  layer_id: note('homepage', ALL, 'not a layer'),
  allocated_experiment: note('homepage_hero', ALL, 'not a layer, or it allocated the unit to nothing'),
  parameter_name: note('headline', ALL, 'not a layer'),
  is_explicit_parameter: note('true', ALL, 'not a layer'),
  reason: note('Network:Recognized', ALL, 'a request made by hand says none'),
  config_version: note(
    '7',
    'SDKs of servers; others if their initialize response has it',
    'the SDK knows none',
  ),
  is_manual: note('false', ALL, 'never'),
  user_id: note('visitor-17', ALL, 'the user has no ID yet'),
  stable_id: note(
    '9d950891-5e6c-4fd0-ba73-4736806c5ac4',
    `${PHONES_AND_BROWSERS}; servers that set customIDs.stableID`,
    'a server does not set it',
  ),
  custom_ids: note('{"companyID":"acme"}', ALL, 'the user has none'),
  timestamp: note('2026-11-20 10:15:30.123', ALL, 'never; the time received when it was sent without'),
  client_timestamp: note('2026-11-20 10:15:30.123', ALL, 'it was sent without a time'),
  received_at: note('2026-11-20 10:15:31.004', COLLECTOR, 'never'),
  environment: note('production', `${ALL} with a tier; else the key's environment, else production`, 'never'),
  user_dimensions: note(
    '{"custom":{"plan":"pro"},"locale":"en_GB","userID":"visitor-17"}',
    ALL,
    'it has no user',
  ),
  secondary_exposures: note(
    '[{"gate":"spring_holdout","gateValue":"false","ruleID":"5AhT"}]',
    ALL,
    'nothing was evaluated on the way',
  ),
  metadata: note('{"config":"checkout_button","ruleID":"3Qfj",…}', ALL, 'never'),
  event_name: note('purchase', ALL, 'never'),
  event_value: note('12.5', ALL, 'none was logged'),
  user_object: note(
    '{"custom":{"plan":"pro"},"locale":"en_GB","userID":"visitor-17"}',
    ALL,
    'it has no user',
  ),
  company_metadata: note('{"sku":"abc"}', ALL, 'none was logged'),
  statsig_metadata: note(
    '{"sdkType":"javascript-client","sessionID":"ff0d…",…}',
    ALL,
    'a request made by hand has none',
  ),
  session_id: note('ff0d8674-840a-4515-aa91-a1b4bdcb4119', ALL, 'a request made by hand has none'),
  sdk_type: note('javascript-client', ALL, 'a request made by hand says none'),
  sdk_version: note('3.33.5', ALL, 'a request made by hand says none'),
  ds: note('2026-11-20', COLLECTOR, 'never'),
};
