import { lastLookKey } from '../../../../lib/tables/ledgerKeys.ts';
import type { DatasetDays } from '../../../facts/days/dropDays.ts';
import type { StatusFacts } from '../../../facts/statusFacts.ts';
import type { Finding } from '../../catalogue.ts';
import type { Findings, Place } from '../place.ts';
import { scheduled } from '../Ringing.ts';
import { type Dataset, datasetOf } from './dataset.ts';
import {
  deniedTogether,
  goneBuckets,
  isBucketGone,
  isBucketOfOthers,
  listing,
  strangersBuckets,
  unlisted,
} from './folder.ts';
import { comingAfterRun, daysAhead, lateDrops, lostTasks, newerDrops, waitingDrops } from './late.ts';
import { leftOutFiles, unusualDays } from './loadedDays.ts';
import { failedLoads, failedReceipts, forgottenDays, lostFiles, missingInputs, unreadDays } from './loads.ts';

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
  yield* strangersBuckets((datasets ?? []).filter(isBucketOfOthers), place);
  const denied = deniedTogether(datasets ?? []);
  for (const [first, ...others] of denied) {
    if (first === undefined) continue;
    const found = unlisted([first, ...others], place);
    yield place.ringing.tell(found, alarmsAbout(found, first, ...others));
  }
  for (const drops of datasets ?? []) {
    const lookKey = lastLookKey(drops.source, drops.dataset);
    const isLookDamaged = facts.damagedEntries?.some(({ key }) => key === lookKey) === true;
    const plan = { isLookDamaged, isPlanFailing, isPlanIdle };
    const isDeniedTogether = denied.some((ofSource) => ofSource.includes(drops));
    const dataset = { ...datasetOf(drops, place), archivedDays, deployedAt, isDeniedTogether, ...plan };
    for (const judged of isBucketGone(drops) || isBucketOfOthers(drops) ? LOADED_JUDGES : DATASET_JUDGES)
      for (const found of judged(drops, dataset)) yield place.ringing.tell(found, alarmsAbout(found, drops));
  }
}

/** Names of the alarms that a finding of these datasets stands with, each once. */
function alarmsAbout(found: Finding, ...datasets: readonly DatasetDays[]): readonly string[] {
  const names = datasets.flatMap((drops) =>
    scheduled(found, drops.schedule).filter((alarm) => isAbout(alarm, found, drops)),
  );
  return [...new Set(names)];
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
  forgottenDays,
  unusualDays,
];

/** What is judged of a dataset, in order. */
const DATASET_JUDGES: readonly DatasetJudge[] = [
  listing,
  ...LOADED_JUDGES,
  // Before days that wait: an alarm on late days stands with those that have no file.
  lateDrops,
  waitingDrops,
  comingAfterRun,
  lostTasks,
  newerDrops,
  daysAhead,
  leftOutFiles,
  failedReceipts,
];
