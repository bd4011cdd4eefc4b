import { counted, listed } from '../../../../lib/base/text.ts';
import { addDays, isoTimestamp, type UtcDay, utcDay } from '../../../../lib/base/time.ts';
import type { DropDay } from '../../../facts/days/dropDays.ts';
import type { Failing, LackingDay } from '../../../facts/days/ledgerDays.ts';
import type { SharedPart, StatusFacts } from '../../../facts/statusFacts.ts';
import { type CaseOf, finding, type Told } from '../../catalogue.ts';
import { refusalsIn } from '../failures.ts';
import type { Findings, Judged, Place } from '../place.ts';
import { commandDays } from '../texts.ts';

/** Days that failed for one reason. */
interface FailedDays {
  /** Code of the failure, of which a later version may have more than this one knows. */
  readonly code: string;
  /** Whether other files have come since, which are loaded next. */
  readonly isReplaced: boolean;
  /** The days, the newest first. */
  readonly days: readonly UtcDay[];
  /** The cause of the failure of the newest day with its details; null if the ledger has none. */
  readonly message: string | null;
  /** What the finding says of them, but for the cause. */
  readonly told: Told;
}

/**
 * Days that failed, those of one reason together, the latest first.
 *
 * @param name What the days are of, as the finding says.
 * @param verb What could not be done with them: `loaded`.
 */
export function failedDays(
  { name, verb }: Readonly<Record<'name' | 'verb', string>>,
  days: readonly Pick<DropDay, 'day' | 'failure' | 'failureMessage' | 'failing'>[],
): readonly FailedDays[] {
  const all = days.filter(({ failing }) => failing !== null).toReversed();
  const reasons = Map.groupBy(all, ({ failure, failing }) => `${failure} ${failing?.replaced !== undefined}`);
  return [...reasons.values()].flatMap((failed): readonly FailedDays[] => {
    const [newest] = failed;
    if (newest === undefined) return [];
    const code = newest.failure ?? 'failed';
    const isReplaced = newest.failing?.replaced !== undefined;
    const texts = failed.map((other) => failingText(other.day, code, other.failing));
    const ofRows = refusalsIn(newest.failureMessage).map(({ reason, place }) => `${reason} ${place}`.trim());
    const why = ofRows.length === 0 ? '' : ` (${listed(ofRows)})`;
    const told = {
      title: `${counted(failed.length, 'day')} of ${name} could not be ${verb}, the newest ${newest.day} with ${code}${why}`,
      since: sinceOf(failed.map((other) => other.failing?.since)),
      detail: `${name}: ${listed(texts, '; ')}.`,
    };
    const message = newest.failureMessage;
    return [{ code, message, isReplaced, days: failed.map(({ day }) => day), told }];
  });
}

/** The earliest of times, ISO 8601; null without any. @param times Epoch milliseconds. */
export function sinceOf(times: readonly (number | null | undefined)[]): string | null {
  const known = times.filter((time) => typeof time === 'number');
  return known.length === 0 ? null : isoTimestamp(Math.min(...known));
}

/** `2026-11-18 SLUICE_INGEST_…, since …, last tried …`, or since when it waits for the next try. */
function failingText(day: string, code: string, failing: Failing | null): string {
  const { since = 0, last = since, replaced } = failing ?? {};
  if (replaced !== undefined)
    return `${day} ${code} until other files came at ${isoTimestamp(replaced)}, which are loaded next`;
  const what = failing?.waits ? 'next try waits since' : 'last tried';
  return `${day} ${code}, since ${isoTimestamp(since)}, ${what} ${isoTimestamp(last)}`;
}

/** Days of a table whose version lacks files. */
interface LackingDays {
  /** What the days are of, as the finding says. */
  readonly name: string;
  /** Name of the table. */
  readonly table: string;
  /** The parts whose answers show it. */
  readonly judgedBy: readonly SharedPart[];
  /** The days, oldest first. */
  readonly lacking: readonly LackingDay[];
  /** The command that makes days again. */
  readonly again: (from: UtcDay, to: UtcDay) => string;
  /** The command that shows all days from one on. */
  readonly all: (from: UtcDay | undefined) => string;
}

/** Days whose version lacks files, a finding for each reason. Archived files are there: another finding tells of them. */
export function* lostFilesOf(
  { name, table, judgedBy, lacking, again, all }: LackingDays,
  archivedDays: StatusFacts['archivedDays'],
  { commands, isUnrestorable, deletedAt }: Pick<Place, 'commands' | 'isUnrestorable' | 'deletedAt'>,
): Findings {
  const isArchived = ({ day }: LackingDay) =>
    archivedDays?.days.some((archived) => archived.table === table && archived.day === day) === true;
  const lost = lacking.filter((day) => !isArchived(day));
  for (const [reason, ofReason] of Map.groupBy(lost, lostCase)) {
    const days = ofReason.map(({ day }) => day);
    // A lack is noticed some time after the files were deleted.
    const dated = ofReason.map(({ day, since }) => ({ day, since: deletedAt(table, day) ?? since }));
    const texts = dated.toReversed().map(({ day, since }) => `${day} since ${isoTimestamp(since)}`);
    const { ranges, left } = commandDays(days, all(days[0]));
    const cures =
      reason === 'versions' ? commands.restore(table, days) : ranges.map(({ from, to }) => again(from, to));
    const lack = days.length === 1 ? 'lacks files of its version' : 'lack files of their versions';
    const until = archivedDays?.unlookedUntil ?? null;
    const isUnlooked = until !== null && days.some((day) => day <= until);
    const unlooked = isUnlooked ? ` ${unlookedText(until)}` : '';
    yield finding(
      'SLUICE_FINDING_FILES_LOST',
      {
        case: reason,
        title: `${counted(days.length, 'day')} of ${name} ${lack}, the newest ${days.at(-1)}`,
        judgedBy,
        since: sinceOf(dated.map(({ since }) => since)),
        detail: `${name}: ${listed(texts, '; ')}.${unlooked}${left}`,
      },
      cures,
    );
  }

  function lostCase({ day, isOnly }: LackingDay): CaseOf<'SLUICE_FINDING_FILES_LOST'> {
    if (!isOnly) return 'again';
    return isUnrestorable(table, day) ? 'gone' : 'versions';
  }
}

/** Says of which days nobody has looked for archived files. @param until The last of them. */
export function unlookedText(until: string): string {
  return `Of days until ${until} nobody has looked whether files are archived: those that are look as if they were deleted. Run no command that accepts their loss.`;
}

/** The last day on which S3 has the versions of files that were last there at a time. */
export function versionsUntil({ retention }: Judged['config'], lastThere: number): string {
  return addDays(utcDay(lastThere), retention.dataVersionDays);
}

/** Names the exports that keep copies of a day's files; empty if none does. */
export function copiesText(exports: StatusFacts['exports'], exportedTable: string, day: string): string {
  return (exports ?? [])
    .filter(({ table }) => table === exportedTable)
    .map((tableExport) => {
      const { kept = 0 } = tableExport.days.find((other) => other.day === day) ?? {};
      return kept === 0 ? '' : `; the export ${tableExport.export} keeps ${counted(kept, 'copy', 'copies')}`;
    })
    .join('');
}
