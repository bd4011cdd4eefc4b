/**
 * Names a new version of a day: `20261120T081500123Z-1f6c09ab`. Names sort by time, and no two loads have the same, so
 * that none ever writes into a folder which another wrote or queries read.
 *
 * @param now Epoch milliseconds.
 * @param random Answers a number from 0 to below 1.
 */
export function versionName(now: number, random: () => number): string {
  const time = new Date(now).toISOString().replace(/[-:.]/g, '');
  const tail = Math.floor(random() * 2 ** 32);
  return `${time}-${tail.toString(16).padStart(8, '0')}`;
}

/** When a version was named, epoch milliseconds; null for a name that {@link versionName} did not make. */
export function versionTime(version: string): number | null {
  const time = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{3})Z-[0-9a-f]{8}$/.exec(version);
  if (time === null) return null;
  const [, year, month, day, hour, minute, second, ms] = time;
  const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`);
  return Number.isNaN(at) ? null : at;
}
