import { createHash } from 'node:crypto';
import type { Config } from '../schema/config.ts';
import type { ForwardedKind } from '../schema/kinds.ts';
import { forwardedTables } from '../tables/deliveredTables.ts';
import { eventsColumns } from '../tables/eventsTable.ts';
import { exposuresColumns } from '../tables/exposuresTable.ts';
import { partitionKey } from '../tables/sharedColumns.ts';
import { type Column, distinctColumns, type Table } from '../tables/Table.ts';
import { valueNumber } from '../views/productEvents.ts';
import { userDetails } from '../views/userDetailColumns.ts';

/** A curated table: a row an event, in the columns of the forwarded table. */
export interface CuratedTable extends Table {
  /** The kind of the forwarded table that it is made of. */
  readonly kind: ForwardedKind;
  /** The column with the name of the experiment or event. Rows are sorted by it, then by time. */
  readonly key: 'experiment_id' | 'event_name';
  /**
   * SQL of a name that all copies of an event share. A layer's experiment may have landed hashed and, once its name was
   * known, by name.
   */
  readonly shared: string;
  /** The columns of the forwarded table, unchanged. */
  readonly raw: readonly Column[];
}

/** Facts about the copies of a row's event. The last columns of every curated table. */
export const copyColumns = [
  {
    name: 'copies',
    type: 'bigint',
    comment: 'How often the event was received on this day: 1, or more with resends',
  },
  {
    name: 'copies_differ',
    type: 'boolean',
    comment: 'Whether its copies differ in more than the sender; then each has a row',
  },
  {
    name: 'copy',
    type: 'bigint',
    comment: 'Which copy the row is, from 1; filter on 1 for one row an event',
  },
] as const;

// A name that is there twice, here or in a view, does not compile. For names of the configuration
// lib/config/problems/viewProblems.ts checks that.
distinctColumns([...exposuresColumns.before, ...exposuresColumns.after, ...userDetails, ...copyColumns]);
distinctColumns([
  ...eventsColumns.before,
  ...eventsColumns.after,
  valueNumber,
  ...userDetails,
  ...copyColumns,
]);

/** The settings from which curated tables follow. */
export type CuratedTablesConfig = Pick<Config, 'tables' | 'curatedTables' | 'unitIds'>;

/** Both curated tables of a configuration. */
export function curatedTables(config: CuratedTablesConfig): Record<ForwardedKind, CuratedTable> {
  const raw = forwardedTables(config);
  const table = (
    kind: ForwardedKind,
    { key, shared }: Pick<CuratedTable, 'key' | 'shared'>,
    plural: string,
  ): CuratedTable => ({
    kind,
    name: config.curatedTables[kind],
    comment: `${plural}, one row each without resends, sorted; days that are over, rewritten by Sluice`,
    key,
    shared,
    raw: raw[kind].columns,
    columns: [...raw[kind].columns, ...copyColumns],
    partitionKey,
  });
  const experiment = {
    key: 'experiment_id',
    shared: `CASE WHEN "exposure_type" = 'layer' THEN "layer_id" ELSE "experiment_id" END`,
  } as const;
  const name = { key: 'event_name', shared: '"event_name"' } as const;
  return {
    exposures: table('exposures', experiment, 'Exposures'),
    events: table('events', name, 'Events'),
  };
}

/** Counts changes of what curating does with the same columns. A change makes every day be curated again. */
const REVISION = 1;

/**
 * The shape of a curated table: a digest of its columns. Days of another shape are not in the list
 * that views read, and are curated again.
 */
export function curatedShape({ key, columns }: CuratedTable): string {
  const described = [REVISION, key, columns.map(({ name, type }) => [name, type])];
  return createHash('sha256').update(JSON.stringify(described)).digest('hex').slice(0, 16);
}
