import { qualifiedName, quoteName } from '../../lib/base/sql.ts';
import type { Config } from '../../lib/schema/config.ts';
import { unitIdColumns } from '../../lib/tables/sharedColumns.ts';
import type { View } from '../../lib/views/View.ts';
import { views } from '../../lib/views/views.ts';

/**
 * Statsig replaces these with the first and the last date that it loads, of type DATE. `ds` has that type and is the
 * partition key, so nothing else is read. https://docs.statsig.com/statsig-warehouse-native/configuration/query-tools
 * quotes them with backticks, which is BigQuery's syntax: Athena accepts none in a SELECT.
 */
const LOADED_DAYS = `"ds" BETWEEN {statsig_start_date} AND {statsig_end_date}`;

/** Columns of both views by which Statsig groups and filters. */
const CONTEXT = ['country', 'locale', 'app_version', 'sdk_type'];

/** A column that holds one of Statsig's unit IDs. */
interface IdTypeMapping {
  /** Statsig's name of the unit ID. */
  readonly statsigUnitID: string;
  /** Name of the column. */
  readonly column: string;
}

/** What both kinds of sources have. */
interface StatsigSource {
  /** Name of the source. */
  readonly name: string;
  /** What it holds. */
  readonly description: string;
  /** Its query, with Statsig's macros for the days of a load. */
  readonly sql: string;
  /** Name of the column with the time. */
  readonly timestampColumn: string;
  /** Its columns with unit IDs. */
  readonly idTypeMapping: readonly IdTypeMapping[];
}

/** An assignment source, as Statsig's Console API takes it. */
export interface AssignmentSource extends StatsigSource {
  /** Name of the column with the experiment. */
  readonly experimentIDColumn: string;
  /** Name of the column with the ID of the group. */
  readonly groupIDColumn: string;
  /** Name of the column with the name of the group. */
  readonly groupNameColumn: string;
}

/** A metric source, as Statsig's Console API takes it. */
export interface MetricSource extends StatsigSource {
  /** Whether the time is a day: false. */
  readonly timestampAsDay: boolean;
  /** `query`: it has SQL of its own. */
  readonly sourceType: string;
}

/**
 * Who was exposed to what and when, with the members that Statsig's form asks for.
 * https://docs.statsig.com/api-reference/experiments/create-assignment-source
 */
export function assignmentSource(config: Config): AssignmentSource {
  const view = views(config).experiment_exposures;
  const columns = [
    '"timestamp"',
    '"experiment_id"',
    '"exposure_type"',
    '"group_id"',
    // A group has a name once names are resolved; until then its ID takes its place.
    'COALESCE("group_name", "group_id") AS "group_name"',
  ];
  return {
    name: 'sluice_exposures',
    description: view.comment,
    // Held-out units are in no group, so they are not assignments for Statsig either.
    sql: select(config, view, `${LOADED_DAYS} AND NOT "held_out"`, columns),
    timestampColumn: 'timestamp',
    experimentIDColumn: 'experiment_id',
    groupIDColumn: 'group_id',
    groupNameColumn: 'group_name',
    idTypeMapping: idTypes(config),
  };
}

/**
 * Users' actions, for metrics: counts of an `event_name`, sums and means of `value_number`.
 * https://docs.statsig.com/api-reference/metrics/create-metric-source
 */
export function metricSource(config: Config): MetricSource {
  const view = views(config).product_events;
  const columns = ['"timestamp"', '"event_name"', '"event_value"', '"value_number"'];
  return {
    name: 'sluice_events',
    description: view.comment,
    sql: select(config, view, LOADED_DAYS, columns),
    timestampColumn: 'timestamp',
    timestampAsDay: false,
    idTypeMapping: idTypes(config),
    sourceType: 'query',
  };
}

/** Which of Statsig's unit IDs a column holds, as its Console API takes it. */
function idTypes(config: Pick<Config, 'unitIds'>): readonly IdTypeMapping[] {
  const names = Object.keys(config.unitIds);
  return [
    { statsigUnitID: 'userID', column: 'user_id' },
    { statsigUnitID: 'stableID', column: 'stable_id' },
    ...unitIdColumns(config).map(({ name }, i) => ({ statsigUnitID: names[i] ?? name, column: name })),
  ];
}

/** A statement over a view: the columns, those with unit IDs, and those to group by. */
function select(config: Config, view: Pick<View, 'name'>, where: string, columns: readonly string[]): string {
  const others = [...idTypes(config).map(({ column }) => column), ...CONTEXT];
  return [
    'SELECT',
    [...columns, ...others.map(quoteName)].map((column) => `  ${column}`).join(',\n'),
    `FROM ${qualifiedName(config, view.name)}`,
    `WHERE ${where}`,
  ].join('\n');
}
