import { counted, listed } from '../../../lib/base/text.ts';
import { addDays, isoTimestamp, utcDay } from '../../../lib/base/time.ts';
import { dayRanges } from '../../../lib/views/curatedDays.ts';
import { MOST_COMMANDS } from '../../deploymentCommands.ts';
import type { DatasetDays, DropDay, Failing, LackingDay } from '../../facts/days/ledgerDays.ts';
import type { SharedPart, StatusFacts } from '../../facts/statusFacts.ts';
import { type CaseOf, type Finding, finding, type Told } from '../catalogue.ts';
import type { Findings, Judged, Place } from './place.ts';

/**
 * Days that failed, the latest first.
 *
 * @param found Makes the finding.
 * @param name What the days are of, as the finding says. @param verb What could not be done with them: `loaded`.
 * @param needs Which role needs what, as a sentence with a space before it; empty if no call was denied.
 * @param shown Commands that show a day's failure.
 * @param again A command that loads days before the lookback: no run tries them again by itself.
 */
export function* failedDays(
  found: (told: Told, commands: readonly string[]) => Finding,
  { name, verb, needs }: Readonly<Record<'name' | 'verb' | 'needs', string>>,
  {
    days,
    firstDay,
  }: Pick<DatasetDays, 'firstDay'> & {
    readonly days: readonly Pick<DropDay, 'day' | 'failure' | 'failing'>[];
  },
  shown: (day: string) => readonly string[],
  again: (from: string, to: string) => string,
): Findings {
  const failed = days.filter(({ failing }) => failing !== null).toReversed();
  if (failed.length === 0) return;
  const texts = failed.map(({ day, failure, failing }) => failingText(day, failure ?? 'failed', failing));
  const left = failed.map(({ day }) => day).filter((day) => day < firstDay);
  const all = [
    ...failed.slice(0, MOST_COMMANDS).flatMap(({ day }) => shown(day)),
    ...dayRanges(left).map(({ from, to }) => again(from, to)),
  ];
  const [newest] = failed;
  const title = `${counted(failed.length, 'day')} of ${name} could not be ${verb}, the newest ${newest?.day} with ${newest?.failure ?? 'failed'}`;
  const told = { title, since: sinceOf(failed.map(({ failing }) => failing?.since)) };
  yield found({ ...told, detail: `${name}: ${listed(texts, '; ')}.${needs}` }, [...new Set(all)]);
}

/** The earliest of times, ISO 8601; null without any. @param times Epoch milliseconds. */
export function sinceOf(times: readonly (number | null | undefined)[]): string | null {
  const known = times.filter((time) => typeof time === 'number');
  return known.length === 0 ? null : isoTimestamp(Math.min(...known));
}

/** `2026-11-18 SLUICE_INGEST_…, since …, last tried …`, or since when it waits for the next try. */
export function failingText(day: string, code: string, failing: Failing | null): string {
  const { since = 0, last = since, replaced } = failing ?? {};
  if (replaced !== undefined)
    return `${day} ${code} until other files came at ${isoTimestamp(replaced)}, which are loaded next`;
  const what = failing?.waits ? 'next try waits since' : 'last tried';
  return `${day} ${code}, since ${isoTimestamp(since)}, ${what} ${isoTimestamp(last)}`;
}

/** Days whose version lacks files, a finding for each reason. @param again A command that makes days again. */
export function* lostFilesOf(
  { commands, archivedDays, isGone }: Pick<Place, 'commands' | 'isGone'> & Pick<StatusFacts, 'archivedDays'>,
  {
    name,
    table,
    judgedBy,
  }: { readonly name: string; readonly table: string; readonly judgedBy: readonly SharedPart[] },
  lacking: readonly LackingDay[],
  again: (from: string, to: string) => string,
): Findings {
  for (const [reason, ofReason] of Map.groupBy(lacking, lostCase)) {
    const days = ofReason.map(({ day }) => day);
    const texts = ofReason.toReversed().map(({ day, since }) => `${day} since ${isoTimestamp(since)}`);
    const isMadeAgain = reason === 'again' || reason === 'archived' || reason === 'gone';
    const madeAgain = isMadeAgain ? dayRanges(days).map(({ from, to }) => again(from, to)) : [];
    // The finding ARCHIVED has the commands of archived files.
    const restored = reason === 'versions' ? commands.restore(table, days) : [];
    const cures = [...madeAgain, ...restored];
    const verb = days.length === 1 ? 'lacks' : 'lack';
    const until = archivedDays?.unlookedUntil ?? null;
    const isUnlooked = until !== null && !reason.startsWith('archived') && days.some((day) => day <= until);
    const unlooked = isUnlooked ? ` ${unlookedText(until)}` : '';
    yield finding(
      'SLUICE_FINDING_FILES_LOST',
      {
        case: reason,
        title: `${counted(days.length, 'day')} of ${name} ${verb} files of its version, the newest ${days.at(-1)}`,
        judgedBy,
        since: sinceOf(ofReason.map(({ since }) => since)),
        detail: `${name}: ${listed(texts, '; ')}.${unlooked}`,
      },
      cures.slice(0, MOST_COMMANDS),
    );
  }

  /** An archived file is there, whatever S3 has of other versions. */
  function lostCase({ day, isOnly }: LackingDay): CaseOf<'SLUICE_FINDING_FILES_LOST'> {
    const isArchived = archivedDays?.days.some(
      (archived) => archived.table === table && archived.day === day,
    );
    if (isArchived === true) return isOnly ? 'archivedOnly' : 'archived';
    if (!isOnly) return 'again';
    return isGone(table, day) ? 'gone' : 'versions';
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
