import { mapLimit } from '../../base/concurrency.ts';
import type { TaskQueue } from '../../base/queue.ts';
import { type Clock, DAY_MS, type UtcDay } from '../../base/time.ts';
import type { Ledger } from '../../ledger/Ledger.ts';
import { isFailing, type LedgerEntry } from '../../ledger/LedgerEntry.ts';
import type { Dataset, Source } from '../../schema/sources.ts';
import type { CustomerBucket } from '../CustomerBucket.ts';
import { countFiles, type Drop, waitingFiles } from '../Drop.ts';
import { summarizeLeftOut } from '../lastLoad.ts';
import { NAMED_DAYS, PARALLEL_DAYS } from '../limits.ts';
import { listDrops, markerKey } from '../listDrops.ts';
import { COMMIT, type DayDecision, decideDay, lookbackDays, markerReason, SETTLING } from './decideDay.ts';
import type { IngestTask, PlanRequest } from './messageBodies.ts';

/** The ports of a plan. */
export interface PlanPorts {
  readonly bucketOf: (source: Source, dataset: Dataset) => Pick<CustomerBucket, 'list'>;
  readonly ledger: Pick<Ledger, 'read' | 'noteQueued'>;
  /** The load's queue. */
  readonly tasks: TaskQueue;
  readonly clock: Clock;
}

/** A day and its decision. */
export interface PlannedDay {
  readonly day: UtcDay;
  readonly decision: DayDecision;
  /** Number of files in its folder, including temporary ones of a job, and with `filesLeave` those that have left. */
  readonly files: number;
  /** Number of objects that the last successful load left out although they were probably meant to be loaded. */
  readonly leftOut: number;
  /** Whether the last load failed, of a day of the lookback or of the request, or found that files are missing, and they are the same. */
  readonly failed: boolean;
  /** Whether it waits to be loaded, has failed, or was loaded and its files are missing: it is looked at until that ends. */
  readonly isOpen: boolean;
}

/** The plan of one dataset. */
export interface DatasetPlan {
  readonly source: string;
  readonly dataset: string;
  readonly days: readonly PlannedDay[];
  readonly listCalls: number;
}

/**
 * Plans some days of a dataset and queues those that are new or changed. Tasks are sent before the ledger notes them: a
 * task that is sent twice is loaded once, but a task that is noted and not sent would be delayed for hours.
 *
 * @param openDays Days that are planned besides. Default none.
 * @throws SourceError if the folder can't be listed; IngestError if the ledger fails; QueueError if the queue fails.
 */
export async function planDataset(
  ports: PlanPorts,
  source: Source,
  dataset: Dataset,
  request: Pick<PlanRequest, 'days' | 'asked'>,
  openDays: readonly UtcDay[] = [],
): Promise<DatasetPlan> {
  const { ledger, tasks, clock } = ports;
  const lookback = request.days ?? lookbackDays(clock.now(), dataset.timezone, dataset.lookbackDays);
  const days = [...new Set([...openDays, ...lookback])];
  const { drops, calls } = await listDrops(ports.bucketOf(source, dataset), dataset, days);
  const terms = {
    now: clock.now(),
    settleMs: source.settleMinutes * 60_000,
    asked: request.asked,
    table: dataset.table,
    filesLeave: dataset.filesLeave,
  };
  const isOld = (day: UtcDay) => request.days === undefined && !lookback.includes(day);
  const looked = await mapLimit([...drops], PARALLEL_DAYS, async ([day, drop]) => {
    const entry = await ledger.read({ source: source.name, dataset: dataset.name, day });
    return {
      day,
      drop,
      entry,
      decision: decideDay(drop, entry, { ...terms, isOld: isOld(day), marker: markerKey(dataset, day) }),
    };
  });

  const queued = looked.flatMap(({ day, drop, decision }) =>
    'queue' in decision
      ? [
          {
            source: source.name,
            dataset: dataset.name,
            day,
            fingerprint: drop.fingerprint,
            reason: decision.queue,
          } satisfies IngestTask,
        ]
      : [],
  );
  if (queued.length > 0) {
    const bodies = queued.map((task) => JSON.stringify(task));
    await tasks.send(bodies, 0, source.name);
  }
  await mapLimit(looked, PARALLEL_DAYS, async ({ day, drop, entry, decision }) => {
    const reason = noteOf(decision, drop, entry, dataset.waitFor);
    if (reason === null) return;
    const place = { source: source.name, dataset: dataset.name, day, table: dataset.table };
    await ledger.noteQueued(place, { fingerprint: drop.fingerprint, reason, ...waitingFiles(drop) }, entry);
  });
  return {
    source: source.name,
    dataset: dataset.name,
    listCalls: calls,
    days: looked.map(({ day, drop, entry, decision }) => ({
      day,
      isOpen:
        !('skip' in decision) ||
        decision.skip === 'queued' ||
        (decision.skip === 'failed' && terms.now - (entry?.updatedAt ?? 0) < NAMED_DAYS * DAY_MS) ||
        (entry?.state === 'inputs_missing' && entry.table === dataset.table),
      decision,
      files: Math.max(
        countFiles(drop) + drop.leftOut.filter(({ reason }) => reason === 'temporary').length,
        dataset.filesLeave ? (entry?.files.filter(({ fate }) => fate === 'loaded').length ?? 0) : 0,
      ),
      leftOut: entry === null ? 0 : summarizeLeftOut(entry).count,
      failed:
        ((isFailing(entry) && !isOld(day)) || entry?.state === 'inputs_missing') &&
        entry?.fingerprint === drop.fingerprint,
    })),
  };
}

/** The note on a queued or waiting day for the ledger; null if nothing is new. */
function noteOf(
  decision: DayDecision,
  drop: Drop,
  entry: LedgerEntry | null,
  waitFor: string | undefined,
): string | null {
  if ('queue' in decision) return decision.queue;
  if (!('wait' in decision) || decision.wait === 'loading') return null;
  const { queued } = entry ?? {};
  const isCommit = queued?.reason === markerReason(COMMIT) && queued.fingerprint === drop.fingerprint;
  const marker = isCommit ? COMMIT : (waitFor ?? '');
  const reason = decision.wait === 'marker' ? markerReason(marker) : SETTLING;
  const noted = queued?.reason === reason && queued.fingerprint === drop.fingerprint;
  return noted ? null : reason;
}
