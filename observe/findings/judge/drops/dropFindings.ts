import { counted } from '../../../../lib/base/text.ts';
import { lastLookKey } from '../../../../lib/tables/ledgerKeys.ts';
import { MOST_COMMANDS } from '../../../deploymentCommands.ts';
import type { DatasetDays } from '../../../facts/days/dropDays.ts';
import type { StatusFacts } from '../../../facts/statusFacts.ts';
import { type Finding, type FindingCode, titleOf } from '../../catalogue.ts';
import type { Findings, Place } from '../place.ts';
import { scheduled } from '../Ringing.ts';
import { type Dataset, datasetOf } from './dataset.ts';
import { failedListing, isWithoutBucket, listing } from './folder.ts';
import { daysAhead, lateDrops, newerDrops, waitingDrops } from './late.ts';
import { failedLoads, failedReceipts, lostFiles, missingInputs, unreadDays } from './loads.ts';
import { leftOutFiles, unusualRows } from './rows.ts';

/** Drops of customers, one source after the other. What several of its datasets lack alike is one finding. */
export function* dropFindings(facts: StatusFacts, place: Place): Findings {
  const { datasets, archivedDays, deployedAt } = facts;
  const failing = [
    ...(facts.functionErrors ?? []).filter(({ isOver }) => !isOver),
    ...(facts.deadLetters ?? []),
  ];
  const isPlan = ({ part }: { readonly part: string }) => part === 'ingest-plan';
  const isPlanFailing = failing.some(isPlan);
  const isPlanIdle = facts.idleFunctions?.some(isPlan) === true;
  for (const [source, ofSource] of Map.groupBy(datasets ?? [], (drops) => drops.source)) {
    const found = ofSource.flatMap((drops) => [...findingsOf(drops)]);
    // A cure is of one case, and of one code of a failure.
    const kinds = Map.groupBy(found, (each) => (OF_FOLDERS.has(each.code) ? each.code + each.cure : each));
    for (const alike of kinds.values()) yield* ofSourceOnce(alike, source, place);
  }

  function* findingsOf(drops: DatasetDays): Findings {
    const lookKey = lastLookKey(drops.source, drops.dataset);
    const isLookDamaged = facts.damagedEntries?.some(({ key }) => key === lookKey) === true;
    const plan = { isLookDamaged, isPlanFailing, isPlanIdle };
    const dataset = { ...datasetOf(drops, place), archivedDays, deployedAt, ...plan };
    for (const judged of isWithoutBucket(drops) ? [failedListing, ...LOADED_JUDGES] : DATASET_JUDGES)
      for (const found of judged(drops, dataset)) {
        const alarms = scheduled(found, drops.schedule).filter((alarm) => isAbout(alarm, found, drops));
        yield place.ringing.tell(found, alarms);
      }
  }
}

/** Codes of what the folders of a source lack, most often all alike. */
const OF_FOLDERS: ReadonlySet<FindingCode> = new Set([
  'SLUICE_FINDING_SOURCE_UNREADABLE',
  'SLUICE_FINDING_INGEST_LATE',
]);

/** Findings of datasets of a source that are alike as one, with the details of all. */
function* ofSourceOnce(
  alike: readonly Finding[],
  source: string,
  { commands: { sluice } }: Pick<Place, 'commands'>,
): Findings {
  const [first, ...others] = alike;
  if (first === undefined) return;
  if (others.length === 0) {
    yield first;
    return;
  }
  const since = alike.flatMap((found) => found.since ?? []).sort()[0] ?? null;
  const bare = first.title.replace(/(, since \S+|, seen now)?\.$/, '');
  const all = alike.flatMap(({ commands }) => commands);
  const acts = Map.groupBy(new Set(all), (text) => / ingest (\w+) /.exec(text)?.[1] ?? '');
  yield {
    ...first,
    severity: alike.some(({ severity }) => severity === 'problem') ? 'problem' : first.severity,
    title: titleOf(`${bare}; and ${counted(others.length, 'other dataset')} of ${source}`, since),
    since,
    detail: alike.map(({ detail }) => detail).join(' '),
    // A run takes all datasets of a source, and so does its calendar.
    commands: [...acts].flatMap(([act, texts]) =>
      act === 'run' || act === 'status'
        ? [sluice('ingest', act, '--source', source)]
        : texts.slice(0, MOST_COMMANDS),
    ),
  };
}

/** Whether an alarm counts what a dataset has, and a finding tells: another dataset's stands with that. */
function isAbout(
  alarm: string,
  { code, severity }: Finding,
  { late, firstDay, lastLook }: DatasetDays,
): boolean {
  // Days that wait and are no problem are not late.
  const isLate = code !== 'SLUICE_FINDING_INGEST_WAITING' || severity === 'problem';
  if (alarm === 'ingest-late') return isLate && late.some(({ day }) => day >= firstDay);
  return !alarm.startsWith('ingest-stopped-') || lastLook?.stopped === true;
}

/** What a judge of one dataset finds, in order. */
type DatasetJudge = (drops: DatasetDays, dataset: Dataset) => Findings;

/** What is judged of the days of a dataset that came, in order. */
const LOADED_JUDGES: readonly DatasetJudge[] = [
  failedLoads,
  missingInputs,
  lostFiles,
  unreadDays,
  unusualRows,
];

/** What is judged of a dataset, in order. */
const DATASET_JUDGES: readonly DatasetJudge[] = [
  listing,
  ...LOADED_JUDGES,
  // Before days that wait: an alarm on late days stands with those that have no file.
  lateDrops,
  waitingDrops,
  newerDrops,
  daysAhead,
  leftOutFiles,
  failedReceipts,
];
