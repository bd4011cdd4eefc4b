import type { UtcDay } from '../time/utcDay.ts';

/** Folder of what was refused and is too large for a row. Not below the quarantine table's: Athena would read it. */
export const QUARANTINE_LARGE_FOLDER = 'quarantine-large/';

/**
 * Key of one event or body that is too large for a row: `quarantine-large/YYYY-MM-DD/<id>`, the day received.
 *
 * @param id Its row's `quarantine_id`: a resend on the same day writes the same object once more.
 */
export function quarantineLargeKey(day: UtcDay, id: string): string {
  return `${QUARANTINE_LARGE_FOLDER}${day}/${id}`;
}
