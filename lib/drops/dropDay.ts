import type { DayFormat } from '../config/sourcesSchema.ts';
import { isUtcDay, type UtcDay } from '../time/utcDay.ts';

const PREFIX: Readonly<Record<DayFormat, string>> = {
  'YYYY-MM-DD': '',
  YYYYMMDD: '',
  'ds=YYYY-MM-DD': 'ds=',
  'dt=YYYY-MM-DD': 'dt=',
};

/** Name of a day's folder, without slashes: `20261119`. */
export function dropDayFolder(day: UtcDay, format: DayFormat): string {
  return `${PREFIX[format]}${format === 'YYYYMMDD' ? day.replaceAll('-', '') : day}`;
}

/** The day that a folder is named after; null for what names none: `2026-02-30`, `latest`. */
export function dropDay(folder: string, format: DayFormat): UtcDay | null {
  const prefix = PREFIX[format];
  if (!folder.startsWith(prefix)) return null;
  const text = folder.slice(prefix.length);
  const day = format === 'YYYYMMDD' ? text.replace(/^(\d{4})(\d{2})(\d{2})$/, '$1-$2-$3') : text;
  return isUtcDay(day) && dropDayFolder(day, format) === folder ? day : null;
}
