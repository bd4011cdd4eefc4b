import { counted, listed } from '../../../lib/base/text.ts';
import { addDays, isoTimestamp, type UtcDay } from '../../../lib/base/time.ts';
import { type ForwardedKind, forwardedKinds } from '../../../lib/schema/kinds.ts';
import { MOST_COMMANDS } from '../../deploymentCommands.ts';
import { landingFolders } from '../../facts/days/goneFiles.ts';
import type { StatusFacts } from '../../facts/statusFacts.ts';
import type { LostRawDay } from '../../facts/tables/partitionGaps.ts';
import { type CaseOf, finding } from '../catalogue.ts';
import { copiesText, versionsUntil } from './dayTexts.ts';
import { type Findings, otherDays, type Place } from './place.ts';

/** Days of raw tables that lost files: a finding for each table. */
export function* lostDays(facts: StatusFacts, place: Place): Findings {
  for (const kind of forwardedKinds) yield* lostDaysOfTable(facts, place, kind);
}

function* lostDaysOfTable(facts: StatusFacts, place: Place, kind: ForwardedKind): Findings {
  const table = place.config.tables[kind];
  const kept = facts.curated?.find((curation) => curation.kind === kind)?.kept ?? [];
  // A day whose rows a curated day keeps has the finding of the curated table alone.
  const lost = (facts.lostDays ?? []).filter(
    (lostDay) => lostDay.table === kind && kept.every((keptDay) => keptDay.day !== lostDay.day),
  );
  for (const [name, days] of Map.groupBy(lost, ({ day }) => lostCase(table, day, place)))
    yield* lostDaysOfCase(days, { name, table, kind }, facts, place);
}

/** What has the rows of a lost day still. */
function lostCase(table: string, day: UtcDay, place: Place): CaseOf<'SLUICE_FINDING_DAYS_LOST'> {
  if (!place.isGone(table, day)) return 'versions';
  return landed(day, place).length > 0 ? 'landing' : 'gone';
}

/** The folders of the landing of which S3 has versions that may have rows of a day. */
function landed(day: UtcDay, place: Place): readonly string[] {
  return landingFolders(day, place).filter((folder) => !place.isGone(folder, day));
}

/** Lost days of a table whose rows the same has: a finding. */
function* lostDaysOfCase(
  lost: readonly LostRawDay[],
  {
    name,
    table,
    kind,
  }: {
    readonly name: CaseOf<'SLUICE_FINDING_DAYS_LOST'>;
    readonly table: string;
    readonly kind: ForwardedKind;
  },
  facts: StatusFacts,
  place: Place,
): Findings {
  const [first] = lost;
  if (first === undefined) return;
  const { commands, config } = place;
  const days = lost.map(({ day }) => day);
  const texts = lost.map((lostDay) => lostDayText(lostDay, table, facts, place));
  const folders = [...new Set(name === 'landing' ? days.flatMap((day) => landed(day, place)) : [])];
  const again = folders.length === 0 ? [] : [commands.sluice('redrive', '--landing')];
  const seen = isoTimestamp(first.seenAt);
  const files = `${first.files - first.left} of ${counted(first.files, 'file')}`;
  const rows = goneRows(first, table, facts);
  const withRows = rows === undefined ? '' : `, with ${counted(rows, 'row')},`;
  const told = {
    case: name,
    title: `${files} of ${table} of ${first.day}${withRows} are gone, all of which were there at ${seen}${otherDays(lost.length)}`,
    since: seen,
    detail: `${table}: ${listed(texts, '; ')}.`,
  } as const;
  yield finding('SLUICE_FINDING_DAYS_LOST', told, [
    ...commands.restore(table, days),
    ...folders.slice(0, MOST_COMMANDS).map((folder) => commands.versions(config.bucket, folder)),
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

/** `2026-11-20, 1 of 3 files left, all last seen at …, versions until …; the export out keeps 3 copies` */
function lostDayText(
  { day, seenAt, files, left }: LostRawDay,
  table: string,
  { exports, restorable }: Pick<StatusFacts, 'exports' | 'restorable'>,
  place: Place,
): string {
  const { config, isGone } = place;
  const folders = landed(day, place);
  const until = addDays(day, config.retention.landingVersionDays);
  const landing = folders.length === 0 ? '' : `, those of ${listed(folders)} until ${until} at least`;
  const versions = isGone(table, day) ? `gone${landing}` : `until ${versionsUntil(config, seenAt)}`;
  const copies = copiesText(exports, table, day);
  const rows = goneRows({ day, files, left }, table, { restorable });
  const gone = rows === undefined ? '' : `, ${counted(rows, 'row')} gone`;
  const all = `all last seen at ${isoTimestamp(seenAt)}`;
  return `${day}, ${left} of ${counted(files, 'file')} left${gone}, ${all}, versions ${versions}${copies}`;
}

/** Files of the last days that are no Parquet: a finding for each table. */
export function* damagedFiles({ damagedFiles: all }: StatusFacts, { commands }: Place): Findings {
  for (const [table, files] of Map.groupBy(all ?? [], (file) => file.table)) {
    const texts = files.map(({ key, replacedAt }) => `${key}, replaced at ${replacedAt}`);
    const more = files.length === 1 ? '' : `, and ${counted(files.length - 1, 'other')} of the table`;
    const told = {
      case: 'replaced',
      title: `The file ${files[0]?.key} is no Parquet, of ${table} of ${files[0]?.day}${more}`,
      since: files.map(({ replacedAt }) => replacedAt).sort()[0] ?? null,
      detail: `${table}: ${listed(texts, '; ')}.`,
    } as const;
    const days = [...new Set(files.map(({ day }) => day))].sort();
    yield finding('SLUICE_FINDING_FILE_DAMAGED', told, commands.restore(table, days));
  }
}

/** Erasures that do not get complete by themselves: a finding for those that have stopped, and one for those that leave versions. */
export function* openErasures({ erasures }: StatusFacts): Findings {
  for (const { why, count, since, last, left, leftCount } of erasures ?? []) {
    const key = last[0]?.key ?? '';
    const keys = last.map((erasure) => `${erasure.key}, since ${erasure.since}`);
    const versions = left.map((object) => `${object.key}, version ${object.versionId}: ${object.why}`);
    const others = count === 1 ? '' : `, and ${counted(count - 1, 'other erasure')}`;
    const titles = {
      stopped: `${counted(count, 'erasure')} ${count === 1 ? 'has' : 'have'} not gone on, the last ${key}`,
      unsearched: `The erasure ${key} cannot search ${counted(leftCount, 'version')} of objects${others}`,
      invalid: `The record ${key} of an erasure cannot be read${others}`,
    };
    const texts = [firstOf(keys, count), ...(leftCount === 0 ? [] : [firstOf(versions, leftCount)])];
    yield finding('SLUICE_FINDING_ERASE_STOPPED', {
      case: why,
      title: titles[why],
      since,
      detail: `${texts.join('. Left: ')}.`,
    });
  }
}

/** The first of so many, with how many more there are. */
function firstOf(texts: readonly string[], count: number): string {
  const more = count === texts.length ? '' : ` and ${count - texts.length} more`;
  return `${texts.join('; ')}${more}`;
}
