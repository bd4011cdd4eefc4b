import { quoteName, quoteText } from '../base/sql.ts';
import type { Config } from '../schema/config.ts';
import { GROUP_NAME, groupedExposures } from './assignments.ts';
import { experimentColumns, unitColumnNames, unitTypeColumn } from './unitTypes.ts';
import { qualifiedName, selectList, type View, type ViewColumn } from './View.ts';

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
    comment: 'UTC day of ts. A filter on it reads all days: which exposure was first, only all of them tell',
    sql: 'CAST("group_ts" AS date)',
  },
  {
    name: 'groups_seen',
    type: 'bigint',
    comment: 'Groups it was ever exposed to: more than 1 is a crossover, which analyses leave out',
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
 * It has no `ds`: which exposure is the first can only be told from all of them, so no filter on a day could spare a
 * file, and one that looked as if it did would cost as much as none. Filter on `experiment_id`, `is_gate` and
 * `unit_type`, which are applied while files are read; for a period, group `experiment_exposures` by hand.
 *
 * A query for each unit type: a filter on one, as every analysis has it, leaves the others out, their columns unread.
 * Unfiltered it reads the few columns that they share once for each.
 *
 * Read from the table, not from experiment_exposures: a minimum is the same with resends and without, and to look for
 * them costs most of what that view costs. Groups come first, then the first of them: counting distinct groups and
 * min_by both keep something for each of millions of units that an engine short of memory can't put aside, where it
 * can sort (bench/views.bench.ts). Groups seen first in the same millisecond are ordered by their IDs, so that the
 * answer is one.
 *
 * Exposures that a known holdout kept out of the experiment are one more group while the first is looked for, and then
 * left out: a unit that was never in a group has no row.
 */
export function firstExposures(config: Config): View {
  return {
    name: 'first_exposures',
    comment:
      'First exposure of each unit to each experiment, in production: its group, when, and groups seen',
    columns,
    sql: unitColumnNames(config)
      .map((unit) => firstExposuresOfUnit(config, unit))
      .join('\nUNION ALL\n'),
    prunesByDay: false,
  };
}

function firstExposuresOfUnit(config: Config, unit: string): string {
  const selected = columns.map((column) =>
    column.name === unitTypeColumn.name ? { ...column, sql: quoteText(unit) } : column,
  );
  const { from, where } = groupedExposures(config, qualifiedName(config, config.tables.exposures));
  const ofUnit = 'PARTITION BY "experiment_id", "is_gate", "unit_id"';
  return `SELECT
${selectList(selected)}
FROM (
  SELECT
    *,
    row_number() OVER (${ofUnit} ORDER BY "held_out", "group_ts", "group_id") AS "place",
    count(CASE WHEN NOT "held_out" THEN 1 END) OVER (${ofUnit}) AS "groups_seen",
    bool_or("held_out") OVER (${ofUnit}) AS "ever_held_out"
  FROM (
    SELECT
      "experiment_id",
      "exposure_type" = 'gate' AS "is_gate",
      ${quoteName(unit)} AS "unit_id",
      "held_out",
      "group_id",
      max(${GROUP_NAME}) AS "group_name",
      min("timestamp") AS "group_ts"
    FROM ${from}
    WHERE ${[...where, `${quoteName(unit)} IS NOT NULL`].join(' AND ')}
    GROUP BY 1, 2, 3, 4, 5
  ) AS "groups"
) AS "placed"
WHERE "place" = 1 AND NOT "held_out"`;
}
