import type { Config } from '../schema/config.ts';
import { forwardedKinds, tableKinds } from '../schema/kinds.ts';
import { RESERVED_WORDS, SQL_NAME } from '../schema/names.ts';
import { RESERVED_COLUMNS } from '../tables/deliveredTables.ts';
import { GROUPS_TABLE } from '../tables/groupsTable.ts';
import { parseJsonPath } from '../views/jsonPath.ts';
import { RESERVED_VIEW_COLUMNS, viewNames } from '../views/viewNames.ts';

/** The name in `user.customIDs` that was meant, without the path to it; null for the user's own ID, which is not there. */
function meantUnitId(unitId: string): string | null {
  const name = unitId.trim().replace(/^(?:user\.)?(?:customIDs|custom_ids)\./i, '');
  return /^(?:user\.)?user_?id$/i.test(name) ? null : name;
}

/** Names of tables and columns that collide with views, and invalid paths. */
export function viewProblems({ tables, curatedTables, unitIds, jsonPaths }: Config): string[] {
  const problems: string[] = [];
  const named = [
    ...tableKinds.map((kind) => [`tables.${kind}`, tables[kind]] as const),
    ...forwardedKinds.map((kind) => [`curatedTables.${kind}`, curatedTables[kind]] as const),
  ];
  for (const [field, table] of named) {
    if (viewNames.some((view) => view === table)) {
      problems.push(`${field}: got "${table}", expected another name than a view has.`);
    }
    if (table === GROUPS_TABLE) {
      problems.push(`${field}: got "${GROUPS_TABLE}", expected another name: this is the table of groups.`);
    }
  }
  for (const [unitId, column] of Object.entries(unitIds)) {
    const name = meantUnitId(unitId);
    if (name !== unitId) {
      const expected =
        name === null
          ? 'no such unit ID: user_id has the userID, which is not a custom ID'
          : `the name ${name}, as it is in user.customIDs`;
      problems.push(`unitIds.${unitId}: got ${JSON.stringify(column)}, expected ${expected}.`);
    }
    if (RESERVED_VIEW_COLUMNS.has(column)) {
      problems.push(
        `unitIds.${unitId}: got "${column}", expected a column that the views don't have already.`,
      );
    }
  }
  const unitColumns = new Set(Object.values(unitIds));
  for (const [column, path] of Object.entries(jsonPaths)) {
    if (!SQL_NAME.test(column)) {
      problems.push(
        `jsonPaths.${column}: expected a column's name before the path: lower-case letters, digits and _, at most 255.`,
      );
    } else if (RESERVED_WORDS.has(column)) {
      problems.push(`jsonPaths.${column}: expected a column that is not a reserved word of SQL.`);
    } else if (RESERVED_COLUMNS.has(column) || RESERVED_VIEW_COLUMNS.has(column) || unitColumns.has(column)) {
      problems.push(`jsonPaths.${column}: expected a column that tables and views don't have already.`);
    }
    const parsed = parseJsonPath(path);
    if (parsed === null) {
      problems.push(
        `jsonPaths.${column}: got ${JSON.stringify(path)}, expected a path such as user.custom.plan: user, metadata or statsigMetadata, then keys of letters, digits, _ and -, none of them a number.`,
      );
    } else if (parsed.keys.includes('privateAttributes')) {
      problems.push(
        `jsonPaths.${column}: got ${JSON.stringify(path)}, expected another path: private attributes are taken out of every event.`,
      );
    }
  }
  return problems;
}
