import { type ConfigProblem, unexpected } from '../../schema/ConfigProblem.ts';
import type { Config } from '../../schema/config.ts';
import { forwardedKinds, tableKinds } from '../../schema/kinds.ts';
import { GROUPS_TABLE } from '../../tables/groupsTable.ts';
import { RESERVED_VIEW_COLUMNS, viewNames } from '../../views/viewNames.ts';

/**
 * The name in `user.customIDs` that a unit ID was meant to be, without the path to it; null for the user's own ID,
 * which is not among them.
 */
function meantUnitId(unitId: string): string | null {
  const name = unitId.trim().replace(/^(?:user\.)?(?:customIDs|custom_ids)\./i, '');
  return /^(?:user\.)?user_?id$/i.test(name) ? null : name;
}

/** Names of tables and columns that collide with views. */
export function viewProblems({ tables, curatedTables, unitIds }: Config): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const named = [
    ...tableKinds.map((kind) => [`tables.${kind}`, tables[kind]] as const),
    ...forwardedKinds.map((kind) => [`curatedTables.${kind}`, curatedTables[kind]] as const),
  ];
  for (const [field, table] of named) {
    if (viewNames.some((view) => view === table)) {
      problems.push(unexpected(field, table, 'another name than a view has'));
    }
    if (table === GROUPS_TABLE) {
      problems.push(unexpected(field, GROUPS_TABLE, 'another name: this is the table of groups'));
    }
  }
  for (const [unitId, column] of Object.entries(unitIds)) {
    const name = meantUnitId(unitId);
    if (name !== unitId) {
      const expected =
        name === null
          ? 'no such unit ID: user_id has the userID, which is not a custom ID'
          : `the name ${name}, as it is in user.customIDs`;
      problems.push(unexpected(`unitIds.${unitId}`, column, expected));
    }
    if (RESERVED_VIEW_COLUMNS.has(column)) {
      problems.push(unexpected(`unitIds.${unitId}`, column, "a column that the views don't have already"));
    }
  }
  return problems;
}
