import type { UtcDay } from '../time/utcDay.ts';

/** Folder of all that was refused. */
export const QUARANTINE_FOLDER = 'quarantine/';

/**
 * Key of what one request was refused: `quarantine/YYYY-MM-DD/<digest>.ndjson`.
 *
 * `digest` must depend only on what was refused, so that a resend writes the same object once more
 * instead of a second one.
 */
export function quarantineKey(day: UtcDay, digest: string): string {
  return `${QUARANTINE_FOLDER}${day}/${digest}.ndjson`;
}
