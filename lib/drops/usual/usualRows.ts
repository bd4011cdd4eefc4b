import { counted, numbered } from '../../base/text.ts';
import { addDays, type UtcDay } from '../../base/time.ts';
import type { FileFate, LedgerEntry, RowSpread } from '../../ledger/LedgerEntry.ts';
import { isWeekend, weekday } from './daysBefore.ts';

/** Weeks before a day that are compared with it. */
export const WEEKS = 4;
/** From this number of days of one weekday on, only these are compared. */
const ENOUGH = 3;
/** The fewest days that can show what is usual, because a first day is often not whole. */
const FEWEST_COMPARED = 2;
/** Times of the usual rows above which a day is unusual. */
const MANY_TIMES = 5;
/** Rows above the usual ones that are many: fewer are chance, where few are usual. */
const MANY_ROWS = 10;

/** Fewest days whose rows say how far apart days are: any ten days in a row have a whole week. */
const FEWEST_NEAR = 10;
/** Fewest rows of each of these days: fewer differ by chance. */
const FEWEST_ROWS = 100;
/**
 * A day is far from these days if it is below them by more than so many times the difference of their most and least
 * rows.
 */
const FAR_SPREADS = 2;
/**
 * A far day also has at most so much of the least rows. No day is far because it has more: four weeks hold no day of
 * the month before, so that each first of a month on which somebody bills would be told.
 */
const FAR_SHARE = 0.75;
/** What {@link FAR_SHARE} is of a smaller `unusualShare`, which is set where days differ. */
const FAR_OF_UNUSUAL = 1.5;

/** The days whose rows say what is usual for a day. */
export function weeksBefore(day: UtcDay): readonly UtcDay[] {
  return Array.from({ length: WEEKS * 7 }, (_, i) => addDays(day, -1 - i));
}

/** The reason of a file in the ledger that was read and has no rows. */
export const NO_ROWS = 'no_rows';

/** Whether a file of an entry belongs to the drop: the folder object of a console does not. */
export const isOfDrop = ({ reason }: FileFate): boolean => reason !== 'marker';

/**
 * What a day that came without rows has, in words: `1 file, 0 rows`. Null of any other day, and of one that a person
 * accepted.
 */
export function emptyWords({
  state,
  files,
  accepted,
}: Pick<LedgerEntry, 'state' | 'files' | 'accepted'>): string | null {
  // The folder object of a console is no file.
  const isRead = files.some(isOfDrop) && files.every(({ fate }) => fate === 'left_out');
  if (state !== 'succeeded_no_data' || accepted === true || !isRead) return null;
  const read = files.filter(({ reason }) => reason === NO_ROWS).length;
  return read === 0 ? '0 rows' : `${counted(read, 'file')}, 0 rows`;
}

/** Whether a day came without rows, and its weekday usually has some. */
export function lacksRows(entry: Pick<LedgerEntry, 'state' | 'files' | 'accepted' | 'usualRows'>): boolean {
  return emptyWords(entry) !== null && (entry.usualRows ?? 0) > 0;
}

/** What is compared of the entry of a day. */
type ComparedEntry = Pick<
  LedgerEntry,
  'day' | 'state' | 'rows' | 'missingSince' | 'files' | 'accepted' | 'usualRows' | 'usualSpread'
>;

/**
 * The median of the rows of loaded days, those included that came without rows: of the same weekday, or while there are
 * fewer than {@link ENOUGH} of those, of all working days or all weekends. Null while it is not known.
 *
 * @param entries Of some of {@link weeksBefore}.
 */
export function usualRows(day: UtcDay, entries: readonly ComparedEntry[]): number | null {
  const counting = entries.filter(saysWhatIsUsual);
  const ofWeekday = counting.filter((entry) => weekday(entry.day) === weekday(day));
  const ofWeekPart = counting.filter((entry) => isWeekend(entry.day) === isWeekend(day));
  const compared = ofWeekday.length >= ENOUGH ? ofWeekday : ofWeekPart;
  if (compared.length < FEWEST_COMPARED) return null;
  const rows = compared.map((entry) => entry.rows.out).sort((a, b) => a - b);
  // Of an even number of days, the mean of the two in the middle.
  const low = rows[Math.ceil(rows.length / 2) - 1];
  const high = rows[Math.floor(rows.length / 2)];
  if (low === undefined || high === undefined) throw new RangeError('No days are compared.');
  return Math.round((low + high) / 2);
}

/**
 * How far apart the rows of loaded days are: of all working days or all weekends, or while there are fewer than {@link
 * FEWEST_NEAR} of those, of all days. Days that were far from others themselves count only once a person accepted them:
 * an outage of two days is told of both. Null while it is not known.
 *
 * @param entries Of some of {@link weeksBefore}.
 */
export function usualSpread(day: UtcDay, entries: readonly ComparedEntry[]): RowSpread | null {
  const counting = entries.filter((entry) => saysWhatIsUsual(entry) && farWords(entry, FAR_SHARE) === null);
  const ofWeekPart = counting.filter((entry) => isWeekend(entry.day) === isWeekend(day));
  const compared = ofWeekPart.length >= FEWEST_NEAR ? ofWeekPart : counting;
  if (compared.length < FEWEST_NEAR || ofWeekPart.length < FEWEST_COMPARED) return null;
  const rows = compared.map((entry) => entry.rows.out);
  return { days: compared.length, least: Math.min(...rows), most: Math.max(...rows) };
}

/**
 * How far a day is below days that are near each other, in words; null if it is not far, or a person accepted it.
 *
 * @param share The largest part of their least rows that is far.
 */
function farWords(
  { rows: { out }, accepted, usualSpread: spread }: Pick<LedgerEntry, 'rows' | 'accepted' | 'usualSpread'>,
  share: number,
): string | null {
  if (spread === undefined || accepted === true) return null;
  const { days, least, most } = spread;
  const far = FAR_SPREADS * (most - least);
  const isFar = out <= least * share && out < least - far;
  if (least < FEWEST_ROWS || !isFar) return null;
  return `has ${numbered(out)} rows, where ${days} days before had ${numbered(least)} to ${numbered(most)}`;
}

/** Whether the rows of a day say what is usual: it is loaded or came without rows, and does not lack some. */
function saysWhatIsUsual(entry: ComparedEntry): boolean {
  if (entry.state === 'succeeded') return entry.missingSince === undefined;
  return emptyWords(entry) !== null && !lacksRows(entry);
}

/**
 * Says how far a loaded day is from its usual rows, or below days that are near each other; null if it is not far, or a
 * person accepted it.
 *
 * @param share `unusualShare`.
 */
export function unusualWords(
  entry: Pick<LedgerEntry, 'state' | 'files' | 'rows' | 'usualRows' | 'usualSpread' | 'accepted'>,
  share: number,
): string | null {
  const { state, rows, usualRows: usual, accepted } = entry;
  const empty = emptyWords(entry);
  if (state !== 'succeeded' && empty === null) return null;
  if (usual === undefined || usual === 0 || accepted === true || share === 0) return null;
  const areMany = rows.out > usual * MANY_TIMES && rows.out >= usual + MANY_ROWS;
  if (rows.out > usual * share && !areMany)
    return farWords(entry, Math.min(FAR_SHARE, FAR_OF_UNUSUAL * share));
  const has = empty ?? `${numbered(rows.out)} rows`;
  return `has ${has}, where ${numbered(usual)} are usual`;
}
