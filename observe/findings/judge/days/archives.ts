import { lifecycleRules } from '../../../../lib/access/buckets/lifecycleRules.ts';
import { ARCHIVE_CLASSES } from '../../../../lib/base/ObjectStore.ts';
import { sum } from '../../../../lib/base/sum.ts';
import { counted, listed } from '../../../../lib/base/text.ts';
import { isoTimestamp, type UtcDay } from '../../../../lib/base/time.ts';
import type { ArchivingRule, NotedRule } from '../../../../lib/landing/catalog/archivingRules.ts';
import { QUERY_RESULTS_FOLDER } from '../../../../lib/tables/objectKeys.ts';
import { MOST_COMMANDS } from '../../../deploymentCommands.ts';
import type { DatasetDays } from '../../../facts/days/dropDays.ts';
import type { ArchivedDay, ArchivedDays } from '../../../facts/days/files/archivedDays.ts';
import type { StatusFacts } from '../../../facts/statusFacts.ts';
import { type CaseOf, finding } from '../../catalogue.ts';
import type { Findings, Place } from '../place.ts';
import { commandDays } from '../texts.ts';
import { curatedCommands, datasetCommands } from './dayCommands.ts';
import { sinceOf, unlookedText } from './dayTexts.ts';

/** Whether an object of a listing is archived, as JMESPath. */
const isOfArchiveClass = ARCHIVE_CLASSES.map((name) => `StorageClass=='${name}'`).join('||');
/** Keys of the archived objects of a listing, as JMESPath. */
const ARCHIVED_KEYS = `Contents[?${isOfArchiveClass}].Key`;

/** What a judge of the bucket needs: the doctor judges rules, too, and has no other part of {@link Place}. */
type Bucket = Pick<Place, 'config' | 'commands'>;

/** Archived files of tables, which queries skip, and rules of the bucket that archive more. */
export function* archivedFiles(facts: StatusFacts, place: Place): Findings {
  const { days: archived = [], unlookedUntil = null } = facts.archivedDays ?? {};
  const made = madeTables(facts, place);
  for (const [table, ofTable] of Map.groupBy(archived, (archivedDay) => archivedDay.table)) {
    const { lacking = [], again, all } = made.find((known) => known.table === table) ?? {};
    const caseOf = ({ day }: ArchivedDay): CaseOf<'SLUICE_FINDING_ARCHIVED'> =>
      lacking.some((known) => known.day === day && !known.isOnly) ? 'again' : 'restored';
    for (const [name, days] of Map.groupBy(ofTable, caseOf)) {
      const ofTheCase = days.map(({ day }) => day).sort();
      const { ranges, left } = commandDays(ofTheCase, all?.(ofTheCase[0]) ?? '');
      const isAgain = name === 'again' && again !== undefined;
      const told = {
        case: name,
        title: archivedTitle(table, days),
        since: sinceOf(days.map(({ since }) => since)),
        detail: `${archivedDetail(table, days, unlookedUntil)}${isAgain ? left : ''}`,
      };
      const keys = days.flatMap((archivedDay) => archivedDay.keys);
      const commands = isAgain
        ? ranges.map(({ from, to }) => again(from, to))
        : unarchiveCommands(keys, place);
      yield finding('SLUICE_FINDING_ARCHIVED', told, commands);
    }
  }
  yield* archivingRuleFindings(facts.archivingRules ?? [], place);
}

/** A table whose days are made of other files. */
interface MadeTable extends Pick<DatasetDays, 'table' | 'lacking'> {
  /** The command that makes days again. */
  readonly again: (from: UtcDay, to: UtcDay) => string;
  /** The command that shows its days, from one on. */
  readonly all: (from: UtcDay | undefined) => string;
}

/** The tables of datasets, and the curated ones. */
function madeTables(
  { datasets, curated }: StatusFacts,
  place: Pick<Place, 'now' | 'commands'>,
): readonly MadeTable[] {
  const ofDrops = (datasets ?? []).map((drops): MadeTable => {
    const { backfill: again, status: all } = datasetCommands(drops, place);
    return { table: drops.table, lacking: drops.lacking, again, all };
  });
  const ofRaw = (curated ?? []).map(({ kind, table, lacking }): MadeTable => {
    const { rebuild: again, status: all } = curatedCommands(kind, place);
    return { table, lacking, again, all };
  });
  return ofDrops.concat(ofRaw);
}

/** `3 files of events are archived, of 2 days, the newest 2026-11-20` */
function archivedTitle(table: string, days: readonly ArchivedDay[]): string {
  const files = sum(days.map(({ keys }) => keys.length));
  const verb = files === 1 ? 'is' : 'are';
  const newest = days
    .map(({ day }) => day)
    .sort()
    .at(-1);
  return `${counted(files, 'file')} of ${table} ${verb} archived, of ${counted(days.length, 'day')}, the newest ${newest}`;
}

/** `events: 2026-11-20, 3 files, seen since …; 2026-11-19, …`, and up to which day nobody has looked. */
function archivedDetail(
  table: string,
  days: readonly ArchivedDay[],
  unlookedUntil: ArchivedDays['unlookedUntil'],
): string {
  const texts = days.map(
    ({ day, since, keys }) => `${day}, ${counted(keys.length, 'file')}, seen since ${isoTimestamp(since)}`,
  );
  const unlooked = unlookedUntil === null ? '' : ` ${unlookedText(unlookedUntil)}`;
  return `${table}: ${listed(texts, '; ')}.${unlooked}`;
}

/** Days for which S3 keeps a restored copy: time enough to write it again in a class that is read. */
const RESTORED_DAYS = 7;

/** Commands that list archived objects, restore copies of the first ones, and then write them in a class that is read. */
function unarchiveCommands(keys: ArchivedDay['keys'], { config, commands }: Bucket): readonly string[] {
  const folders = new Set(keys.map((key) => key.replace(/[^/]*$/, '')));
  const lists = [...folders].slice(0, MOST_COMMANDS).map((folder) => {
    const where = ['--bucket', config.bucket, '--prefix', folder];
    return commands.aws('s3api', 'list-objects-v2', ...where, '--query', ARCHIVED_KEYS, '--output', 'text');
  });
  const first = keys.slice(0, MOST_COMMANDS);
  const objectOptions = (key: string) => ['--bucket', config.bucket, '--key', key];
  const restores = first.map((key) =>
    commands.aws(
      's3api',
      'restore-object',
      ...objectOptions(key),
      '--restore-request',
      `Days=${RESTORED_DAYS}`,
    ),
  );
  const copies = first.map((key) => {
    const target = ['--copy-source', `${config.bucket}/${key}`, '--storage-class', 'STANDARD'];
    return commands.aws('s3api', 'copy-object', ...objectOptions(key), ...target);
  });
  return [...lists, ...restores, ...copies];
}

/** A rule that archives objects; `since` is absent if no look has noted it. */
type SeenRule = ArchivingRule & Partial<Pick<NotedRule, 'since'>>;

/** Rules of the bucket that archive objects in folders of ours: one finding of all of them. */
export function* archivingRuleFindings(rules: readonly SeenRule[], { config, commands }: Bucket): Findings {
  const ownFolders = foldersReadAgain(config);
  const archiving = rules
    .map((rule) => ({ rule, folders: archivedFolders(rule, ownFolders) }))
    .filter(({ folders }) => folders.length > 0);
  const [first] = archiving;
  if (first === undefined) return;
  const objects = first.rule.isOfVersions ? 'earlier versions' : 'objects';
  const moves = `moves ${objects} of ${counted(first.folders.length, 'folder')} to ${first.rule.storageClass}`;
  const others = otherRules(archiving.length - 1);
  const texts = archiving.map(({ rule, folders }) => ruleText(rule, folders));
  const told = {
    title: `The rule ${first.rule.id} of ${config.bucket} ${moves}${others}`,
    since: sinceOf(archiving.map(({ rule }) => rule.since)),
    detail: `${config.bucket}: ${listed(texts, '; ')}.`,
  };
  yield finding('SLUICE_FINDING_ARCHIVING', told, [
    commands.aws('s3api', 'get-bucket-lifecycle-configuration', '--bucket', config.bucket),
  ]);
}

/** The outermost folders of the bucket that are read again. Results of queries are read once, so a rule may archive them. */
function foldersReadAgain(config: Place['config']): readonly string[] {
  const own = [...new Set(lifecycleRules(config).map(({ prefix }) => prefix))];
  return own.filter(
    (folder) =>
      folder !== QUERY_RESULTS_FOLDER && own.every((other) => other === folder || !folder.startsWith(other)),
  );
}

/** What a rule archives of folders: a whole folder, or the part of it that the prefix of the rule names. */
function archivedFolders({ prefix }: ArchivingRule, folders: readonly string[]): readonly string[] {
  return folders.flatMap((folder) => {
    if (folder.startsWith(prefix)) return [folder];
    return prefix.startsWith(folder) ? [prefix] : [];
  });
}

/** `the rule r moves objects to GLACIER after 30 days, in landing/, seen since …` */
function ruleText(
  { id, storageClass, days, isOfVersions, since }: SeenRule,
  folders: readonly string[],
): string {
  const objects = isOfVersions ? 'earlier versions, which `restore` needs,' : 'objects';
  const when = days === null ? 'from a date on' : `after ${counted(days, 'day')}`;
  const seen = since === undefined ? '' : `, seen since ${isoTimestamp(since)}`;
  return `the rule ${id} moves ${objects} to ${storageClass} ${when}, in ${listed(folders)}${seen}`;
}

/** `, and 2 other rules archive more`; empty without another rule. */
function otherRules(count: number): string {
  if (count === 0) return '';
  return `, and ${counted(count, 'other rule archives', 'other rules archive')} more`;
}
