import { encodeLines } from '../../../lib/landing/store/encodeLines.ts';
import type { TableKind } from '../../../lib/schema/kinds.ts';
import { rowsOfRecord } from '../../harness/rowsOfRecord.ts';

const DAY = '2026-11-20';

/** Key of an object of the landing. */
export function landedKey(name: string | number): string {
  return `landing/2026/11/20/10/${name}.ndjson.gz`;
}

/** An object of the landing: one record with rows. */
export function landedRows(kind: TableKind, ...rows: readonly object[]): Buffer {
  return Buffer.from(
    encodeLines({ [kind]: rows.map((row) => ({ day: DAY, json: JSON.stringify(row) })) }) ?? [],
  );
}

/** An object of the landing with an event of each user. */
export function landedUsers(...users: readonly string[]): Buffer {
  return landedRows('events', ...users.map((user_id) => ({ user_id })));
}

/** The users of such an object. */
export function usersIn(body: Uint8Array | undefined): readonly unknown[] {
  return rowsOfRecord(body ?? Buffer.of()).map(({ row }) => row['user_id']);
}
