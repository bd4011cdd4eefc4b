import { counted, listed, MOST_NAMED, someOf } from '../../../../lib/base/text.ts';
import { isoTimestamp } from '../../../../lib/base/time.ts';
import { MOST_COMMANDS } from '../../../deploymentCommands.ts';
import { type DatasetDays, type DropDay, loadedAt } from '../../../facts/days/dropDays.ts';
import type { Unusual, UnusualPart } from '../../../facts/days/drops/unusualDays.ts';
import { type CaseOf, finding } from '../../catalogue.ts';
import { sinceOf } from '../days/dayTexts.ts';
import type { Findings } from '../place.ts';
import { type CommandDays, commandDays, otherDays } from '../texts.ts';
import type { Dataset } from './dataset.ts';

/** `2026-11-20, 30 of 40 rows of 1 file, loaded at 2026-11-20T08:15:00.123Z,`; of a day without a version the day alone. */
function loadedText(loaded: DropDay): string {
  const { day, rows, loadedFiles } = loaded;
  const time = loadedAt(loaded);
  if (time === null) return day;
  return `${day}, ${someOf(rows.out, rows.in, 'row')} of ${counted(loadedFiles, 'file')}, loaded at ${isoTimestamp(time)},`;
}

/** A day that is not as those before it. */
type UnusualDay = DropDay & { readonly unusual: Unusual };
/** Why it is told: a case of the finding. */
type UnusualCase = CaseOf<'SLUICE_FINDING_ROWS_UNUSUAL'>;

/**
 * Days that are not as those before them: a finding for each case, which tells its newest day first. A day that differs in
 * several points is of the case of the first.
 */
export function* unusualDays({ days }: DatasetDays, dataset: Dataset): Findings {
  const unusual = days.filter((day): day is UnusualDay => day.unusual !== null).toReversed();
  for (const [unusualCase, alike] of Map.groupBy(unusual, caseOf)) {
    const [newest] = alike;
    if (newest === undefined) continue;
    const ofCommands = unusualCommandDays(unusualCase, alike, dataset);
    yield finding(
      'SLUICE_FINDING_ROWS_UNUSUAL',
      {
        case: unusualCase,
        title: unusualTitle(dataset.name, newest, alike.length),
        since: sinceOf(alike.map(loadedAt)) ?? newest.day,
        detail: `${unusualDetail(dataset.name, newest, alike)}${ofCommands.left}`,
      },
      unusualCommands(unusualCase, alike, ofCommands, dataset),
    );
  }
}

/** The case of an unusual day. */
function caseOf({ unusual, empty, leftOut }: UnusualDay): UnusualCase {
  if (empty === null) return unusual.parts[0].kind;
  return leftOut.count > 0 ? 'leftOut' : 'empty';
}

/** The point that a title tells: the rows of a day that came without any, else the first, of which its case is. */
function toldPart({ unusual, empty }: UnusualDay): UnusualPart {
  const [first] = unusual.parts;
  return empty === null ? first : (unusual.parts.find(({ kind }) => kind === 'rows') ?? first);
}

/** Tells the newest day of a case in few words. @param count Days of the case. */
function unusualTitle(name: string, newest: UnusualDay, count: number): string {
  const others = newest.unusual.parts.length - 1;
  const otherPoints = others === 0 ? '' : `, and differs in ${counted(others, 'other point')}`;
  return `${name}: ${loadedText(newest)} ${toldPart(newest).short}${otherPoints}${otherDays(count)}`;
}

/** Tells the days of a case, the newest with all that is known. */
function unusualDetail(name: string, newest: UnusualDay, alike: readonly UnusualDay[]): string {
  const earlier = alike.slice(1).map(({ day, unusual }) => `${day} ${unusual.words}`);
  const earlierText = earlier.length === 0 ? '' : `; ${listed(earlier, '; ')}`;
  return `${name}: ${loadedText(newest)} ${newest.unusual.words}${earlierText}.`;
}

/** Days whose words a detail tells: the newest, and those that {@link listed} names. */
const MOST_TOLD = 1 + MOST_NAMED;

/** The days that the commands of a case are of. */
function unusualCommandDays(
  unusualCase: UnusualCase,
  alike: readonly UnusualDay[],
  { status }: Dataset,
): CommandDays {
  const days = alike.map(({ day }) => day);
  // Days with files that were left out are only explained. Of the others nobody accepts a day whose words are not told.
  const most = unusualCase === 'leftOut' ? MOST_COMMANDS : MOST_TOLD;
  return commandDays(days, status(days.at(-1)), days.slice(0, most));
}

/** What explains the days of a case, and ends it. */
function unusualCommands(
  unusualCase: UnusualCase,
  alike: readonly UnusualDay[],
  { ranges }: CommandDays,
  { explain, backfill, accept }: Dataset,
): readonly string[] {
  const explained = alike.slice(0, MOST_COMMANDS).map(({ day }) => explain(day));
  if (unusualCase === 'leftOut') return explained;
  const what = unusualCase === 'empty' ? 'empty' : 'keep';
  const accepts = ranges.map(({ from, to }) => accept(what, from, to));
  // A corrected mapping applies to days that are loaded again.
  const isOfMapping = unusualCase === 'values' || unusualCase === 'mapping';
  const backfills = isOfMapping ? ranges.map(({ from, to }) => backfill(from, to)) : [];
  return [...explained, ...backfills, ...accepts];
}

/** One finding for all days with objects that are not loaded, which tells the newest. */
export function* leftOutFiles({ days }: DatasetDays, { name, explain }: Dataset): Findings {
  const leftOut = days.filter((day) => day.leftOut.count > 0).toReversed();
  const [newest] = leftOut;
  if (newest === undefined) return;
  const loaded = `${name}: ${loadedText(newest)}`;
  const others = otherDays(leftOut.length);
  yield finding(
    'SLUICE_FINDING_FILES_LEFT_OUT',
    {
      title: `${loaded} left out ${counted(newest.leftOut.count, 'object')}${others}`,
      since: sinceOf(leftOut.map(loadedAt)) ?? newest.day,
      detail: `${loaded} ${newest.leftOut.words}${others}.`,
    },
    leftOut.slice(0, MOST_COMMANDS).map(({ day }) => explain(day)),
  );
}
