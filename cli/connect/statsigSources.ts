import type { Config } from '../../lib/config/configSchema.ts';
import { quoteName } from '../../lib/sql/quoteName.ts';
import { unitIdColumns } from '../../lib/tables/unitIdColumns.ts';
import { sourceName } from '../../lib/views/sourceName.ts';
import type { View } from '../../lib/views/View.ts';
import { views } from '../../lib/views/views.ts';

/** Which of Statsig's unit IDs a column holds, in the words of its Console API. */
export interface IdType {
  readonly statsigUnitID: string;
  readonly column: string;
}

/**
 * A source as Statsig's Console API takes it, member for member what its forms ask for.
 * https://docs.statsig.com/api-reference/experiments/create-assignment-source
 */
export interface AssignmentSource {
  readonly name: string;
  readonly description: string;
  readonly sql: string;
  readonly timestampColumn: string;
  readonly experimentIDColumn: string;
  readonly groupIDColumn: string;
  readonly groupNameColumn: string;
  readonly idTypeMapping: readonly IdType[];
}

/** https://docs.statsig.com/api-reference/metrics/create-metric-source */
export interface MetricSource {
  readonly name: string;
  readonly description: string;
  readonly sql: string;
  readonly timestampColumn: string;
  readonly timestampAsDay: boolean;
  readonly idTypeMapping: readonly IdType[];
  readonly sourceType: 'query';
}

/**
 * Statsig puts dates of type DATE in place of these, the first and the last that it loads; `ds` is of that type and the
 * partition key, so that nothing else is read. https://docs.statsig.com/statsig-warehouse-native/configuration/query-tools
 * sets backticks around them, which are BigQuery's: Athena takes none in a SELECT.
 */
const LOADED_DAYS = `"ds" BETWEEN {statsig_start_date} AND {statsig_end_date}`;

/** Held-out units are in no group, so they are no assignments to Statsig either. */
const IN_A_GROUP = 'NOT "held_out"';

/** Columns to group and filter by, besides the configured JSON paths. */
const CONTEXT = ['country', 'locale', 'app_version', 'sdk_type'];

/** Who was exposed to what and when. */
export function assignmentSource(config: Config): AssignmentSource {
  const idTypeMapping = idTypes(config);
  const view = views(config).experiment_exposures;
  return {
    name: 'sluice_exposures',
    description: view.comment,
    sql: select(
      config,
      view,
      [LOADED_DAYS, IN_A_GROUP],
      [
        '"timestamp"',
        '"experiment_id"',
        '"exposure_type"',
        '"group_id"',
        // Names are there once they are resolved; a group must have one before.
        'COALESCE("group_name", "group_id") AS "group_name"',
        ...idTypeMapping.map(({ column }) => quoteName(column)),
      ],
    ),
    timestampColumn: 'timestamp',
    experimentIDColumn: 'experiment_id',
    groupIDColumn: 'group_id',
    groupNameColumn: 'group_name',
    idTypeMapping,
  };
}

/** What people did, for metrics: counts of an `event_name`, sums and means of `value_number`. */
export function metricSource(config: Config): MetricSource {
  const idTypeMapping = idTypes(config);
  const view = views(config).product_events;
  return {
    name: 'sluice_events',
    description: view.comment,
    sql: select(
      config,
      view,
      [LOADED_DAYS],
      [
        '"timestamp"',
        '"event_name"',
        '"event_value"',
        '"value_number"',
        ...idTypeMapping.map(({ column }) => quoteName(column)),
      ],
    ),
    timestampColumn: 'timestamp',
    timestampAsDay: false,
    idTypeMapping,
    sourceType: 'query',
  };
}

/** What of a source goes into which field of the console's form. */
export function fieldMapping(
  source: AssignmentSource | MetricSource,
): readonly (readonly [string, string])[] {
  const units = source.idTypeMapping.map(({ statsigUnitID, column }) => [statsigUnitID, column] as const);
  return 'experimentIDColumn' in source
    ? [
        ['Timestamp', source.timestampColumn],
        ['Experiment ID', source.experimentIDColumn],
        ['Group ID', source.groupIDColumn],
        ['Group name', source.groupNameColumn],
        ...units,
      ]
    : [['Timestamp', source.timestampColumn], ...units];
}

function idTypes(config: Pick<Config, 'unitIds'>): IdType[] {
  const names = Object.keys(config.unitIds);
  return [
    { statsigUnitID: 'userID', column: 'user_id' },
    { statsigUnitID: 'stableID', column: 'stable_id' },
    ...unitIdColumns(config).map(({ name }, i) => ({ statsigUnitID: names[i] ?? name, column: name })),
  ];
}

function select(config: Config, view: View, where: readonly string[], columns: readonly string[]): string {
  const wanted = [...CONTEXT, ...Object.keys(config.jsonPaths)];
  const context = wanted.filter((name) => view.columns.some((column) => column.name === name));
  return [
    'SELECT',
    [...columns, ...context.map(quoteName)].map((column) => `  ${column}`).join(',\n'),
    `FROM ${sourceName(config, view.name)}`,
    `WHERE ${where.join(' AND ')}`,
  ].join('\n');
}
