import { quoteName, quoteText } from '../base/sql.ts';
import { GROUP_NAME, groupedExposures, namesClause, withRealNames } from './assignments.ts';
import type { DayRange } from './curatedDays.ts';
import { allRows } from './curatedRows.ts';
import { experimentColumns, unitColumnNames, unitTypeColumn } from './unitTypes.ts';
import { selectList, type View, type ViewColumn, type ViewConfig } from './View.ts';

/** The columns of the view. */
const columns: readonly ViewColumn[] = [
  ...experimentColumns,
  unitTypeColumn,
  { name: 'unit_id', type: 'string', comment: 'The unit; never null', sql: '"unit_id"' },
  {
    name: 'group_id',
    type: 'string',
    comment: 'Group of its first exposure: the rule ID; for gates <rule ID>:Pass or <rule ID>:Fail',
    sql: '"group_id"',
  },
  {
    name: 'group_name',
    type: 'string',
    comment: 'Name of that group; null until names are resolved',
    sql: '"group_name"',
  },
  { name: 'ts', type: 'timestamp', comment: 'When it was first exposed, UTC', sql: '"group_ts"' },
  {
    name: 'first_day',
    type: 'date',
    comment: 'UTC day of ts; a filter on it still reads all days',
    sql: 'CAST("group_ts" AS date)',
  },
  {
    name: 'groups_seen',
    type: 'bigint',
    comment: 'Groups it was ever exposed to: more than 1 is a crossover',
    sql: '"groups_seen"',
  },
  {
    name: 'held_out',
    type: 'boolean',
    comment: 'Whether a known holdout kept the unit out at another time, as when a holdout is added half-way',
    sql: '"ever_held_out"',
  },
];

/**
 * The first exposure of every unit to every experiment.
 *
 * It has no `ds`: finding the first exposure needs all of them, so a filter on a day could not save any file. Filter on
 * `experiment_id`, `is_gate` and `unit_type`, which are applied while files are read. For a period, group
 * `experiment_exposures` instead.
 *
 * There is one query for each unit type. A filter on one type, as in every analysis, removes the other queries, so that
 * their columns are not read. Without a filter, the few shared columns are read once for each type.
 *
 * It reads the table, not experiment_exposures: a minimum is the same with resends, and searching for them is most of
 * the cost of that view. It groups first and then selects the first group: counting distinct groups and min_by both keep
 * state for millions of units that an engine cannot spill, whereas it can spill a sort. Groups
 * first seen in the same millisecond are ordered by their IDs, so that the result is unique.
 *
 * Held-out exposures count as one more group while the first is searched, and are then removed: a unit that was never in
 * a group has no row.
 *
 * @param curated Days that are read from the curated table.
 */
export function firstExposures(config: ViewConfig, curated: readonly DayRange[] = []): View {
  const from = withRealNames(allRows(config, 'exposures', curated));
  return {
    name: 'first_exposures',
    comment:
      'First exposure of each unit to each experiment, in production: its group, when, and groups seen',
    columns,
    sql: `${namesClause(config)}${unitColumnNames(config)
      .map((unit) => firstExposuresOfUnit(config, { unit, from }))
      .join('\nUNION ALL\n')}`,
  };
}

/** SQL of the first exposures of one unit type. */
function firstExposuresOfUnit(
  config: ViewConfig,
  { unit, from }: { readonly unit: string; readonly from: string },
): string {
  const selected = columns.map((column) =>
    column.name === unitTypeColumn.name ? { ...column, sql: quoteText(unit) } : column,
  );
  return `SELECT
${selectList(selected)}
FROM ${placedGroups(config, quoteName(unit), from)} AS "placed"
WHERE "place" = 1 AND NOT "held_out"`;
}

/**
 * A source with a row for each unit and each group that it saw: `experiment_id`, `is_gate`, `unit_id`, `held_out`,
 * `group_id`, `group_name`, `group_ts`. Its first group has `place` 1; `groups_seen` and `ever_held_out` are the unit's.
 *
 * @param unit SQL of the unit, over the columns of the exposures.
 * @param exposures A source of exposures {@link withRealNames}.
 */
function placedGroups(config: ViewConfig, unit: string, exposures: string): string {
  const { from, where } = groupedExposures(config, exposures);
  const ofUnit = 'PARTITION BY "experiment_id", "is_gate", "unit_id"';
  const conditions = [...where, `${unit} IS NOT NULL`].join(' AND ');
  return `(
  SELECT
    *,
    row_number() OVER (${ofUnit} ORDER BY "held_out", "group_ts", "group_id") AS "place",
    count(CASE WHEN NOT "held_out" THEN 1 END) OVER (${ofUnit}) AS "groups_seen",
    bool_or("held_out") OVER (${ofUnit}) AS "ever_held_out"
  FROM (
    SELECT
      "real_id" AS "experiment_id",
      "exposure_type" = 'gate' AS "is_gate",
      ${unit} AS "unit_id",
      "held_out",
      "group_id",
      max(${GROUP_NAME}) AS "group_name",
      min("timestamp") AS "group_ts"
    FROM ${from}
    WHERE ${conditions}
    GROUP BY 1, 2, 3, 4, 5
  ) AS "groups"
)`;
}
