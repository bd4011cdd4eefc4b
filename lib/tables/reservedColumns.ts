import { eventsColumns } from './eventsTable.ts';
import { exposuresColumns } from './exposuresTable.ts';
import { partitionKey } from './partitionKey.ts';

/** Every column name that the forwarded tables have before any unit ID is configured. */
export const RESERVED_COLUMNS: ReadonlySet<string> = new Set([
  ...[exposuresColumns, eventsColumns].flatMap(({ before, after }) =>
    [...before, ...after].map(({ name }) => name),
  ),
  partitionKey.name,
]);
