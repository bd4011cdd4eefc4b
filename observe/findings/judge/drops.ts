import { counted, listed } from '../../../lib/base/text.ts';
import { isoTimestamp } from '../../../lib/base/time.ts';
import { lastNamed } from '../../../lib/drops/plan/lateDrops.ts';
import { partitionKey } from '../../../lib/tables/sharedColumns.ts';
import { dayRanges } from '../../../lib/views/curatedDays.ts';
import { daysWords, sluiceCommand } from '../../commands.ts';
import { MOST_COMMANDS } from '../../deploymentCommands.ts';
import { isLookOld } from '../../facts/days/dropsPage.ts';
import type { DatasetDays } from '../../facts/days/ledgerDays.ts';
import type { StatusFacts } from '../../facts/statusFacts.ts';
import { finding } from '../catalogue.ts';
import { failedDays, lostFilesOf } from './dayTexts.ts';
import { type Findings, otherDays, type Place, scheduled } from './place.ts';

/** How a dataset is named, and commands about its days. */
type Dataset = ReturnType<typeof datasetOf>;

function datasetOf({ source, dataset }: DatasetDays, { config, now, commands }: Place) {
  const words = ['--source', source, '--dataset', dataset];
  const ingest = (action: string, ...more: readonly string[]) =>
    commands.sluice('ingest', action, ...words, ...more);
  return {
    name: `${source}/${dataset}`,
    database: config.database,
    now,
    commands,
    run: () => ingest('run'),
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
export function* dropFindings({ datasets }: StatusFacts, place: Place): Findings {
  for (const drops of datasets ?? []) {
    const dataset = datasetOf(drops, place);
    for (const judged of DATASET_JUDGES)
      for (const found of judged(drops, dataset)) {
        const alarms = scheduled(found, drops.schedule).filter((alarm) => isAbout(alarm, drops));
        yield place.ringing.tell(found, alarms);
      }
  }
}

/** Whether an alarm counts what a dataset has: another dataset's stands with that. */
function isAbout(alarm: string, { late, firstDay, lastLook }: DatasetDays): boolean {
  if (alarm === 'ingest-late') return late.some(({ day }) => day >= firstDay);
  return !alarm.startsWith('ingest-stopped-') || lastLook?.stopped === true;
}

/** Whether the folder is listed in time, can be read, and has files of the days that are looked for. */
function* listing(drops: DatasetDays, { name, now, run }: Dataset): Findings {
  const { folder, schedule, lookbackDays, lastLook, unlooked, days } = drops;
  const late = (detail: string) => finding('SLUICE_FINDING_INGEST_LATE', `${name}: ${detail}`, [], 'warning');
  if (lastLook === null) {
    yield late(`never listed, ${schedule}.`);
    return;
  }
  const { at, failure, stopped, elsewhere } = lastLook;
  const listedAt = isoTimestamp(at);
  if (isLookOld(drops, now)) yield late(`listed at ${listedAt}, ${schedule}.`);
  if (failure !== undefined)
    yield finding(
      'SLUICE_FINDING_SOURCE_UNREADABLE',
      `${name}, ${folder}, ${listedAt}: ${failure.code}: ${failure.message}`,
      [sluiceCommand([], ['explain', failure.code]), run()],
    );
  if (!stopped) return;
  const there = [...unlooked.slice(-1).map((day) => `files of ${day}`), ...(elsewhere?.others ?? [])];
  const instead = there.length === 0 ? '' : `, but ${there.join(', ')}`;
  const from = days.findLast(({ loadedFrom }) => loadedFrom !== null)?.loadedFrom;
  const since = isoTimestamp(lastLook.place?.since ?? at);
  const moved = from == null ? '' : `; until ${since} it was ${from}, whose rows stay`;
  yield late(
    `${folder} had no files for today and ${lookbackDays} days before${instead}, ${listedAt}${moved}.`,
  );
}

/** Days that failed. */
function* failedLoads(drops: DatasetDays, { name, run, explain, backfill }: Dataset): Findings {
  const shown = (day: string) => [explain(day), ...(day < drops.firstDay ? [] : [run()])];
  yield* failedDays('SLUICE_FINDING_INGEST_FAILED', name, drops, shown, backfill);
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
    yield finding('SLUICE_FINDING_INPUTS_MISSING', `${name}: ${listed(names, '; ')}.`, commands);
  }
}

/** Days whose version lacks files. */
function* lostFiles({ table, lacking }: DatasetDays, { name, commands, backfill }: Dataset): Findings {
  yield* lostFilesOf(commands, { name, table }, lacking, backfill);
}

/** Days of which a command registers partitions: a shell takes 128 KiB of a word. */
const MOST_UNREAD = 500;

/** Days that were loaded and have no partition. The customer's files may be gone: their version is registered as it is. */
function* unreadDays({ table, unread = [] }: DatasetDays, { name, commands, database }: Dataset): Findings {
  if (unread.length === 0) return;
  const added = unread
    .slice(0, MOST_UNREAD)
    .map(({ day, location }) => `PARTITION (${partitionKey.name} = '${day}') LOCATION '${location}'`);
  // https://docs.aws.amazon.com/athena/latest/ug/alter-table-add-partition.html
  const sql = `ALTER TABLE \`${database}\`.\`${table}\` ADD IF NOT EXISTS ${added.join(' ')}`;
  const days = unread.map(({ day }) => day);
  const found = finding('SLUICE_FINDING_PARTITION_WRONG', `${name}: no partition of ${listed(days)}.`, [
    commands.sluice('query', sql),
  ]);
  // By the catalogue it is of `partitions`: those that the registrar adds.
  yield { ...found, part: 'drops' };
}

/** Days with many more or fewer rows than usual. */
function* unusualRows({ days }: DatasetDays, { name, explain, accept }: Dataset): Findings {
  const unusual = days.filter((day) => day.unusual !== null).toReversed();
  for (const { day, unusual: text, empty } of unusual.slice(0, 1))
    yield finding('SLUICE_FINDING_ROWS_UNUSUAL', `${name}: ${day} ${text}${otherDays(unusual.length)}.`, [
      explain(day),
      accept(empty === null ? 'keep' : 'empty', day),
    ]);
}

/** Days with files that wait for something, and should not any more. */
function unreadyOf({ waiting, late }: DatasetDays) {
  return waiting.filter(({ day, isLacking }) => isLacking || late.some((lateDay) => lateDay.day === day));
}

/** Those days, with what they wait for. */
function* waitingDrops(drops: DatasetDays, { name, run, explain, backfill }: Dataset): Findings {
  const { late, firstDay } = drops;
  const unready = unreadyOf(drops);
  if (unready.length === 0) return;
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
    `${name}: ${listed(texts, '; ')}.`,
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
    `${name}: before the lookback ${days} newer files than were loaded.`,
    dayRanges(newer)
      .slice(0, MOST_COMMANDS)
      .map(({ from, to }) => backfill(from, to)),
  );
}

/** Days of which no file has come in time. */
function* lateDrops(drops: DatasetDays, { name, status, backfill, accept }: Dataset): Findings {
  const unready = unreadyOf(drops);
  const absent = drops.late.filter(({ day }) => unready.every((unreadyDay) => unreadyDay.day !== day));
  if (absent.length > 0) {
    const texts = absent.toReversed().map(({ day, due, empty }) => {
      const has = empty === undefined ? '' : ` (${empty})`;
      return `${day}${has}, expected by ${isoTimestamp(due)}, this finding ends on ${lastNamed(drops, day)}`;
    });
    const what = absent.some(({ empty }) => empty !== undefined) ? 'no rows have' : 'no file has';
    const days = absent.map(({ day }) => day);
    // The next run looks for the others itself.
    const left = days.filter((day) => day < drops.firstDay);
    const empty = absent.filter((lateDay) => lateDay.empty !== undefined && lateDay.day >= drops.firstDay);
    const ranges = dayRanges(left).slice(0, MOST_COMMANDS);
    yield finding('SLUICE_FINDING_INGEST_LATE', `${name}: ${what} come of ${listed(texts, '; ')}.`, [
      status(days[0]),
      ...ranges.flatMap(({ from, to }) => [backfill(from, to), accept('empty', from, to)]),
      ...dayRanges(empty.map(({ day }) => day))
        .slice(0, MOST_COMMANDS)
        .map(({ from, to }) => accept('empty', from, to)),
    ]);
  }
}

/** Days with objects that are not loaded. */
function* leftOutFiles({ days }: DatasetDays, { name, explain }: Dataset): Findings {
  const leftOut = days.filter((day) => day.leftOut.count > 0).toReversed();
  for (const { day, leftOut: left } of leftOut.slice(0, 1))
    yield finding(
      'SLUICE_FINDING_FILES_LEFT_OUT',
      `${name}: ${day} ${left.words}${otherDays(leftOut.length)}.`,
      [explain(day)],
    );
}

/** Days whose receipt the customer's bucket does not take. */
function* failedReceipts({ days }: DatasetDays, { name, now, backfill }: Dataset): Findings {
  const untold = days.filter(({ receipt }) => receipt !== null).toReversed();
  for (const { day, receipt } of untold.slice(0, 1))
    yield finding(
      'SLUICE_FINDING_RECEIPTS_FAILED',
      `${name}: ${day}: ${receipt?.code}, since ${isoTimestamp(receipt?.since ?? now)}${otherDays(untold.length)}.`,
      [backfill(day)],
    );
}

/** What is judged of a dataset, in order. */
const DATASET_JUDGES: readonly ((drops: DatasetDays, dataset: Dataset) => Findings)[] = [
  listing,
  failedLoads,
  missingInputs,
  lostFiles,
  unreadDays,
  unusualRows,
  waitingDrops,
  newerDrops,
  lateDrops,
  leftOutFiles,
  failedReceipts,
];
