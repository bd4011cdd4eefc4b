import type { LedgerState } from '../../../lib/ledger/LedgerEntry.ts';
import type { CalendarDay } from '../../../observe/ingest/calendar.ts';
import { formatCount, formatNoun } from './format.ts';

/** The mark of a day without files. */
export const NO_FILES = '·';

/** The mark of each state in the calendar, the same as in `sluice ingest status`. */
export const DATASET_MARKS: Readonly<
  Record<LedgerState | 'late', { readonly mark: string; readonly tone: string; readonly word: string }>
> = {
  succeeded: { mark: '✓', tone: 'good', word: 'done' },
  succeeded_no_data: { mark: '–', tone: 'plain', word: 'no data' },
  failed: { mark: '✗', tone: 'bad', word: 'failed' },
  loading: { mark: '»', tone: 'accent', word: 'in progress' },
  waiting: { mark: '…', tone: 'accent', word: 'waiting' },
  late: { mark: '!', tone: 'bad', word: 'late' },
};

/** The color of a day; done days with refused rows or left out objects are a warning. */
export function dayTone(day: CalendarDay | undefined): string {
  if (day === undefined) return 'none';
  if (day.lateSince !== null) return DATASET_MARKS.late.tone;
  if (day.state === null) return 'none';
  const isPartial = day.state === 'succeeded' && day.rows.refused + day.leftOut > 0;
  return isPartial ? 'warning' : DATASET_MARKS[day.state].tone;
}

/** A day in a few words, for the title of its link. */
export function dayWords(day: CalendarDay | undefined): string {
  if (day === undefined || (day.state === null && day.lateSince === null)) return 'no files';
  if (day.lateSince !== null || day.state === null) return 'late';
  const { rows, leftOut, failure, files } = day;
  const parts = [
    DATASET_MARKS[day.state].word,
    ...(failure === null ? [] : [failure]),
    ...(rows.in > 0 ? [formatNoun(rows.out, 'row')] : [formatNoun(files, 'file')]),
    ...(rows.refused > 0 ? [`${formatCount(rows.refused)} refused`] : []),
    ...(leftOut > 0 ? [`${formatNoun(leftOut, 'object')} left out`] : []),
  ];
  return parts.join(', ');
}
