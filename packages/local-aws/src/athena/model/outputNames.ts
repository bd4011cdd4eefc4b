import type { StatementKind } from '../engine/StatementRunner.ts';

/** Statements that write rows elsewhere and leave only the list of what they wrote. */
const WRITING = new Set(['CREATE_TABLE_AS_SELECT', 'INSERT', 'UNLOAD']);

/**
 * The location of the object that a statement's result goes to: a CSV file of a query, text of everything else.
 * A statement that writes rows has none: its manifest and its metadata lie at this name with a suffix.
 * https://docs.aws.amazon.com/athena/latest/ug/querying-finding-output-files.html
 *
 * @param folder With a slash at its end, e.g. `s3://bucket/prefix/`.
 */
export function outputLocation(folder: string, id: string, kind: StatementKind): string {
  if (kind.substatementType === 'CREATE_TABLE_AS_SELECT') return `${folder}tables/${id}`;
  if (WRITING.has(kind.substatementType)) return `${folder}${id}`;
  return `${folder}${id}.${kind.statementType === 'DML' ? 'csv' : 'txt'}`;
}
