import { sum } from '../../base/sum.ts';
import { listed, numbered, quotedName, someOf } from '../../base/text.ts';
import type { UtcDay } from '../../base/time.ts';
import type { DayContent } from '../../ledger/DayContent.ts';
import type { LedgerEntry } from '../../ledger/LedgerEntry.ts';
import type { MappedRows, RowContent } from '../engine/mappedRows.ts';
import { ZERO } from '../engine/valueForms.ts';
import { type DayBefore, isUsual } from './daysBefore.ts';
import { type Copy, unusualCopies } from './fileCopies.ts';
import { sharedRows, unusualShared } from './sharedRows.ts';
import { staleRows } from './staleRows.ts';
import { rowsOf, spreadOf, unusualDays } from './unusualDays.ts';
import { keptField, unusualField } from './unusualField.ts';
import { unusualHours } from './unusualHours.ts';
import { judgeNames } from './unusualNames.ts';

// Whether what the rows of a day hold can be right, by the days before it.

/**
 * What the rows of a day hold, and what of it is not as before. What was usual of a field or a column stays so until a
 * person accepts a day that has something else.
 *
 * @param before The last loaded days before it, seven at most, the newest first.
 * @param copies Files of the day that are those of another day.
 */
export function judgeContent(
  {
    rows: { out },
    content: { rows, fields, days, hours, digests, repeats, sample, names },
  }: Pick<MappedRows, 'rows' | 'content'>,
  before: readonly DayBefore[],
  copies: readonly Copy[],
  {
    day: folderDay,
    today,
  }: {
    /** The day of the folder. */
    readonly day: UtcDay;
    /** The day on which it is loaded, in the dataset's time zone. */
    readonly today: UtcDay;
  },
): DayContent {
  const entries = Object.entries(fields);
  const kept = entries.map(([field, content]) => [field, keptField(field, content, rows)] as const);
  const isOver = folderDay < today;
  const unusual = isOver ? unusualHours(hours, out, folderDay, before) : [];
  const copied = unusualCopies(copies, before);
  // Files that are told to be those of another day have its rows: that is not told again.
  if (copied.length === 0) unusual.push(...staleRows(digests, out, before));
  for (const [field, content] of entries) {
    const difference = unusualField(field, content, rows, before);
    if (difference !== null) unusual.push({ kind: 'values', field, ...difference });
  }
  const shared = sharedRows(sample, out);
  const spread = spreadOf(days, folderDay, today);
  unusual.push(
    ...unusualDays(spread, { out, isOver }, before),
    ...copied,
    ...unusualRepeats(repeats, out, before),
    ...unusualShared(shared, before),
  );
  const { metricValue } = fields;
  const areAllZero = metricValue !== undefined && metricValue.forms[ZERO] === rows - metricValue.none;
  const judgedNames = judgeNames(names, { out, areAllZero }, before);
  unusual.push(...judgedNames.unusual);
  return {
    rows,
    fields: Object.fromEntries(kept),
    otherDays: rowsOf(spread.others),
    daysToCome: rowsOf(spread.toCome),
    neighbourDays: rowsOf(spread.neighbours),
    hours,
    ...(digests.length === 0 ? {} : { digests }),
    copies: copies.length,
    repeats: Object.keys(repeats).length,
    shared: shared.rows,
    names: judgedNames.kept,
    unusual,
  };
}

/** Rows that are equal to others of their file, where days before had none. @param out Accepted rows of the day. */
function unusualRepeats(
  repeats: RowContent['repeats'],
  out: number,
  before: readonly DayBefore[],
): DayContent['unusual'] {
  const repeated = Object.entries(repeats).sort(([, a], [, b]) => b.rows - a.rows);
  const hasRepeats = ({ repeats: known }: DayContent) => (known === undefined ? undefined : known > 0);
  if (repeated.length === 0 || isUsual(before, hasRepeats)) return [];
  const texts = repeated.map(([key, { rows }]) => `${key} (${numbered(rows)})`);
  const all = sum(repeated.map(([, { rows }]) => rows));
  const words = `${someOf(all, out, 'row')} equal to others of their file: ${listed(texts)}`;
  return [{ kind: 'repeats', words }];
}

/** What of an entry says whether its rows are as before. */
type JudgedDay = Pick<LedgerEntry, 'state' | 'content' | 'accepted'>;

/** What of a loaded day's rows is not as before; nothing if a person accepted it. */
export function unusualContent({ state, content, accepted }: JudgedDay): DayContent['unusual'] {
  return state === 'succeeded' && accepted !== true ? (content?.unusual ?? []) : [];
}

/** {@link unusualContent} in words; null if nothing is not as before. */
export function contentWords(day: JudgedDay): string | null {
  const unusual = unusualContent(day);
  if (unusual.length === 0) return null;
  const texts = unusual.map(({ words, values = [] }) =>
    values.length === 0 ? words : `${words}; for example ${values.map(quotedName).join(', ')}`,
  );
  return `has other values than the days before: ${listed(texts, '. ')}`;
}
