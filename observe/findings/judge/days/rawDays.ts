import { sum } from '../../../../lib/base/sum.ts';
import { counted, listed, someOf } from '../../../../lib/base/text.ts';
import { addDays, isoTimestamp, type UtcDay } from '../../../../lib/base/time.ts';
import { type ForwardedKind, forwardedKinds } from '../../../../lib/schema/kinds.ts';
import { MOST_COMMANDS } from '../../../deploymentCommands.ts';
import { landingFolders } from '../../../facts/days/files/restorableDays.ts';
import type { StatusFacts, UnreadPart } from '../../../facts/statusFacts.ts';
import type { LostRawDay } from '../../../facts/tables/partitionGaps.ts';
import { type CaseOf, finding } from '../../catalogue.ts';
import type { Findings, Place } from '../place.ts';
import { copiesText, sinceOf, versionsUntil } from './dayTexts.ts';

/** A raw table with lost days. */
interface LostTable {
  /** Where the rows of these days still are. */
  readonly name: CaseOf<'SLUICE_FINDING_DAYS_LOST'>;
  /** Name of the table in the catalog. */
  readonly table: string;
  readonly kind: ForwardedKind;
}

/** Days of raw tables that lost files: a finding for each table and place that still has their rows. */
export function* lostDays(facts: StatusFacts, place: Place): Findings {
  for (const kind of forwardedKinds) yield* lostDaysOfTable(facts, place, kind);
}

/** The days of a raw table that lack files. */
function* lostDaysOfTable(facts: StatusFacts, place: Place, kind: ForwardedKind): Findings {
  const table = place.config.tables[kind];
  const kept = facts.curated?.find((curation) => curation.kind === kind)?.kept ?? [];
  // A day whose rows a curated day keeps has the finding of the curated table alone.
  const lost = (facts.lostDays ?? []).filter(
    (lostDay) => lostDay.table === kind && kept.every((keptDay) => keptDay.day !== lostDay.day),
  );
  // As commands bring back the newest days, the days that are to be accepted are these.
  const newestFirst = lost.toSorted((a, b) => b.day.localeCompare(a.day));
  const cases = Map.groupBy(newestFirst, ({ day }) => lostCase(table, day, place));
  for (const [name, days] of cases) yield* lostDaysOfCase(days, { name, table, kind }, facts, place);
}

/** Where the rows of a lost day still are: in versions of its files, in versions of the landing, or nowhere. */
function lostCase(table: string, day: UtcDay, place: Place): CaseOf<'SLUICE_FINDING_DAYS_LOST'> {
  if (!place.isUnrestorable(table, day)) return 'versions';
  return keptLandingFolders(day, place).length > 0 ? 'landing' : 'gone';
}

/** The folders of the landing whose versions may have rows of a day, of those that S3 has not deleted yet. */
function keptLandingFolders(day: UtcDay, place: Place): readonly string[] {
  return landingFolders(day, place).filter((folder) => !place.isUnrestorable(folder, day));
}

/** What is said where more days have rows in the landing than have commands. */
const OF_NEWEST = ` The commands are of the newest ${MOST_COMMANDS} days: once these are back, or accepted, they are of the next ones.`;

/** One finding of a table's lost days whose rows are in the same place still. */
function* lostDaysOfCase(
  lost: readonly LostRawDay[],
  { name, table, kind }: LostTable,
  facts: StatusFacts,
  place: Place,
): Findings {
  const [first] = lost;
  if (first === undefined) return;
  const { commands, config } = place;
  const days = lost.map(({ day }) => day);
  const texts = lost.map((lostDay) => lostDayText(lostDay, table, facts, place));
  // Whoever accepts a day has seen all its folders: each day that has a command has its folders whole.
  const shownDays = name === 'landing' ? days.slice(0, MOST_COMMANDS) : [];
  const folders = [...new Set(shownDays.flatMap((day) => keptLandingFolders(day, place)))];
  const again = folders.length === 0 ? [] : [commands.sluice('redrive', '--landing')];
  const seenAts = lost.map(({ seenAt }) => seenAt);
  const seenFrom = isoTimestamp(Math.min(...seenAts));
  const seenTo = isoTimestamp(Math.max(...seenAts));
  const seen = seenFrom === seenTo ? `at ${seenTo}` : `between ${seenFrom} and ${seenTo}`;
  const gone = sum(lost.map((each) => each.files - each.left));
  const files = someOf(gone, sum(lost.map((each) => each.files)), 'file');
  const rows = lost.map((each) => goneRows(each, table, facts));
  const known = rows.filter((count) => count !== undefined);
  const comma = lost.length === 1 ? '' : ',';
  const withRows = known.length < rows.length ? comma : `, with ${counted(sum(known), 'row')},`;
  const of = lost.length === 1 ? first.day : `${counted(lost.length, 'day')}, the newest ${first.day}`;
  const left = folders.length > 0 && lost.length > MOST_COMMANDS ? OF_NEWEST : '';
  const told = {
    case: name,
    title: `${files} of ${table} of ${of}${withRows} are gone, all of which were there ${seen}`,
    // Files that were deleted before the day was seen whole are not of this loss.
    since: sinceOf(lost.map(({ day, seenAt }) => Math.max(seenAt, place.deletedAt(table, day) ?? seenAt))),
    detail: `${table}: ${listed(texts, '; ')}.${left}`,
  } as const;
  yield finding('SLUICE_FINDING_DAYS_LOST', told, [
    ...commands.restore(table, days),
    ...folders.map((folder) => commands.versions(config.bucket, folder)),
    ...again,
    ...commands.accept(kind, days),
  ]);
}

/** Rows of the files of a day that are gone, if S3 has a version of each; else undefined. */
function goneRows(
  { day, files, left }: Pick<LostRawDay, 'day' | 'files' | 'left'>,
  table: string,
  { restorable }: Pick<StatusFacts, 'restorable'>,
): number | undefined {
  const found = restorable?.find((other) => other.table === table && other.day === day);
  return found?.files === files - left ? found.rows : undefined;
}

/** `2026-11-20, 1 of 3 files left, 20 rows gone, all last seen at …, versions until …; the export out keeps 3 copies` */
function lostDayText(
  lostDay: LostRawDay,
  table: string,
  { exports, restorable }: Pick<StatusFacts, 'exports' | 'restorable'>,
  place: Place,
): string {
  const { day, seenAt, files, left } = lostDay;
  const rows = goneRows(lostDay, table, { restorable });
  const parts = [
    day,
    `${someOf(left, files, 'file')} left`,
    ...(rows === undefined ? [] : [`${counted(rows, 'row')} gone`]),
    `all last seen at ${isoTimestamp(seenAt)}`,
    `versions ${keptVersionsText(lostDay, table, place)}`,
  ];
  return `${parts.join(', ')}${copiesText(exports, table, day)}`;
}

/** How long S3 keeps versions of a lost day's files: `until …`, or `gone, those of landing/… until … at least`. */
function keptVersionsText({ day, seenAt }: LostRawDay, table: string, place: Place): string {
  const { config, isUnrestorable } = place;
  if (!isUnrestorable(table, day)) return `until ${versionsUntil(config, seenAt)}`;
  const folders = keptLandingFolders(day, place);
  if (folders.length === 0) return 'gone';
  const until = addDays(day, config.retention.landingVersionDays);
  return `gone, those of ${listed(folders)} until ${until} at least`;
}

/** Whether a part could not be read because of one of these objects, which the answer of Athena names. */
export function isUnreadByFile(
  files: StatusFacts['damagedFiles'],
  { kind, why }: Pick<UnreadPart, 'kind' | 'why'>,
): boolean {
  return kind === 'query' && files?.some(({ key }) => why.includes(key)) === true;
}

/**
 * Objects of the last days that are no Parquet: a finding for each table of replaced files, and of others, whose title names the one written
 * first.
 */
export function* damagedFiles(
  { damagedFiles: all, unknown }: StatusFacts,
  { commands, config }: Place,
): Findings {
  const kinds = Map.groupBy(all ?? [], ({ table, strayVersions }) => `${table} ${strayVersions === null}`);
  for (const files of kinds.values()) {
    const oldestFirst = files.toSorted((a, b) => Date.parse(a.replacedAt) - Date.parse(b.replacedAt));
    const [first] = oldestFirst;
    if (first === undefined) continue;
    const { table } = first;
    const isStray = first.strayVersions !== null;
    const verb = isStray ? 'written' : 'replaced';
    const texts = oldestFirst.map(({ key, replacedAt }) => `${key}, ${verb} at ${replacedAt}`);
    const more = files.length === 1 ? '' : `, and ${counted(files.length - 1, 'other')} of the table`;
    const unread = unknown.filter((read) => isUnreadByFile(files, read)).map(({ part }) => part);
    const without = unread.length === 0 ? '' : ` For it nobody can read ${listed(unread)}.`;
    const days = [...new Set(files.map(({ day }) => day))].sort();
    // Without its newest version S3 shows the one before.
    const versions = oldestFirst.flatMap(({ key, strayVersions }) =>
      (strayVersions ?? []).map((id) => ['--bucket', config.bucket, '--key', key, '--version-id', id]),
    );
    const deletions = versions
      .slice(0, MOST_COMMANDS)
      .map((version) => commands.aws('s3api', 'delete-object', ...version));
    const left =
      versions.length === deletions.length
        ? ''
        : ` The commands are of ${deletions.length} of ${versions.length} versions: once these are deleted, they are of the next ones.`;
    const told = {
      case: isStray ? 'stray' : 'replaced',
      title: `The ${isStray ? 'object' : 'file'} ${first.key} is no Parquet, of ${table} of ${first.day}${more}`,
      since: first.replacedAt,
      detail: `${table}: ${listed(texts, '; ')}.${without}${left}`,
    } as const;
    yield finding('SLUICE_FINDING_FILE_DAMAGED', told, isStray ? deletions : commands.restore(table, days));
  }
}
