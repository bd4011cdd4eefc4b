import { quoteText } from '../base/sql.ts';
import { statsigExportColumns } from '../schema/fields/statsigExports.ts';
import { unitColumns } from '../tables/sharedColumns.ts';
import type { ColumnType } from '../tables/Table.ts';
import { qualifiedName, selectList, type View, type ViewColumn, type ViewConfig } from './View.ts';

/** Value for an experiment in columns where a gate has its rule. */
const EXPERIMENT = `'experiment'`;
/** Statsig's days end at midnight of Pacific standard time all year. */
const PST_DAY = `CAST("ts" - INTERVAL '8' HOUR AS date)`;
const OF_GATE = (gate: string, experiment: string) =>
  `CASE WHEN "is_gate" THEN ${gate} ELSE ${experiment} END`;
/** `<rule ID>:Pass` or `<rule ID>:Fail`. */
const IS_PASS = `"group_id" LIKE '%:Pass'`;

const SQL_TYPES: Readonly<Record<ColumnType, string>> = {
  string: 'varchar',
  boolean: 'boolean',
  timestamp: 'timestamp(3)',
  date: 'date',
  double: 'double',
  bigint: 'bigint',
};

/** For columns whose values are not in the data that SDKs send: they are null. */
const UNKNOWN = 'null here';

/**
 * The rows of `first_exposures` in the columns of Statsig's own export of exposures, so that a query of Statsig's table runs on
 * this view with another name.
 */
export function statsigFirstExposures(config: ViewConfig): View {
  const types = [
    ['userID', unitColumns[0].name],
    ['stableID', unitColumns[1].name],
    ...Object.entries(config.unitIds),
  ].map(([type = '', column = '']) => `WHEN ${quoteText(column)} THEN ${quoteText(type)}`);
  const known: Readonly<Record<string, { readonly sql: string; readonly comment?: string }>> = {
    unit_id: { sql: '"unit_id"' },
    unit_type: { sql: `CASE "unit_type" ${types.join(' ')} END` },
    exposure_type: { sql: OF_GATE(`'check_gate'`, `'get_experiment'`) },
    name: { sql: '"experiment_id"' },
    rule: { sql: OF_GATE(`regexp_replace("group_id", ':(Pass|Fail)$', '')`, EXPERIMENT) },
    experiment_group: {
      sql: OF_GATE(`CASE WHEN ${IS_PASS} THEN 'Pass' ELSE 'Fail' END`, 'COALESCE("group_name", "group_id")'),
      comment: 'Name of the group, its ID until names are resolved; for gates Pass or Fail',
    },
    first_exposure_utc: { sql: '"ts"' },
    first_exposure_pst_date: { sql: PST_DAY },
    rule_name: { sql: OF_GATE('CAST(NULL AS varchar)', EXPERIMENT), comment: 'experiment; null for gates' },
    group_id: { sql: OF_GATE(`CASE WHEN ${IS_PASS} THEN 'True' ELSE 'False' END`, '"group_id"') },
  };
  const columns = statsigExportColumns.exposures.map(({ name, type, comment }): ViewColumn => {
    const { sql, comment: own = comment } = known[name] ?? {
      sql: `CAST(NULL AS ${SQL_TYPES[type]})`,
      comment: `${comment}: ${UNKNOWN}`,
    };
    return { name, type, sql, comment: own };
  });
  return {
    name: 'statsig_first_exposures',
    comment: "first_exposures in the columns of Statsig's own export of exposures",
    columns,
    sql: `SELECT
${selectList(columns)}
FROM ${qualifiedName(config, 'first_exposures')}`,
    prunesByDay: false,
  };
}
