/**
 * Folders at the bucket's top that have a use of their own. The Statsig folder can't be in one of them: a
 * table's location would lie in another's, and what expires or is redriven there would be its rows.
 */
export const RESERVED_FOLDERS: ReadonlySet<string> = new Set([
  'errors',
  'ledger',
  'overflow',
  'parked',
  'quarantine',
  'quarantine-large',
  'query-results',
  'reader-tables',
]);
