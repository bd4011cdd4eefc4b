import { operateSections } from '../../../infra/alarms/sections.ts';
import { counted, listed } from '../../../lib/base/text.ts';
import { DAY_MS, isoTimestamp } from '../../../lib/base/time.ts';
import { reportedUntil } from '../../../lib/drops/plan/late/dueDays.ts';
import { versionTime } from '../../../lib/ledger/versions.ts';
import { CURATED_LEDGER, EXPORTS_LEDGER, lastLookKey } from '../../../lib/tables/ledgerKeys.ts';
import { dayRanges } from '../../../lib/views/curatedDays.ts';
import { daysWords } from '../../commands.ts';
import { MOST_COMMANDS } from '../../deploymentCommands.ts';
import {
  type DatasetDays,
  type DropDay,
  OLD_AFTER_MS,
  type WaitingDay,
} from '../../facts/days/ledgerDays.ts';
import { misnamedDays } from '../../facts/days/misnamedDays.ts';
import type { StatusFacts } from '../../facts/statusFacts.ts';
import { functionLog } from '../../readLog.ts';
import { type CaseOf, type Finding, finding, seenNow, type Told } from '../catalogue.ts';
import { failedDays, lostFilesOf, sinceOf } from './dayTexts.ts';
import { unreadVersions } from './partitions.ts';
import {
  customersReason,
  customersTold,
  deniedCallText,
  deniedPolicy,
  type Findings,
  otherDays,
  type Place,
  scheduled,
  scheduleNames,
} from './place.ts';

/** How a dataset is named, and commands about its days. */
type Dataset = ReturnType<typeof datasetOf> &
  Pick<StatusFacts, 'archivedDays' | 'deployedAt'> & {
    /** Whether `ingest-plan` fails. */
    readonly isPlanFailing: boolean;
    /** Whether no run of `ingest-plan` begins: another finding tells that its folders are not listed. */
    readonly isPlanIdle: boolean;
    /** Whether the note of its last listing has no valid entry. */
    readonly isLookDamaged: boolean;
  };

function datasetOf({ source, dataset }: DatasetDays, place: Place) {
  const { now, commands, config, stack, isUnrestorable } = place;
  const { role, kmsKeyArn } = config.sources.find(({ name }) => name === source) ?? {};
  const customersRole = role?.arn;
  const words = ['--source', source, '--dataset', dataset];
  const ingest = (action: string, ...more: readonly string[]) =>
    commands.sluice('ingest', action, ...words, ...more);
  return {
    name: `${source}/${dataset}`,
    place,
    now,
    commands,
    isUnrestorable,
    customer: { stack, key: { field: '`kmsKeyArn` of the source', arn: kmsKeyArn } },
    run: () => ingest('run'),
    /** The source's policy, if a code is of a denied call. */
    policy: (...codes: readonly (string | null)[]) =>
      deniedPolicy(codes, ['--for', 'ingest-source', '--source', source], commands),
    needs: (work: 'list' | 'load' | 'receipt', code: string | null, message: string | null = null) =>
      deniedCallText(work, code, message, { stack, customersRole }),
    log: (part: string) => commands.log(functionLog(stack, part), now - DAY_MS),
    status: (day: string | undefined) => ingest('status', ...daysWords(day, now)),
    explain: (day: string) => ingest('explain', '--day', day),
    backfill: (from: string, to = from) => ingest('backfill', '--from', from, '--to', to),
    accept: (what: 'keep' | 'empty', from: string, to = from) =>
      commands.sluice(
        'ingest',
        'accept',
        what,
        ...words,
        '--from',
        from,
        ...(from === to ? [] : ['--to', to]),
      ),
  };
}

/** Drops of customers, one dataset after the other. */
export function* dropFindings(facts: StatusFacts, place: Place): Findings {
  const { datasets, archivedDays, deployedAt } = facts;
  const failing = [
    ...(facts.functionErrors ?? []).filter(({ isOver }) => !isOver),
    ...(facts.deadLetters ?? []),
  ];
  const isPlan = ({ part }: { readonly part: string }) => part === 'ingest-plan';
  const isPlanFailing = failing.some(isPlan);
  const isPlanIdle = facts.idleFunctions?.some(isPlan) === true;
  yield* goneBuckets((datasets ?? []).filter(isBucketGone), place);
  for (const drops of datasets ?? []) {
    const lookKey = lastLookKey(drops.source, drops.dataset);
    const isLookDamaged = facts.damagedEntries?.some(({ key }) => key === lookKey) === true;
    const plan = { isLookDamaged, isPlanFailing, isPlanIdle };
    const dataset = { ...datasetOf(drops, place), archivedDays, deployedAt, ...plan };
    for (const judged of isBucketGone(drops) ? LOADED_JUDGES : DATASET_JUDGES)
      for (const found of judged(drops, dataset)) {
        const alarms = scheduled(found, drops.schedule).filter((alarm) => isAbout(alarm, drops));
        yield place.ringing.tell(found, alarms);
      }
  }
}

const BUCKET_MISSING = 'SLUICE_SOURCE_BUCKET_MISSING';

/** Why the last listing failed. That of another place, as of a mistyped bucket, says nothing of today's. */
function failureOf({ lastLook, place }: DatasetDays) {
  const { failure } = lastLook ?? {};
  return (failure?.place ?? place) === place ? failure : undefined;
}

/** Whether the last listing of a dataset's folder has found no bucket. */
function isBucketGone(drops: DatasetDays): boolean {
  return failureOf(drops)?.code === BUCKET_MISSING;
}

/** Buckets that do not exist, a finding each, with all alarms of their datasets: nothing else can be said of files that are to come. */
function* goneBuckets(datasets: readonly DatasetDays[], place: Place): Findings {
  const bucketOf = ({ folder }: DatasetDays) => folder.split('/')[2] ?? '';
  for (const [bucket, ofBucket] of Map.groupBy(datasets, bucketOf)) {
    const looks = ofBucket.flatMap(({ lastLook }) => lastLook ?? []);
    const lastGood = latestOf(looks.map(({ failure }) => failure?.lastGood ?? null));
    const names = ofBucket.map(({ source, dataset }) => `${source}/${dataset}`);
    const known = lastGood === null ? 'was never there' : `was listed last at ${isoTimestamp(lastGood)}`;
    const told = {
      case: lastGood === null ? 'noBucket' : 'bucketGone',
      title: `The bucket ${bucket} of ${listed(names)} does not exist; it ${known}`,
      since: sinceOf(looks.map(({ at, failure }) => failure?.since ?? at)),
      detail: `${bucket}: ${BUCKET_MISSING}, ${known}. ${counted(names.length, 'dataset')}: ${listed(names)}.`,
    } as const;
    const commands = ofBucket.slice(0, MOST_COMMANDS).map((drops) => datasetOf(drops, place).run());
    const schedules = new Set(ofBucket.map(({ schedule }) => schedule));
    const alarms = scheduleNames(['ingest-unreadable', 'ingest-stopped', 'ingest-late'], ...schedules);
    yield place.ringing.tell(finding('SLUICE_FINDING_SOURCE_UNREADABLE', told, commands), alarms);
  }
}

/** What the folders of the ledger are of: sections of docs/operate.md, and the alarms that also count a damaged object. */
const DAMAGED = {
  drop: {
    section: operateSections.drops,
    alarms: ['ingest-failed', 'ingest-load-failed', 'ingest-unreadable'],
  },
  export: { section: operateSections.exports, alarms: ['export-failed'] },
  curated: { section: operateSections.curated, alarms: ['curations-failed'] },
} as const satisfies Record<CaseOf<'SLUICE_FINDING_LEDGER_DAMAGED'>, object>;

function damagedCase(key: string): keyof typeof DAMAGED {
  const [, source] = key.split('/');
  if (source === EXPORTS_LEDGER) return 'export';
  return source === CURATED_LEDGER ? 'curated' : 'drop';
}

/** The alarms that a damaged object explains, without the stack's name; none of any other finding. */
export function damageAlarms({ code, section }: Finding): readonly string[] {
  if (code !== 'SLUICE_FINDING_LEDGER_DAMAGED') return [];
  const damage = Object.values(DAMAGED).find((known) => known.section === section);
  return scheduleNames(damage?.alarms ?? [], 'daily', 'hourly');
}

/** Objects of the ledger that have no valid entry: a finding of drops, of exports and of curated days. */
export function* damagedEntries({ damagedEntries: all }: StatusFacts, { config, commands }: Place): Findings {
  const bucket = ['--bucket', config.bucket];
  for (const [kind, damaged] of Map.groupBy(all ?? [], ({ key }) => damagedCase(key))) {
    const key = damaged[0]?.key ?? '';
    const since = damaged.flatMap(({ writtenAt }) => writtenAt ?? []).sort();
    const texts = damaged.map((object) =>
      object.writtenAt === null
        ? `${object.key}, gone by now`
        : `${object.key}, written at ${object.writtenAt}`,
    );
    const more = damaged.length === 1 ? '' : `, and ${counted(damaged.length - 1, 'other')}`;
    const told = {
      case: kind,
      title: `The object ${key} of the ledger has no valid entry${more}`,
      since: since[0] ?? null,
      detail: `${listed(texts)}.`,
    };
    const copies = damaged.slice(0, MOST_COMMANDS).map((object) => {
      const version = `${config.bucket}/${object.key}?versionId=${object.versionBefore ?? 'VERSION_ID'}`;
      return commands.aws('s3api', 'copy-object', ...bucket, '--key', object.key, '--copy-source', version);
    });
    const list = commands.aws('s3api', 'list-object-versions', ...bucket, '--prefix', key);
    const found = finding('SLUICE_FINDING_LEDGER_DAMAGED', told, [list, ...copies]);
    yield { ...found, section: DAMAGED[kind].section };
  }
}

/** Whether an alarm counts what a dataset has: another dataset's stands with that. */
function isAbout(alarm: string, { late, firstDay, lastLook }: DatasetDays): boolean {
  if (alarm === 'ingest-late') return late.some(({ day }) => day >= firstDay);
  return !alarm.startsWith('ingest-stopped-') || lastLook?.stopped === true;
}

/** Whether the folder is listed in time, can be read, and has files of the days that are looked for. */
function* listing(drops: DatasetDays, dataset: Dataset): Findings {
  const { name, customer, now, run, log, policy, needs, backfill, deployedAt } = dataset;
  const { isLookDamaged, isPlanFailing, isPlanIdle } = dataset;
  const { folder, schedule, lookbackDays, lastLook, isLookOld, unlooked, days } = drops;
  const late = (
    told: Told & { readonly case: CaseOf<'SLUICE_FINDING_INGEST_LATE'> },
    shown: readonly string[],
  ) => finding('SLUICE_FINDING_INGEST_LATE', told, shown, 'warning');
  const unlistedCase = isPlanFailing ? 'stale' : 'passed';
  const lister = [...(isPlanFailing ? [] : [log('ingest-plan')]), run()];
  if (lastLook === null) {
    if (isLookDamaged || isPlanIdle) return;
    const since = deployedAt;
    const isDue = since !== null && now - Date.parse(since) > OLD_AFTER_MS[schedule];
    const title = `The folder of ${name} was never listed, where its schedule is ${schedule}`;
    const detail = `${name}: never listed, ${schedule}.`;
    if (isDue) yield late({ case: unlistedCase, title, since, detail }, lister);
    else yield late({ case: 'unlisted', ...seenNow(title, detail) }, [run()]);
    return;
  }
  const { at, stopped } = lastLook;
  const failure = failureOf(drops);
  const listedAt = isoTimestamp(at);
  if (isLookOld && !isPlanIdle) {
    const title = `The folder of ${name} was listed last at ${listedAt}, where its schedule is ${schedule}`;
    const told = { title, since: listedAt, detail: `${name}: listed at ${listedAt}, ${schedule}.` };
    yield late({ case: unlistedCase, ...told }, lister);
  }
  if (failure !== undefined) {
    const failingSince = isoTimestamp(failure.since ?? at);
    const tried = failingSince === listedAt ? '' : `, last tried ${listedAt}`;
    const good = failure.lastGood === undefined ? '' : `, listed last ${isoTimestamp(failure.lastGood)}`;
    yield finding(
      'SLUICE_FINDING_SOURCE_UNREADABLE',
      {
        ...customersTold([failure.code], failure.message, customer),
        title: `The folder of ${name} could not be listed: ${failure.code}`,
        since: failingSince,
        detail: `${name}, ${folder}, since ${failingSince}${tried}${good}: ${failure.code}: ${failure.message}${needs('list', failure.code, failure.message)}`,
      },
      [...policy(failure.code), run()],
    );
  }
  if (!stopped) {
    yield* otherNames(drops, name, backfill);
    return;
  }
  const there = namesThere(drops);
  const instead = there.length === 0 ? '' : `, but ${there.join(', ')}`;
  const from = days.findLast(({ loadedFrom }) => loadedFrom !== null)?.loadedFrom;
  const placeSince = lastLook.place?.since ?? null;
  const since = isoTimestamp(placeSince ?? at);
  const moved = from == null ? '' : `; until ${since} it was ${from}, whose rows stay`;
  const had = `${folder} had no files for today and ${lookbackDays} days before`;
  const told = {
    case: there.length === 0 ? 'nowhere' : 'elsewhere',
    title: `${name}: ${had}`,
    // The last load, unless the folder is another since.
    since: isoTimestamp(latestOf([placeSince, ...days.map(loadedAt)]) ?? at),
    detail: `${name}: ${had}${instead}, ${listedAt}${moved}.`,
  } as const;
  const before = unlooked.filter((day) => day < drops.firstDay);
  const ranges = dayRanges(before).slice(0, MOST_COMMANDS);
  // The days that are late are told here alone, if their files may be there.
  const isLate = there.length > 0 && drops.late.some((day) => isOfLookback(day, drops));
  const loads = ranges.map(({ from, to }) => backfill(from, to));
  yield finding('SLUICE_FINDING_INGEST_LATE', told, loads, isLate ? 'problem' : 'warning');
}

/** What a folder has in place of the days that are looked for, in words; nothing of one that has some of them. */
function namesThere({ lastLook, unlooked }: DatasetDays): readonly string[] {
  if (lastLook?.stopped !== true) return [];
  return [...unlooked.slice(-1).map((day) => `files of ${day}`), ...(lastLook.elsewhere?.others ?? [])];
}

/** Whether a late day has no file, and is looked for still. */
function isOfLookback(
  { day, empty }: DatasetDays['late'][number],
  { firstDay }: Pick<DatasetDays, 'firstDay'>,
): boolean {
  return empty === undefined && day >= firstDay;
}

/** Days that seem to come under other names than the dataset has. */
function* otherNames(drops: DatasetDays, name: string, backfill: Dataset['backfill']): Findings {
  const misnamed = misnamedDays(drops);
  const [first] = misnamed?.missed ?? [];
  if (misnamed === null || first === undefined) return;
  const { missed, names } = misnamed;
  const has = `${listed(names)}, which ${names.length === 1 ? 'is' : 'are'} no day`;
  const told = {
    case: 'otherNames',
    title: `${name}: no file of ${counted(missed.length, 'day')} from ${first} on, but its folder has ${has}`,
    since: first,
    detail: `${drops.folder} has ${has}. ${missed.join(', ')}: no file.`,
  } as const;
  // These days are told here alone: they are late as any other.
  const isLate = drops.late.some(({ day }) => missed.includes(day));
  const load = backfill(first, missed.at(-1) ?? first);
  yield finding('SLUICE_FINDING_INGEST_LATE', told, [load], isLate ? 'problem' : 'warning');
}

/** Days that failed. */
function* failedLoads(
  drops: DatasetDays,
  { name, customer, run, policy, needs, explain, backfill }: Dataset,
): Findings {
  for (const { code, message, isReplaced, days, told } of failedDays({ name, verb: 'loaded' }, drops.days)) {
    if (code === BUCKET_MISSING && isBucketGone(drops)) continue;
    const kind = isReplaced ? 'replaced' : failureCase(code);
    // A run leaves files alone that it has tried within 12 hours, and days before the lookback.
    const isOfRun = kind === 'replaced' || kind === 'files';
    const again = days.filter((day) => !isOfRun || day < drops.firstDay);
    const read = drops.days.find(({ day }) => day === days[0])?.version;
    const readAt = read == null ? null : versionTime(read);
    const served =
      readAt === null ? 'Queries have no row of it' : `Queries read its version of ${isoTimestamp(readAt)}`;
    const detail = `${told.detail} ${served}.${needs('load', code, message)}`;
    const reason = isReplaced ? undefined : customersReason(code, message, customer);
    yield finding('SLUICE_FINDING_INGEST_FAILED', { case: kind, ...told, reason, detail }, [
      ...days.slice(0, MOST_COMMANDS).map(explain),
      ...policy(code),
      ...(again.length < days.length ? [run()] : []),
      ...dayRanges(again)
        .slice(0, MOST_COMMANDS)
        .map(({ from, to }) => backfill(from, to)),
    ]);
  }
}

/** Failures that other files end; of all others a setting, a policy or the machine is the reason. */
const OF_FILES =
  /^SLUICE_(INGEST_FILE_|SOURCE_(NOTHING_LOADABLE|FILES_REPLACED|LOG_INVALID|SPARK_LOG_ABOVE|\w+_TABLE$))/;

/** What ends the failure of a load. */
function failureCase(code: string): CaseOf<'SLUICE_FINDING_INGEST_FAILED'> {
  return OF_FILES.test(code) ? 'files' : 'other';
}

/** Days whose files are gone from the customer's folder. */
function* missingInputs({ days }: DatasetDays, { name, now, explain, accept }: Dataset): Findings {
  const missing = days.filter(({ missingSince }) => missingSince !== null).toReversed();
  if (missing.length > 0) {
    const names = missing.map(({ day, missingSince, uncommitted }) => {
      const more = uncommitted === 0 ? '' : `, with ${counted(uncommitted, 'file')} and no commit`;
      return `${day} since ${isoTimestamp(missingSince ?? now)}${more}`;
    });
    const ranges = dayRanges(missing.map(({ day }) => day)).slice(0, MOST_COMMANDS);
    const commands = ranges.flatMap(({ from, to }) => [explain(to), accept('keep', from, to)]);
    const isUncommitted = missing.every(({ uncommitted }) => uncommitted > 0);
    const told = {
      case: isUncommitted ? 'uncommitted' : 'gone',
      title: `${counted(missing.length, 'loaded day')} of ${name} ${missing.length === 1 ? 'has' : 'have'} no ${isUncommitted ? 'committed file' : 'file'} any more, the newest ${missing[0]?.day}`,
      since: sinceOf(missing.map(({ missingSince }) => missingSince)),
      detail: `${name}: ${listed(names, '; ')}.`,
    } as const;
    yield finding('SLUICE_FINDING_INPUTS_MISSING', told, commands);
  }
}

/** Days whose version lacks files. */
function* lostFiles({ table, lacking }: DatasetDays, dataset: Dataset): Findings {
  const { name, backfill } = dataset;
  yield* lostFilesOf(dataset, { name, table, judgedBy: ['the drops'] }, lacking, backfill);
}

/** Days that were loaded and that no query reads. */
function* unreadDays({ table, unread }: DatasetDays, { name, place }: Dataset): Findings {
  const judgedBy = ['the drops', 'the partitions of drops'] as const;
  // By the catalogue it is of `partitions`: those that the registrar adds.
  for (const found of unreadVersions({ name, table, unread, judgedBy }, place))
    yield { ...found, part: 'drops' };
}

/** The latest of times; null without any. */
function latestOf(times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.max(...known);
}

/** When the version of a day was made, epoch milliseconds; null of a day without one. */
function loadedAt({ version }: DropDay): number | null {
  return version === null ? null : versionTime(version);
}

/** `2026-11-20, 30 of 40 rows of 1 file, loaded at 2026-11-20T08:15:00.123Z,`; of a day without a version the day alone. */
function loadedText(loaded: DropDay): string {
  const { day, rows, loadedFiles } = loaded;
  const time = loadedAt(loaded);
  if (time === null) return day;
  return `${day}, ${rows.out} of ${counted(rows.in, 'row')} of ${counted(loadedFiles, 'file')}, loaded at ${isoTimestamp(time)},`;
}

/** Days that are not as those before them, by that in which they differ. */
function* unusualRows({ days }: DatasetDays, { name, explain, backfill, accept }: Dataset): Findings {
  const unusual = days.filter((day) => day.unusual !== null).toReversed();
  const kindOf = ({ unusualParts: [first], empty, leftOut }: DropDay) => {
    if (empty === null) return first?.kind ?? 'rows';
    return leftOut.count > 0 ? 'leftOut' : 'empty';
  };
  for (const [kind, alike] of Map.groupBy(unusual, kindOf)) {
    const [newest] = alike;
    if (newest === undefined) continue;
    const { day, unusual: words, unusualParts, empty } = newest;
    const text = `${name}: ${loadedText(newest)} ${words}${otherDays(alike.length)}`;
    const [first] = unusualParts;
    const others = unusualParts.length - 1;
    const more = others < 1 ? '' : `, and differs in ${counted(others, 'other point')}`;
    const empties = kind === 'leftOut' ? [] : [accept('empty', day)];
    const acts = empty === null ? [accept('keep', day)] : empties;
    yield finding(
      'SLUICE_FINDING_ROWS_UNUSUAL',
      {
        case: kind,
        title: `${name}: ${loadedText(newest)} ${first?.short ?? words}${more}${otherDays(alike.length)}`,
        since: sinceOf(alike.map(loadedAt)) ?? day,
        detail: `${text}.`,
      },
      [explain(day), ...(kind === 'values' ? [backfill(day)] : []), ...acts],
    );
  }
}

/** Days with files that wait for something, and should not any more. */
function unreadyOf({ waiting, late }: DatasetDays) {
  return waiting.filter(({ day, isLacking }) => isLacking || late.some((lateDay) => lateDay.day === day));
}

/** Those days, with what they wait for. */
function* waitingDrops(drops: DatasetDays, dataset: Dataset): Findings {
  for (const [cure, unready] of Map.groupBy(unreadyOf(drops), (day) => day.cure))
    yield* waitingOf(drops, dataset, { cure, unready });
}

/** Days that wait for the same. */
function* waitingOf(
  { late, firstDay }: DatasetDays,
  { name, run, explain, backfill }: Dataset,
  { cure: kind, unready }: { readonly cure: WaitingDay['cure']; readonly unready: readonly WaitingDay[] },
): Findings {
  const texts = unready.toReversed().map(({ day, words: has }) => {
    const { due } = late.find((lateDay) => lateDay.day === day) ?? {};
    const expected = due === undefined ? '' : `, expected by ${isoTimestamp(due)}`;
    return `${day} ${has}${expected}`;
  });
  const unlooked = unready.flatMap(({ day, cure }) => (cure === 'load' ? [day] : []));
  const loads = dayRanges(unlooked).map(({ from, to }) => backfill(from, to));
  const commands = unready
    .filter(({ cure }) => cure !== 'load')
    .slice(-MOST_COMMANDS)
    .toReversed()
    .flatMap(({ day, cure }) => {
      if (cure === 'run') return [run()];
      return [explain(day), ...(cure === 'backfill' ? [backfill(day)] : [])];
    });
  yield finding(
    'SLUICE_FINDING_INGEST_WAITING',
    {
      case: kind,
      title: `${name}: ${texts[0]}${otherDays(unready.length)}`,
      since: sinceOf(unready.map(({ since }) => since)) ?? unready[0]?.day ?? null,
      detail: `${name}: ${listed(texts, '; ')}.`,
    },
    [...new Set([...loads.slice(0, MOST_COMMANDS), ...commands])],
    unready.some(
      ({ day, cure }) => (day < firstDay && cure !== 'load') || late.some((lateDay) => lateDay.day === day),
    )
      ? 'problem'
      : 'warning',
  );
}

/** Days outside of the lookback whose files have changed since. */
function* newerDrops({ newer }: DatasetDays, { name, backfill }: Dataset): Findings {
  if (newer.length === 0) return;
  const [first = ''] = newer;
  const days = newer.length === 1 ? `${first} has` : `${counted(newer.length, 'day')} from ${first} on have`;
  yield finding(
    'SLUICE_FINDING_INGEST_WAITING',
    {
      case: 'newer',
      ...seenNow(`${name}: before the lookback ${days} newer files than were loaded`),
    },
    dayRanges(newer)
      .slice(0, MOST_COMMANDS)
      .map(({ from, to }) => backfill(from, to)),
  );
}

/** Days of the folder that are far ahead, as with a wrong year. */
function* daysAhead({ lastLook, folder }: DatasetDays, { name, status }: Dataset): Findings {
  const { days = [], since = 0 } = lastLook?.elsewhere?.ahead ?? {};
  if (days.length === 0) return;
  const told = {
    case: 'ahead',
    title: `${name}: its folder has files of ${counted(days.length, 'day')} more than a month ahead, the first ${days[0]}`,
    since: isoTimestamp(since),
    detail: `${name}: ${folder}, ${listed(days)}.`,
  } as const;
  yield finding('SLUICE_FINDING_INGEST_WAITING', told, [status(undefined)], 'warning');
}

/** Days of which no file has come in time. */
function* lateDrops(drops: DatasetDays, dataset: Dataset): Findings {
  const unready = unreadyOf(drops);
  const missed = drops.lastLook?.stopped === true ? [] : (misnamedDays(drops)?.missed ?? []);
  const told = new Set([...unready.map(({ day }) => day), ...missed]);
  const isElsewhere = namesThere(drops).length > 0;
  const absent = drops.late.filter((late) => {
    return !told.has(late.day) && !(isElsewhere && isOfLookback(late, drops));
  });
  const isLeftOut = (day: string) => drops.days.some((each) => each.day === day && each.leftOut.count > 0);
  const kinds = Map.groupBy(absent, ({ day, empty }) => {
    if (day < drops.firstDay) return empty === undefined ? 'before' : 'beforeNoRows';
    if (isLeftOut(day)) return 'leftOut';
    if (empty !== undefined) return 'noRows';
    return namesBeside(drops).length > 0 ? 'beside' : 'noFile';
  });
  for (const [kind, days] of kinds) yield* lateOf(drops, dataset, { kind, absent: days });
}

/** Names in the folder that are no days, unless {@link otherNames} tells of them. */
function namesBeside(drops: DatasetDays): readonly string[] {
  return misnamedDays(drops) === null ? (drops.lastLook?.elsewhere?.others ?? []) : [];
}

/** Late days that lack the same. */
function* lateOf(
  drops: DatasetDays,
  { name, status, run, explain, backfill, accept }: Dataset,
  {
    kind,
    absent,
  }: {
    readonly kind: 'before' | 'beforeNoRows' | 'beside' | 'leftOut' | 'noFile' | 'noRows';
    readonly absent: DatasetDays['late'];
  },
): Findings {
  const newest = absent.at(-1);
  if (newest !== undefined) {
    const texts = absent.toReversed().map(({ day, due, empty }) => {
      const has = empty === undefined ? '' : ` (${empty})`;
      return `${day}${has}, expected by ${isoTimestamp(due)}, this finding ends on ${reportedUntil(drops, day)}`;
    });
    const what = absent.some(({ empty }) => empty !== undefined) ? 'no rows have' : 'no file has';
    const days = absent.map(({ day }) => day);
    const due = isoTimestamp(newest.due);
    const loaded = drops.days.filter(({ files, day }) => files > 0 && day < newest.day);
    const last = [loaded.at(-1)?.day ?? '', drops.lastLook?.newestDay ?? ''].sort().at(-1);
    const came = last === '' ? 'no earlier one is known' : `the last that came is of ${last}`;
    const beside = kind === 'beside' ? `, and the folder has ${listed(namesBeside(drops))}` : '';
    const look = drops.lastLook === null ? '' : `, and none was there at ${isoTimestamp(drops.lastLook.at)}`;
    const looked = kind === 'noFile' || kind === 'beside' ? look : '';
    const has =
      newest.empty === undefined
        ? `No file of ${name} for ${newest.day} came by ${due}${looked}; ${came}${beside}`
        : `The files of ${name} for ${newest.day}, due at ${due}, have no rows (${newest.empty})`;
    const told = {
      case: kind,
      title: `${has}${otherDays(absent.length)}`,
      since: isoTimestamp(absent[0]?.due ?? newest.due),
      detail: `${name}: ${what} come of ${listed(texts, '; ')}.`,
    };
    // Files that are there, and not loaded, are not to be given up.
    const isThere = kind === 'beside' || kind === 'leftOut';
    yield finding('SLUICE_FINDING_INGEST_LATE', told, [
      kind === 'leftOut' ? explain(newest.day) : status(days[0]),
      // A file may have come after the last listing.
      ...(kind === 'noFile' ? [run()] : []),
      ...dayRanges(days)
        .slice(0, MOST_COMMANDS)
        .flatMap(({ from, to }) => [
          ...(kind.startsWith('before') ? [backfill(from, to)] : []),
          ...(isThere ? [] : [accept('empty', from, to)]),
        ]),
    ]);
  }
}

/** Days with objects that are not loaded. */
function* leftOutFiles({ days }: DatasetDays, { name, explain }: Dataset): Findings {
  const leftOut = days.filter((day) => day.leftOut.count > 0).toReversed();
  for (const newest of leftOut.slice(0, 1)) {
    const text = `${name}: ${loadedText(newest)} ${newest.leftOut.words}${otherDays(leftOut.length)}`;
    const since = sinceOf(leftOut.map(loadedAt)) ?? newest.day;
    const left = `left out ${counted(newest.leftOut.count, 'object')}`;
    const title = `${name}: ${loadedText(newest)} ${left}${otherDays(leftOut.length)}`;
    yield finding('SLUICE_FINDING_FILES_LEFT_OUT', { title, since, detail: `${text}.` }, [
      explain(newest.day),
    ]);
  }
}

/** Days whose receipt the customer's bucket does not take. */
function* failedReceipts(
  { days }: DatasetDays,
  { name, customer, now, policy, needs, backfill }: Dataset,
): Findings {
  const untold = days.filter(({ receipt }) => receipt !== null).toReversed();
  for (const { day, receipt } of untold.slice(0, 1)) {
    const { code = '', since = now } = receipt ?? {};
    yield finding(
      'SLUICE_FINDING_RECEIPTS_FAILED',
      {
        case: 'other',
        title: `The receipt of ${name} for ${day} was not taken: ${code}${otherDays(untold.length)}`,
        since: sinceOf(untold.map((other) => other.receipt?.since)),
        detail: `${name}: ${day}: ${code}, since ${isoTimestamp(since)}${otherDays(untold.length)}.${needs('receipt', code)}`,
        reason: customersReason(code, null, customer),
      },
      [
        ...policy(code),
        ...dayRanges(untold.map((other) => other.day))
          .slice(0, MOST_COMMANDS)
          .map(({ from, to }) => backfill(from, to)),
      ],
    );
  }
}

/** What is judged of the days of a dataset that came, in order. */
const LOADED_JUDGES: readonly ((drops: DatasetDays, dataset: Dataset) => Findings)[] = [
  failedLoads,
  missingInputs,
  lostFiles,
  unreadDays,
  unusualRows,
];

/** What is judged of a dataset, in order. */
const DATASET_JUDGES: typeof LOADED_JUDGES = [
  listing,
  ...LOADED_JUDGES,
  waitingDrops,
  newerDrops,
  lateDrops,
  daysAhead,
  leftOutFiles,
  failedReceipts,
];
