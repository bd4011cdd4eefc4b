import { mapLimit } from '../../base/concurrency.ts';
import type { TaskQueue } from '../../base/queue.ts';
import type { Clock, UtcDay } from '../../base/time.ts';
import type { Dataset, Source } from '../../schema/sources.ts';
import type { CustomerBucket } from '../CustomerBucket.ts';
import { type Drop, isUnloadable } from '../Drop.ts';
import { summarizeLeftOut } from '../lastLoad.ts';
import type { Ledger } from '../ledger/Ledger.ts';
import type { LedgerEntry } from '../ledger/LedgerEntry.ts';
import { PARALLEL_DAYS } from '../limits.ts';
import { listDrops, markerKey } from '../listDrops.ts';
import { type DayDecision, decideDay, lookbackDays, markerReason, SETTLING } from './decideDay.ts';
import type { IngestTask, PlanRequest } from './messageBodies.ts';

/** What planning works with. */
export interface PlanPorts {
  readonly bucketOf: (source: Source, dataset: Dataset) => Pick<CustomerBucket, 'list'>;
  readonly ledger: Pick<Ledger, 'read' | 'noteQueued'>;
  /** The load's queue. */
  readonly tasks: TaskQueue;
  readonly clock: Clock;
}

/** One day, and what was made of it. */
export interface PlannedDay {
  readonly day: UtcDay;
  readonly decision: DayDecision;
  /** Files in its folder, and what looks as if it were meant to be one. */
  readonly files: number;
  /** Objects that the last good load left out though they look as if they were meant to be loaded. */
  readonly leftOut: number;
  /** The last load failed, and the files are still the same. */
  readonly failed: boolean;
}

/** What a look at one dataset came to. */
export interface DatasetPlan {
  readonly source: string;
  readonly dataset: string;
  readonly days: readonly PlannedDay[];
  readonly listCalls: number;
}

/**
 * Looks at some days of a dataset and queues those that are new or changed. Tasks are sent before the ledger notes them:
 * what is sent twice is loaded once, what is noted and never sent would wait for hours.
 *
 * @throws SourceError when the folder can't be listed; IngestError when the ledger fails, QueueError when the queue does.
 */
export async function planDataset(
  ports: PlanPorts,
  source: Source,
  dataset: Dataset,
  request: Pick<PlanRequest, 'days' | 'asked'>,
): Promise<DatasetPlan> {
  const { ledger, tasks, clock } = ports;
  const days = request.days ?? lookbackDays(clock.now(), dataset.timezone, dataset.lookbackDays);
  const { drops, calls } = await listDrops(ports.bucketOf(source, dataset), dataset, days);
  const terms = {
    now: clock.now(),
    settleMs: source.settleMinutes * 60_000,
    asked: request.asked,
    table: dataset.table,
  };
  const looked = await mapLimit([...drops], PARALLEL_DAYS, async ([day, drop]) => {
    const entry = await ledger.read({ source: source.name, dataset: dataset.name, day });
    return {
      day,
      drop,
      entry,
      decision: decideDay(drop, entry, { ...terms, marker: markerKey(dataset, day) }),
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
  if (queued.length > 0) await tasks.send(queued.map((task) => JSON.stringify(task)));
  await mapLimit(looked, PARALLEL_DAYS, async ({ day, drop, entry, decision }) => {
    const reason = noteOf(decision, drop, entry, dataset.waitFor);
    if (reason === null) return;
    const place = { source: source.name, dataset: dataset.name, day, table: dataset.table };
    await ledger.noteQueued(place, { fingerprint: drop.fingerprint, reason }, entry);
  });
  return {
    source: source.name,
    dataset: dataset.name,
    listCalls: calls,
    days: looked.map(({ day, drop, entry, decision }) => ({
      day,
      decision,
      files: drop.files.length + drop.leftOut.filter(({ reason }) => isUnloadable(reason)).length,
      leftOut: entry === null ? 0 : summarizeLeftOut(entry).count,
      failed: entry?.state === 'failed' && entry.fingerprint === drop.fingerprint,
    })),
  };
}

/** What the ledger is to note as queued; null for nothing new. */
function noteOf(
  decision: DayDecision,
  drop: Drop,
  entry: LedgerEntry | null,
  waitFor: string | undefined,
): string | null {
  if ('queue' in decision) return decision.queue;
  if (!('wait' in decision) || decision.wait === 'loading') return null;
  const reason = decision.wait === 'marker' ? markerReason(waitFor ?? '') : SETTLING;
  const { queued } = entry ?? {};
  const noted = queued?.reason === reason && queued.fingerprint === drop.fingerprint;
  return noted ? null : reason;
}
