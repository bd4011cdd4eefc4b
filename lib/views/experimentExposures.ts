import type { Config } from '../config/configSchema.ts';
import { exposuresTable } from '../tables/exposuresTable.ts';
import { oneOfEach } from './oneOfEach.ts';
import { productionOnly } from './productionOnly.ts';
import { passed, selectList } from './selectList.ts';
import { sourceName } from './sourceName.ts';
import { userDetailColumns } from './userDetailColumns.ts';
import type { View } from './View.ts';

/** What the view's conditions make the same in every row. */
const CONSTANT: ReadonlySet<string> = new Set(['environment', 'is_assignment']);

/** Exposures that put somebody in a group, in production, one row each. */
export function experimentExposures(config: Config): View {
  const table = exposuresTable(config);
  const columns = [
    ...table.columns.filter(({ name }) => !CONSTANT.has(name)).map(passed),
    ...userDetailColumns(config, {
      user: 'user_dimensions',
      statsigMetadata: 'statsig_metadata',
      // An exposure's metadata says what was evaluated, and the table has columns for that.
      metadata: null,
    }),
    passed(table.partitionKey),
  ];
  const rows = oneOfEach({
    from: sourceName(config, table.name),
    key: 'experiment_id',
    where: [productionOnly, '"is_assignment"'],
  });
  return {
    name: 'experiment_exposures',
    comment: 'Exposures that put a unit in a group, in production, one row each: resends are gone',
    columns,
    sql: `SELECT\n${selectList(columns)}\nFROM ${rows} AS "exposures"\nWHERE "copy" = 1`,
    prunesByDay: true,
  };
}
