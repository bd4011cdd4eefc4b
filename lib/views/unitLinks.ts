import { quoteName, quoteText } from '../base/sql.ts';
import { forwardedKinds } from '../schema/kinds.ts';
import type { CuratedDays } from './curatedDays.ts';
import { nothingCurated } from './curatedDays.ts';
import { allRows } from './curatedRows.ts';
import { unitColumnNames, unitId, unitTypeColumn } from './unitTypes.ts';
import { productionOnly, selectList, type View, type ViewColumn, type ViewConfig } from './View.ts';

const columns: readonly ViewColumn[] = [
  unitTypeColumn,
  { name: 'unit_id', type: 'string', comment: 'The unit; never null', sql: '"unit_id"' },
  {
    name: 'other_type',
    type: 'string',
    comment: 'Type of the other ID that was seen with it; filter on one',
    sql: '"other_type"',
  },
  { name: 'other_id', type: 'string', comment: 'That other ID; never null', sql: '"other_id"' },
  {
    name: 'first_seen',
    type: 'timestamp',
    comment: 'When they were first seen together, UTC',
    sql: 'min("first_time")',
  },
  { name: 'last_seen', type: 'timestamp', comment: 'When they were last, UTC', sql: 'max("last_time")' },
  {
    name: 'days_seen',
    type: 'bigint',
    comment: 'UTC days on which they were',
    sql: 'count(DISTINCT "ds")',
  },
  {
    name: 'other_ids',
    type: 'bigint',
    comment: 'Other IDs of other_type that the unit was seen with: more than 1 is a conflict',
    sql: 'count(*) OVER (PARTITION BY "unit_type", "unit_id", "other_type")',
  },
  {
    name: 'unit_ids',
    type: 'bigint',
    comment: 'Units of unit_type that the other ID was seen with: more than 1 is a conflict',
    sql: 'count(*) OVER (PARTITION BY "unit_type", "other_type", "other_id")',
  },
];

/** Columns by which links are found: a row has each pair of different unit types, in both directions. */
const GROUPED = ['unit_type', 'unit_id', 'other_type', 'other_id'];

/**
 * Which IDs were seen together in one exposure or event of production: an experiment on `stable_id` is joined with purchases
 * on `user_id` through it.
 *
 * It has no `ds`, because a link is one of all days. IDs are reduced to one row for each day before they are paired, so
 * that each file is read once, and only its few columns of IDs. Resends change nothing: days are counted, not rows.
 *
 * @param curated Days that are read from the curated tables. Default none.
 */
export function unitLinks(config: ViewConfig, curated: CuratedDays = nothingCurated): View {
  const units = unitColumnNames(config);
  const ids = units.map(quoteName).join(', ');
  const seen = forwardedKinds.map(
    (kind) =>
      `SELECT ${ids}, "ds", "timestamp" FROM ${allRows(config, kind, curated[kind])} WHERE ${productionOnly}`,
  );
  const pairs = units.flatMap((unit) =>
    units.filter((other) => other !== unit).map((other) => `(${quoteText(unit)}, ${quoteText(other)})`),
  );
  const day = `SELECT ${ids}, "ds", min("timestamp") AS "first_time", max("timestamp") AS "last_time"
    FROM (${seen.join(' UNION ALL ')}) AS "seen"
    GROUP BY ${ids}, "ds"`;
  return {
    name: 'unit_links',
    comment: 'IDs of units that were seen together in production: first, last, and with how many others',
    columns,
    sql: `SELECT
${selectList(columns)}
FROM (
  SELECT "unit_type", ${unitId(config)} AS "unit_id", "other_type", ${unitId(config, 'other_type')} AS "other_id", "ds", "first_time", "last_time"
  FROM (${day}) AS "days"
  CROSS JOIN (VALUES ${pairs.join(', ')}) AS "pairs" ("unit_type", "other_type")
) AS "linked"
WHERE "unit_id" IS NOT NULL AND "other_id" IS NOT NULL
GROUP BY ${GROUPED.map(quoteName).join(', ')}`,
    prunesByDay: false,
  };
}
