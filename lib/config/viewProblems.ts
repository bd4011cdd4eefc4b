import { tableKinds } from '../tables/deliveredTables.ts';
import { GROUPS_TABLE } from '../tables/groupsTable.ts';
import { RESERVED_COLUMNS } from '../tables/reservedColumns.ts';
import { parseJsonPath } from '../views/jsonPath.ts';
import { RESERVED_VIEW_COLUMNS } from '../views/reservedViewColumns.ts';
import { viewNames } from '../views/views.ts';
import type { Config } from './configSchema.ts';
import { SQL_NAME } from './sqlName.ts';

/** What can't be beside the views: their names, their columns', and paths that are none. */
export function viewProblems({ tables, unitIds, jsonPaths }: Config): string[] {
  const problems: string[] = [];
  for (const kind of tableKinds) {
    const name = viewNames.find((view) => view === tables[kind]);
    if (name !== undefined) {
      problems.push(`tables.${kind}: came "${name}", expected another name than a view has.`);
    }
    if (tables[kind] === GROUPS_TABLE) {
      problems.push(`tables.${kind}: came "${GROUPS_TABLE}", expected another name than that of the groups.`);
    }
  }
  for (const [unitId, column] of Object.entries(unitIds)) {
    if (RESERVED_VIEW_COLUMNS.has(column)) {
      problems.push(
        `unitIds.${unitId}: came "${column}", expected a column that the views don't have already.`,
      );
    }
  }
  const unitColumns = new Set(Object.values(unitIds));
  for (const [column, path] of Object.entries(jsonPaths)) {
    if (!SQL_NAME.test(column)) {
      problems.push(
        `jsonPaths.${column}: expected a column's name before the path: lower-case letters, digits and _, at most 255.`,
      );
    } else if (RESERVED_COLUMNS.has(column) || RESERVED_VIEW_COLUMNS.has(column) || unitColumns.has(column)) {
      problems.push(`jsonPaths.${column}: expected a column that tables and views don't have already.`);
    }
    if (parseJsonPath(path) === null) {
      problems.push(
        `jsonPaths.${column}: came ${JSON.stringify(path)}, expected a path such as user.custom.plan: user, metadata or statsigMetadata, then keys of letters, digits, _ and -, none of them a number.`,
      );
    }
  }
  return problems;
}
