import { qualifiedName } from '../base/sql.ts';
import { partitionKey } from '../tables/sharedColumns.ts';
import { experimentColumns, unitId, unitTypeColumn, unitTypes } from './unitTypes.ts';
import { passThrough, selectList, type View, type ViewColumn, type ViewConfig } from './View.ts';

/** The columns of the view. */
const columns: readonly ViewColumn[] = [
  ...experimentColumns,
  {
    name: 'group_id',
    type: 'string',
    comment: 'The group: rule ID; for gates <rule ID>:Pass or <rule ID>:Fail',
    sql: '"group_id"',
  },
  {
    name: 'group_name',
    type: 'string',
    comment: 'Name of the group; null until names are resolved',
    sql: 'max("group_name")',
  },
  unitTypeColumn,
  {
    name: 'units',
    type: 'bigint',
    comment: 'Units of that type exposed on the day; days do not add up',
    sql: 'count(DISTINCT "unit_id")',
  },
  {
    name: 'exposures',
    type: 'bigint',
    comment: 'Their exposures on the day, each once',
    sql: 'count(*)',
  },
  {
    name: 'first_ts',
    type: 'timestamp',
    comment: 'Time of the first, UTC',
    sql: 'min("timestamp")',
  },
  {
    name: 'last_ts',
    type: 'timestamp',
    comment: 'Time of the last, UTC',
    sql: 'max("timestamp")',
  },
  passThrough(partitionKey),
];

/** Units and exposures of every group by day: what is charted first, and shows a split that is off. */
export function dailyExposures(config: ViewConfig): View {
  return {
    name: 'daily_exposures',
    comment: 'Units and exposures of each group by day, in production, counted by each type of unit',
    columns,
    sql: `SELECT
${selectList(columns)}
FROM (
  SELECT
    "experiment_id",
    "exposure_type" = 'gate' AS "is_gate",
    "group_id",
    "group_name",
    "held_out",
    "unit_type",
    ${unitId(config)} AS "unit_id",
    "timestamp",
    "ds"
  FROM ${qualifiedName(config, 'experiment_exposures')}
  CROSS JOIN ${unitTypes(config)}
) AS "exposures"
WHERE "unit_id" IS NOT NULL AND NOT "held_out"
GROUP BY "experiment_id", "is_gate", "group_id", "unit_type", "ds"`,
  };
}
