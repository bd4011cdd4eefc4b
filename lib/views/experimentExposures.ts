import { quoteName } from '../base/sql.ts';
import { exposuresTable } from '../tables/exposuresTable.ts';
import type { Column } from '../tables/Table.ts';
import { GROUP_NAME, groupedExposures, heldOutColumn, namesClause, withRealNames } from './assignments.ts';
import type { DayRange } from './curatedDays.ts';
import { oneRowEach } from './curatedRows.ts';
import { userDetailColumns } from './userDetailColumns.ts';
import { passThrough, type View, type ViewColumn, type ViewConfig } from './View.ts';

/** Columns that have the same value in every row, because of the view's conditions. */
const CONSTANT: ReadonlySet<string> = new Set(['environment', 'is_assignment']);

/**
 * Exposures of production that put a unit in a group, or whose unit a known holdout kept out, one row each.
 *
 * Held-out rows have `held_out` and no group, so that they do not count for any group.
 *
 * @param curated Days that are read from the curated table.
 */
export function experimentExposures(config: ViewConfig, curated: readonly DayRange[] = []): View {
  const table = exposuresTable(config);
  const columns = [
    ...table.columns.filter(({ name }) => !CONSTANT.has(name)).flatMap(shownColumns),
    ...userDetailColumns('user_dimensions'),
    passThrough(table.partitionKey),
  ];
  return {
    name: 'experiment_exposures',
    comment:
      'Exposures that put a unit in a group or were held out of one, in production, one row each: resends are gone',
    columns,
    sql: `${namesClause(config)}${oneRowEach(config, {
      kind: 'exposures',
      curated,
      key: 'real_id',
      columns,
      choose: (from) => groupedExposures(config, withRealNames(from)),
    })}`,
  };
}

/** A held-out unit is in no group: the rule of its row belongs to the holdout. */
function shownColumns(column: Column): readonly ViewColumn[] {
  if (column.name === 'experiment_id') return [{ ...column, sql: '"real_id"' }];
  if (column.name === 'allocated_experiment')
    return [{ ...column, sql: 'CASE WHEN "allocated_experiment" IS NOT NULL THEN "real_id" END' }];
  if (column.name === 'group_name') return [groupOnly(column, GROUP_NAME), heldOutColumn];
  return [column.name === 'group_id' ? groupOnly(column, quoteName(column.name)) : passThrough(column)];
}

/** A column that is null of held-out units, which are in no group. */
function groupOnly(column: Column, sql: string): ViewColumn {
  return { ...column, sql: `CASE WHEN NOT "held_out" THEN ${sql} END` };
}
