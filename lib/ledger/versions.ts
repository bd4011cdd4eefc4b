import { compactTime, DAY_MS, parseCompactTime } from '../base/time.ts';

/** Milliseconds that a replaced version is kept for queries that started before. */
export const VERSION_KEPT_MS = DAY_MS;

/**
 * Name of a new version of a day: `20261120T081500123Z-1f6c09ab`. Names sort by time and are unique to a load, so that no
 * load writes to a folder of another, or to one that queries read.
 *
 * @param now Epoch milliseconds.
 * @param random Answers a number from 0 to below 1.
 */
export function versionName(now: number, random: () => number): string {
  const tail = Math.floor(random() * 2 ** 32);
  return `${compactTime(now)}-${tail.toString(16).padStart(8, '0')}`;
}

/** Time of a version's name, epoch milliseconds; null for a name that is not from {@link versionName}. */
export function versionTime(version: string): number | null {
  const [, time = ''] = /^(.*)-[0-9a-f]{8}$/.exec(version) ?? [];
  return parseCompactTime(time);
}
