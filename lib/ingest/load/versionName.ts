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
