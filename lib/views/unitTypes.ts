import { quoteName, quoteText } from '../base/sql.ts';
import type { Config } from '../schema/config.ts';
import { unitColumns, unitIdColumns } from '../tables/sharedColumns.ts';
import type { ViewColumn } from './View.ts';

/** The columns that hold unit IDs: Statsig's own two and the configured ones. */
export function unitColumnNames(config: Pick<Config, 'unitIds'>): string[] {
  return [...unitColumns, ...unitIdColumns(config)].map(({ name }) => name);
}

/**
 * A row for each unit type, to be joined with CROSS JOIN: an exposure doesn't say which of its IDs the experiment
 * randomises, so units are counted by every type, and the reader selects one. Where most of the work is
 * the same for all types, one scan serves them.
 */
export function unitTypes(config: Pick<Config, 'unitIds'>): string {
  const values = unitColumnNames(config).map((name) => `(${quoteText(name)})`);
  return `(VALUES ${values.join(', ')}) AS "unit_types" ("unit_type")`;
}

/** The ID of the row's unit type, which {@link unitTypes} has joined. */
export function unitId(config: Pick<Config, 'unitIds'>): string {
  const cases = unitColumnNames(config).map((name) => `WHEN ${quoteText(name)} THEN ${quoteName(name)}`);
  return `CASE "unit_type" ${cases.join(' ')} END`;
}

/** Columns that identify an experiment, in every view that counts units. */
export const experimentColumns: readonly ViewColumn[] = [
  {
    name: 'experiment_id',
    type: 'string',
    comment: 'Name of the gate, experiment or config; for a layer its allocated experiment',
    sql: '"experiment_id"',
  },
  {
    name: 'is_gate',
    type: 'boolean',
    comment: 'Whether that is a gate: a gate and an experiment may have the same name',
    sql: '"is_gate"',
  },
];

/** The column of views that go by unit: a person has a row for each of their IDs. */
export const unitTypeColumn: ViewColumn = {
  name: 'unit_type',
  type: 'string',
  comment:
    'Which ID the unit goes by: user_id, stable_id or the column of a configured unit ID; filter on one',
  sql: '"unit_type"',
};
