import { DAY_MS, localDay, type UtcDay } from '../../../base/time.ts';
import type { Ledger } from '../../../ledger/Ledger.ts';
import type { Dataset } from '../../../schema/sources.ts';
import type { LastListings } from '../lastListings.ts';
import type { PlanPorts } from '../planDataset.ts';
import { wasInLookback } from './arrival.ts';
import { type DueDay, firstDay, nextDue, reportedDays } from './dueDays.ts';
import type { FirstExpected, LateNote } from './lateNotes.ts';
import type { LateTurnPorts, SourceDataset } from './lateTurns.ts';

/** The ports of {@link firstExpected}. */
export interface FirstExpectedPorts extends Pick<PlanPorts, 'clock'> {
  /** What is known of each day. */
  readonly ledger: Pick<Ledger, 'read'>;
  /** Lists a dataset's days in the ledger, of which the first that came is found. */
  readonly looks: Pick<LastListings, 'entries'>;
}

/**
 * The day from which drops are expected, once some days are known to have come.
 *
 * @param first The day as it was known before.
 */
export function earlierFirst(first: FirstExpected, came: readonly UtcDay[]): FirstExpected {
  const [earliest] = came.toSorted();
  const isEarlier = earliest !== undefined && (!first.hasCome || earliest < first.day);
  return isEarlier ? { day: earliest, hasCome: true } : first;
}

/**
 * Milliseconds after the last look after which its note of the first day that came is not believed any more. As long as
 * the dataset is configured, there is a look each hour, which may end out of time.
 */
const FORGOTTEN_MS = 2 * DAY_MS;

/**
 * The day from which drops are expected, as the last look knew it, or the day of the first look.
 *
 * @param before The note of the last look for late drops; null if there is none.
 * @param now Epoch milliseconds.
 */
export function expectedFrom(dataset: Dataset, before: LateNote | null, now: number): FirstExpected {
  // The note of a dataset that was away for days is not used: the ledger knows which days have come lately. Of one of which
  // none has come nothing else knows since when drops are expected.
  const lookedAt = Math.max(before?.at ?? 0, before?.triedAt ?? 0);
  const isForgotten = before?.first?.hasCome === true && now - lookedAt > FORGOTTEN_MS;
  return (
    (isForgotten ? undefined : before?.first) ?? { day: localDay(now, dataset.timezone), hasCome: false }
  );
}

/**
 * The first day that is expected of a dataset of which none is known to have come; null if that day is due, without
 * `expectedBy`, and of a dataset of which a day has come.
 *
 * @param before The note of the last look for late drops.
 * @param now Epoch milliseconds.
 */
export function firstToCome(dataset: Dataset, before: LateNote | null, now: number): DueDay | null {
  const first = expectedFrom(dataset, before, now);
  const next = first.hasCome ? null : nextDue(dataset, first.day);
  return next === null || next.due <= now ? null : next;
}

/**
 * Whether the first day that is expected of a dataset is not due: {@link firstToCome}. False while the note of the last
 * look cannot be read.
 */
export async function isToBegin(
  { lateNotes, clock }: Pick<LateTurnPorts, 'lateNotes' | 'clock'>,
  { source, dataset }: SourceDataset,
): Promise<boolean> {
  if (dataset.expectedBy === undefined) return false;
  // The look for late drops reports such a note.
  const note = await lateNotes.read(source.name, dataset.name).catch(() => undefined);
  return note !== undefined && firstToCome(dataset, note, clock.now()) !== null;
}

/**
 * The day from which drops are expected, as the ledger knows it: reads the entries of days, oldest first, until one has
 * come.
 */
export async function firstExpected(
  { looks, ledger, clock }: FirstExpectedPorts,
  { source, dataset }: SourceDataset,
  before: LateNote | null,
): Promise<FirstExpected> {
  const first = expectedFrom(dataset, before, clock.now());
  if (first.hasCome) return first;
  const entries = await looks.entries(source.name, dataset.name);
  const since = firstDay(dataset, clock.now(), reportedDays(dataset));
  const days = [...entries].flatMap(([day, { modifiedAt }]) =>
    day >= since && day >= firstDay(dataset, modifiedAt) ? [day] : [],
  );
  for (const day of days.sort()) {
    const entry = await ledger.read({ source: source.name, dataset: dataset.name, day });
    if (wasInLookback(dataset, day, entry)) return { day, hasCome: true };
  }
  return first;
}
