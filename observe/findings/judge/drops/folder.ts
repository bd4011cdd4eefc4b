import { counted, listed } from '../../../../lib/base/text.ts';
import { isoTimestamp } from '../../../../lib/base/time.ts';
import { MOST_COMMANDS } from '../../../deploymentCommands.ts';
import { OLD_AFTER_MS } from '../../../facts/days/datasets.ts';
import { type DatasetDays, loadedAt } from '../../../facts/days/dropDays.ts';
import { misnamedDays } from '../../../facts/days/misnamedDays.ts';
import { denialIn } from '../../../saidDenial.ts';
import { type CaseOf, type Finding, finding, seenNow, type Told } from '../../catalogue.ts';
import { customersTold } from '../customers.ts';
import { sinceOf } from '../days/dayTexts.ts';
import type { Findings, Place } from '../place.ts';
import { scheduleNames } from '../Ringing.ts';
import { commandDays, lateText } from '../texts.ts';
import { type Dataset, datasetOf } from './dataset.ts';

/** The code of a listing that finds no bucket. */
export const BUCKET_MISSING = 'SLUICE_SOURCE_BUCKET_MISSING';
/** The code of a listing that finds a bucket of another account. */
const OWNER_DIFFERS = 'SLUICE_SOURCE_OWNER_DIFFERS';

/** The code of a listing that S3 denies. */
const ACCESS_DENIED = 'SLUICE_SOURCE_ACCESS_DENIED';

/** The last listing of a folder. */
type LastLook = NonNullable<DatasetDays['lastLook']>;

/** Why the last listing failed. That of another place, as of a mistyped bucket, says nothing of today's. */
function failureOf({ lastLook, place }: DatasetDays): LastLook['failure'] {
  const { failure } = lastLook ?? {};
  return (failure?.place ?? place) === place ? failure : undefined;
}

/** Whether the last listing of a dataset's folder has found no bucket. */
export function isBucketGone(drops: DatasetDays): boolean {
  return failureOf(drops)?.code === BUCKET_MISSING;
}

/** Whether the last listing of a dataset's folder has found a bucket of another account. */
export function isBucketOfOthers(drops: DatasetDays): boolean {
  return failureOf(drops)?.code === OWNER_DIFFERS;
}

/**
 * Buckets of another account than the configuration says, a finding each. A bucket that was listed until the configuration named another
 * owner has not changed hands.
 */
export function* strangersBuckets(datasets: readonly DatasetDays[], place: Place): Findings {
  for (const [source, ofSource] of Map.groupBy(datasets, (drops) => drops.source)) {
    const bucket = bucketOf(ofSource[0]);
    const owner = place.config.sources.find(({ name }) => name === source)?.owner ?? '';
    const lastGood = lastListed(ofSource);
    const before = looksOf(ofSource)
      .flatMap((look) => look.place?.owner ?? [])
      .find((other) => other !== owner);
    const asBefore = before === undefined ? '' : `, when owner was ${before}`;
    const known = lastGood === null ? 'was never listed' : `was listed last at ${lastGood}${asBefore}`;
    const ofListed = before === undefined ? 'owner' : 'ownerSet';
    const told = {
      case: lastGood === null ? 'ownerWrong' : ofListed,
      title: `The bucket ${bucket} of ${source} is of another account than owner of the source, ${owner}; it ${known}`,
      detail: `${bucket}: ${OWNER_DIFFERS}, ${known}.`,
    } as const;
    yield bucketFinding(told, ofSource, place);
  }
}

/** Buckets that do not exist, a finding each. */
export function* goneBuckets(datasets: readonly DatasetDays[], place: Place): Findings {
  for (const [bucket, ofBucket] of Map.groupBy(datasets, bucketOf)) {
    const lastGood = lastListed(ofBucket);
    const known = lastGood === null ? 'was never there' : `was listed last at ${lastGood}`;
    const told = {
      case: lastGood === null ? 'noBucket' : 'bucketGone',
      title: `The bucket ${bucket} of ${listed(namesOf(ofBucket))} does not exist; it ${known}`,
      detail: `${bucket}: ${BUCKET_MISSING}, ${known}.`,
    } as const;
    yield bucketFinding(told, ofBucket, place);
  }
}

/**
 * The datasets of each source of which several folders could not be listed, all denied for the same reason: they are told in one finding.
 * Datasets that are listed are not among them.
 */
export function deniedTogether(datasets: readonly DatasetDays[]): readonly (readonly DatasetDays[])[] {
  const failing = datasets.filter((drops) => failureOf(drops) !== undefined);
  return [...Map.groupBy(failing, ({ source }) => source).values()].filter((ofSource) => {
    const reasons = new Set(ofSource.map((drops) => denialKey(failureOf(drops))));
    return ofSource.length > 1 && reasons.size === 1 && !reasons.has(null);
  });
}

/** What tells one denial of a listing from another; null of another failure. */
function denialKey(failure: LastLook['failure']): string | null {
  if (failure?.code.endsWith('_DENIED') !== true) return null;
  const said = denialIn(failure.message);
  return JSON.stringify([failure.code, said, said === null && failure.lastGood === undefined]);
}

/** What is told of a bucket, but for its datasets, and since when they could not be listed. */
type ToldBucket = Required<Pick<Told, 'title' | 'detail'>> & {
  readonly case: CaseOf<'SLUICE_FINDING_SOURCE_UNREADABLE'>;
};

/**
 * The finding of a bucket in which no folder can be listed, with all alarms of its datasets: nothing else can be said of files that are to
 * come.
 */
function bucketFinding(told: ToldBucket, datasets: readonly DatasetDays[], place: Place): Finding {
  const names = namesOf(datasets);
  const found = {
    ...told,
    since: sinceOf(looksOf(datasets).map(({ at, failure }) => failure?.codeSince ?? failure?.since ?? at)),
    detail: `${told.detail} ${counted(names.length, 'dataset')}: ${listed(names)}.`,
  };
  const commands = datasets.slice(0, MOST_COMMANDS).map((drops) => datasetOf(drops, place).run());
  const schedules = new Set(datasets.map(({ schedule }) => schedule));
  return place.ringing.tell(
    finding('SLUICE_FINDING_SOURCE_UNREADABLE', found, commands),
    scheduleNames(['ingest-unreadable', 'ingest-stopped', 'ingest-late'], ...schedules),
  );
}

/** The last listings of datasets. */
function looksOf(datasets: readonly DatasetDays[]): readonly LastLook[] {
  return datasets.flatMap(({ lastLook }) => lastLook ?? []);
}

/** When a folder of these datasets was listed last before the listing that failed, ISO 8601; null if none ever was. */
function lastListed(datasets: readonly DatasetDays[]): string | null {
  const lastGood = latestOf(looksOf(datasets).map(({ failure }) => failure?.lastGood ?? null));
  return lastGood === null ? null : isoTimestamp(lastGood);
}

/** `acme/events` of each. */
function namesOf(datasets: readonly DatasetDays[]): readonly string[] {
  return datasets.map(({ source, dataset }) => `${source}/${dataset}`);
}

/** The bucket of a dataset's folder. */
function bucketOf(drops: DatasetDays | undefined): string {
  return drops?.folder.split('/')[2] ?? '';
}

/** Whether the folder is listed in time, can be read, and has files of the days that are looked for. */
export function* listing(drops: DatasetDays, dataset: Dataset): Findings {
  const { lastLook } = drops;
  if (lastLook === null) {
    yield* neverListed(drops, dataset);
    return;
  }
  yield* oldListing(drops, dataset, lastLook);
  if (!dataset.isDeniedTogether && failureOf(drops) !== undefined) yield unlisted([drops], dataset.place);
  if (lastLook.stopped) yield* emptyLookback(drops, dataset, lastLook);
  else yield* otherNames(drops, dataset);
}

/** A warning that something of a dataset is late. */
function lateFinding(
  told: Told & { readonly case: CaseOf<'SLUICE_FINDING_INGEST_LATE'> },
  shown: readonly string[],
): Finding {
  return finding('SLUICE_FINDING_INGEST_LATE', told, shown, 'warning');
}

/** The case of a folder that is not listed in time, and what lists it. */
function overdue({ isPlanFailing, log, run }: Dataset) {
  // Another finding shows the log of a plan that fails.
  return isPlanFailing
    ? ({ case: 'stale', commands: [run()] } as const)
    : ({ case: 'passed', commands: [log('ingest-plan'), run()] } as const);
}

/** A folder that was never listed: of a new deployment, or of a plan that does not come to it. */
function* neverListed({ schedule, forgotten = [] }: DatasetDays, dataset: Dataset): Findings {
  const { name, place, run, deployedAt: since, isLookDamaged, isPlanIdle } = dataset;
  // A ledger that has lost the days has lost the note of the listing, too.
  if (isLookDamaged || isPlanIdle || forgotten.length > 0) return;
  const isDue = since !== null && place.now - Date.parse(since) > OLD_AFTER_MS[schedule];
  // How late it is nobody knows: a schedule does not begin with a deployment.
  const title = `The folder of ${name} was never listed, where its schedule is ${schedule}`;
  const detail = `${name}: never listed, ${schedule}.`;
  const { case: overdueCase, commands } = overdue(dataset);
  if (isDue) yield lateFinding({ case: overdueCase, title, since, detail }, commands);
  else yield lateFinding({ case: 'unlisted', ...seenNow(title, detail) }, [run()]);
}

/** A folder whose last listing is older than its schedule. */
function* oldListing({ schedule, isLookOld }: DatasetDays, dataset: Dataset, { at }: LastLook): Findings {
  const { name, place, isPlanIdle } = dataset;
  if (!isLookOld || isPlanIdle) return;
  const since = isoTimestamp(at);
  const late = lateText(since, schedule, place.now);
  const title = `The folder of ${name} was listed last at ${since}, and its ${schedule} schedule is ${late}`;
  const { case: overdueCase, commands } = overdue(dataset);
  const told = {
    case: overdueCase,
    title,
    since,
    detail: `${name}: listed at ${since}, ${schedule}, ${late}.`,
  };
  yield lateFinding(told, commands);
}

/** Folders of a source that could not be listed for the same reason. */
export function unlisted(
  [first, ...others]: readonly [DatasetDays, ...DatasetDays[]],
  place: Place,
): Finding {
  const all = [first, ...others];
  const { code = '', message = '', lastGood } = failureOf(first) ?? {};
  const { customer, policy, needs } = datasetOf(first, place);
  const times = all.flatMap((drops) => {
    const { at = 0 } = drops.lastLook ?? {};
    const failure = failureOf(drops);
    return [{ drops, at, since: failure?.codeSince ?? failure?.since ?? at, lastGood: failure?.lastGood }];
  });
  const texts = times.map(({ drops, at, since, lastGood: goodAt }) => {
    const tried = since === at ? '' : `, last tried ${isoTimestamp(at)}`;
    const good = goodAt === undefined ? '' : `, listed last ${isoTimestamp(goodAt)}`;
    return `${drops.source}/${drops.dataset}, ${drops.folder}, since ${isoTimestamp(since)}${tried}${good}`;
  });
  // S3 says no more of a denial to another account. Lists read no object, so that no key is asked.
  const isUnsaid = code === ACCESS_DENIED && denialIn(message) === null;
  const denied = { case: lastGood === undefined ? 'listUnknown' : 'listDenied' } as const;
  const told = {
    ...(isUnsaid ? denied : customersTold(code, message, customer)),
    title: `The ${others.length === 0 ? 'folder' : 'folders'} of ${listed(namesOf(all))} could not be listed: ${code}`,
    since: sinceOf(times.map(({ since }) => since)),
    detail: `${listed(texts, '; ')}: ${code}: ${message}${needs('list', code, message)}`,
  };
  const runs = all.slice(0, MOST_COMMANDS).map((drops) => datasetOf(drops, place).run());
  return finding('SLUICE_FINDING_SOURCE_UNREADABLE', told, [...policy(code), ...runs]);
}

/** A folder without files of the days that are looked for. */
function* emptyLookback(
  drops: DatasetDays,
  { name, backfill, policies, status }: Dataset,
  { at, place, elsewhere }: LastLook,
): Findings {
  const { folder, lookbackDays, unlooked, days, firstDay } = drops;
  const there = namesThere(drops);
  const instead = there.length === 0 ? '' : `, but ${there.join(', ')}`;
  const from = days.findLast(({ loadedFrom }) => loadedFrom !== null)?.loadedFrom;
  const placeSince = place?.since ?? null;
  const moved =
    from == null ? '' : `; until ${isoTimestamp(placeSince ?? at)} it was ${from}, whose rows stay`;
  const isEmptied =
    from == null && elsewhere?.days.length === 0 && days.some(({ version }) => version !== null);
  const ofAbsent = isEmptied ? 'emptied' : 'nowhere';
  const kind = there.length === 0 ? ofAbsent : 'elsewhere';
  const nor = kind === 'emptied' ? ', nor of any day that was loaded' : '';
  const had = `${folder} had no files for today and ${lookbackDays} days before${nor}`;
  const older = unlooked.filter((day) => day < firstDay);
  const { ranges, left } = commandDays(older, status(older[0]));
  const told = {
    case: kind,
    title: `${name}: ${had}`,
    // The last load, unless the folder is another since.
    since: isoTimestamp(latestOf([placeSince, ...days.map(loadedAt)]) ?? at),
    detail: `${name}: ${had}${instead}, ${isoTimestamp(at)}${moved}.${left}`,
  } as const;
  const loads = ranges.map((range) => backfill(range.from, range.to));
  const shown = kind === 'emptied' ? [policies()] : [];
  yield finding('SLUICE_FINDING_INGEST_LATE', told, [...shown, ...loads]);
}

/** What a folder has in place of the days that are looked for, in words; nothing of one that has some of them. */
export function namesThere({ lastLook, unlooked }: DatasetDays): readonly string[] {
  if (lastLook?.stopped !== true) return [];
  return [...unlooked.slice(-1).map((day) => `files of ${day}`), ...(lastLook.elsewhere?.others ?? [])];
}

/** Whether a late day has no file, and is looked for still. */
export function isOfLookback(
  { day, empty }: DatasetDays['late'][number],
  { firstDay }: Pick<DatasetDays, 'firstDay'>,
): boolean {
  return empty === undefined && day >= firstDay;
}

/** Days that seem to come under other names than the dataset has. */
function* otherNames(drops: DatasetDays, { name, backfill }: Dataset): Findings {
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

/** The latest of times; null without any. */
function latestOf(times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.max(...known);
}
