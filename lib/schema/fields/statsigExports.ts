/**
 * The columns of Statsig's own exports, exposures and events, as its documents publish them for every warehouse. All are
 * nullable there. https://docs.statsig.com/integrations/data-exports/data_warehouse_exports, and for their meaning
 * https://docs.statsig.com/console-api/daily-reports
 */
export const statsigExportColumns = {
  exposures: [
    { name: 'company_id', type: 'string', comment: "Statsig's ID of the project" },
    { name: 'unit_id', type: 'string', comment: 'The unit that was exposed' },
    { name: 'unit_type', type: 'string', comment: 'Type of the unit ID' },
    {
      name: 'exposure_type',
      type: 'string',
      comment: 'check_gate for gates, get_experiment for experiments',
    },
    { name: 'name', type: 'string', comment: 'Name of the gate or experiment' },
    { name: 'rule', type: 'string', comment: 'Rule ID for gates, experiment for experiments' },
    { name: 'experiment_group', type: 'string', comment: 'The group that the unit is in' },
    { name: 'first_exposure_utc', type: 'timestamp', comment: 'When the unit was first exposed, UTC' },
    {
      name: 'first_exposure_pst_date',
      type: 'date',
      comment: 'Day of the first exposure in Pacific time',
    },
    { name: 'as_of_pst_date', type: 'date', comment: 'Day on which the row was generated, in Pacific time' },
    { name: 'percent', type: 'double', comment: 'Pass rate of the rule, or size of the group' },
    { name: 'rollout', type: 'bigint', comment: 'Version number of the rollout' },
    {
      name: 'user_dimensions',
      type: 'string',
      comment: 'Attributes of the user at the first exposure, a JSON object',
    },
    { name: 'inserted_at', type: 'timestamp', comment: 'When the row was generated' },
    { name: 'rule_name', type: 'string', comment: 'Name of the rule for gates, experiment for experiments' },
    { name: 'group_id', type: 'string', comment: 'True or False for gates, ID of the group for experiments' },
    { name: 'non_analytics', type: 'boolean', comment: "Whether Statsig's analytics leave the row out" },
  ],
  events: [
    { name: 'user_id', type: 'string', comment: 'userID of the user' },
    { name: 'stable_id', type: 'string', comment: 'Stable ID of the device' },
    { name: 'custom_ids', type: 'string', comment: 'Custom IDs, a JSON object' },
    { name: 'timestamp', type: 'timestamp', comment: 'When it happened, UTC' },
    { name: 'event_name', type: 'string', comment: 'Name of the event' },
    { name: 'event_value', type: 'string', comment: 'Value of the event' },
    { name: 'user_object', type: 'string', comment: 'The user, a JSON object' },
    { name: 'statsig_metadata', type: 'string', comment: 'Metadata of the SDK, a JSON object' },
    { name: 'company_metadata', type: 'string', comment: 'Metadata of the event, a JSON object' },
  ],
} as const;

/** Mappings of Statsig's exports, by the names that `mapping` has for them. */
export const STATSIG_EXPORTS = ['statsig-exposures', 'statsig-events'] as const;

/** Without these a row says nothing, so a file must have them. Older files lack the newest of the others. */
const NEEDED: ReadonlySet<string> = new Set([
  'unit_id',
  'name',
  'first_exposure_utc',
  'timestamp',
  'event_name',
]);

/** The mapping of a table dataset, as it could be written out. */
export function statsigExportMapping(name: (typeof STATSIG_EXPORTS)[number]) {
  const isExposures = name === 'statsig-exposures';
  const columns = isExposures ? statsigExportColumns.exposures : statsigExportColumns.events;
  return {
    columns: Object.fromEntries(
      columns.map(({ name: column, type, comment }) => [
        column,
        {
          column,
          type,
          comment,
          optional: !NEEDED.has(column),
          required: NEEDED.has(column),
        },
      ]),
    ),
    sortBy: isExposures ? ['name', 'first_exposure_utc'] : ['event_name', 'timestamp'],
  };
}
