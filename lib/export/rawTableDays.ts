import type { Config } from '../schema/config.ts';

/**
 * Days after which files of a raw table's day begin to expire: the oldest files came up to `futureDays` before the day.
 *
 * @param table Its name.
 * @returns Null if they never expire; undefined of a table that is not raw.
 */
export function rawTableDays(
  {
    tables,
    retention,
    timeWindow,
  }: Pick<Config, 'tables' | 'timeWindow'> & {
    readonly retention: Pick<Config['retention'], 'forwardedDays' | 'quarantineDays'>;
  },
  table: string,
): number | null | undefined {
  const { forwardedDays, quarantineDays } = retention;
  if (table === tables.quarantine) return quarantineDays;
  if (table !== tables.exposures && table !== tables.events) return undefined;
  return forwardedDays === null ? null : forwardedDays - timeWindow.futureDays;
}
