import type { Exclusive } from '../../base/concurrency.ts';
import type { TaskQueue } from '../../base/queue.ts';
import { type Clock, DAY_MS, type UtcDay } from '../../base/time.ts';
import type { Ledger, Queued } from '../../ledger/Ledger.ts';
import { isFailing, type LedgerEntry } from '../../ledger/LedgerEntry.ts';
import type { Dataset, Source } from '../../schema/sources.ts';
import type { CustomerBucket } from '../CustomerBucket.ts';
import { countFiles, type Drop, waitingFiles } from '../Drop.ts';
import { dropPlace, lackedMarker, markerKey } from '../datasetFolder.ts';
import { IngestError, isOutOfTime } from '../IngestError.ts';
import { isMoved, summarizeLeftOut } from '../lastLoad.ts';
import { NAMED_DAYS } from '../limits.ts';
import { listEachDrop } from '../listDrops.ts';
import { lookbackDays } from '../lookbackDays.ts';
import { type DayDecision, type DayTerms, decideDay } from './decideDay.ts';
import type { IngestTask, PlanRequest } from './messageBodies.ts';
import { markerReason, SETTLING } from './waitingReason.ts';

/** The ports of a plan. */
export interface PlanPorts {
  /** Opens the bucket that a dataset's files are in. */
  readonly bucketOf: (source: Source, dataset: Dataset) => Pick<CustomerBucket, 'list'>;
  /** The state of each day. */
  readonly ledger: Pick<Ledger, 'read' | 'noteQueued'>;
  /** The load's queue. */
  readonly tasks: TaskQueue;
  /** The time by which files have settled. */
  readonly clock: Clock;
  /** Held while a day of many objects is planned. Default: one dataset is planned at a time. */
  readonly alone?: Exclusive;
  /** Epoch milliseconds after which no dataset is started, and of no dataset a further day is listed. */
  readonly deadline: number;
}

/** A day and its decision. */
export interface PlannedDay {
  /** The day. */
  readonly day: UtcDay;
  /** What is done with it, and why. */
  readonly decision: DayDecision;
  /** Number of files in its folder, including temporary ones of a job, and with `filesLeave` those that have left. */
  readonly files: number;
  /** Number of objects that the last successful load left out although they were probably meant to be loaded. */
  readonly leftOut: number;
  /** Epoch milliseconds of the last write to its folder; null without objects. */
  readonly lastModified: number | null;
  /**
   * Whether the last load of the same files failed, or found that files are missing. A failure before the lookback
   * counts only if the request names the day.
   */
  readonly failed: boolean;
  /** Whether it waits to be loaded, has failed, or was loaded and its files are missing: it is looked at until that ends. */
  readonly isOpen: boolean;
}

/** The plan of one dataset. */
export interface DatasetPlan {
  /** The name of the source. */
  readonly source: string;
  /** The name of the dataset. */
  readonly dataset: string;
  /** The days that were looked at, oldest first. */
  readonly days: readonly PlannedDay[];
  /** Days that were not reached before the deadline, in the order in which they would have been listed. */
  readonly rest: readonly UtcDay[];
}

/**
 * The customer's bucket of a dataset, which lists nothing after the deadline, so that a run ends with what it has found.
 *
 * @returns Its `list` throws IngestError `SLUICE_INGEST_OUT_OF_TIME` then.
 */
export function bucketUntil(
  { bucketOf, clock, deadline }: Pick<PlanPorts, 'bucketOf' | 'clock' | 'deadline'>,
  source: Source,
  dataset: Dataset,
): Pick<CustomerBucket, 'list'> {
  const bucket = bucketOf(source, dataset);
  return {
    async list(request) {
      if (clock.now() >= deadline) throw new IngestError('SLUICE_INGEST_OUT_OF_TIME');
      return bucket.list(request);
    },
  };
}

/**
 * Plans some days of a dataset and queues those that are new or changed. Tasks are sent before the ledger notes them: a
 * task that is sent twice is loaded once, but a task that is noted and not sent would be delayed for hours.
 *
 * @param openDays Days that are planned besides, before the others: a run that ends early has them. Default none.
 * @throws SourceError if the folder can't be listed; LedgerError if the ledger fails; QueueError if the queue fails;
 *   IngestError `SLUICE_INGEST_OUT_OF_TIME` if the deadline passes before the first day is listed.
 */
export async function planDataset(
  ports: PlanPorts,
  { source, dataset }: { readonly source: Source; readonly dataset: Dataset },
  request: Pick<PlanRequest, 'days' | 'asked'>,
  openDays: readonly UtcDay[] = [],
): Promise<DatasetPlan> {
  const { ledger, tasks, clock } = ports;
  const subject = { source: source.name, dataset: dataset.name };
  const lookback = request.days ?? lookbackDays(clock.now(), dataset.timezone, dataset.lookbackDays);
  const days = [...new Set([...openDays, ...lookback])];
  const terms = {
    now: clock.now(),
    settleMs: source.settleMinutes * 60_000,
    asked: request.asked,
    table: dataset.table,
    filesLeave: dataset.filesLeave,
    place: dropPlace(source, dataset),
  };
  /** What follows from each day. The files of days and entries are not kept, as they may fill the memory. */
  const looked: LookedDay[] = [];
  const use = async (day: UtcDay, drop: Drop) => {
    const entry = await ledger.read({ ...subject, day });
    const isOld = request.days === undefined && !lookback.includes(day);
    const decision = decideDay(drop, entry, { ...terms, isOld, marker: markerKey(dataset, day) });
    const reason = noteOf(decision, drop, entry, lackedMarker(dataset, drop));
    const { fingerprint } = drop;
    looked.push({
      planned: plannedDay(dataset, drop, entry, { day, decision, isOld, ...terms }),
      fingerprint,
      note: reason === null ? null : { fingerprint, reason, ...waitingFiles(drop) },
      seen: entry === null ? null : { token: entry.token },
    });
  };
  const bucket = bucketUntil(ports, source, dataset);
  await listEachDrop(bucket, dataset, days, { use, alone: ports.alone }).catch((error) => {
    if (!isOutOfTime(error) || looked.length === 0) throw error;
  });
  const bodies = looked.flatMap(({ planned: { day, decision }, fingerprint }) =>
    'queue' in decision
      ? [JSON.stringify({ ...subject, day, fingerprint, reason: decision.queue } satisfies IngestTask)]
      : [],
  );
  if (bodies.length > 0) await tasks.send(bodies, 0, source.name);
  // Entries are noted one after the other, as each is read again and may be large.
  for (const { planned, note, seen } of looked)
    if (note !== null)
      await ledger.noteQueued({ ...subject, day: planned.day, table: dataset.table }, note, seen);
  const planned = looked.map((lookedDay) => lookedDay.planned).sort((a, b) => (a.day < b.day ? -1 : 1));
  const reached = new Set(planned.map(({ day }) => day));
  return { ...subject, days: planned, rest: days.filter((day) => !reached.has(day)) };
}

/** What is kept of a day that was looked at. */
interface LookedDay {
  /** The day and its decision. */
  readonly planned: PlannedDay;
  /** The state of its files, by which a repeated look is known. */
  readonly fingerprint: string;
  /** What the ledger is to note; null if nothing is new. */
  readonly note: Omit<Queued, 'at'> | null;
  /** The entry on which that rests; null if there was none. */
  readonly seen: Pick<LedgerEntry, 'token'> | null;
}

/**
 * The counts and the decision of one day, as the run reports them.
 *
 * @param known An entry for the dataset's previous table does not count.
 */
function plannedDay(
  dataset: Dataset,
  drop: Drop,
  known: LedgerEntry | null,
  {
    day,
    decision,
    isOld,
    now,
    place,
  }: Pick<PlannedDay, 'day' | 'decision'> & Pick<DayTerms, 'now' | 'place'> & { readonly isOld: boolean },
): PlannedDay {
  const entry = known?.table === dataset.table ? known : null;
  const skip = 'skip' in decision ? decision.skip : undefined;
  const isFailed = skip === 'failed' || (skip === 'elsewhere' && isFailing(entry));
  return {
    day,
    isOpen:
      skip === undefined ||
      skip === 'queued' ||
      (isFailed && now - (entry?.updatedAt ?? 0) < NAMED_DAYS * DAY_MS) ||
      entry?.state === 'inputs_missing',
    decision,
    files: Math.max(
      countFiles(drop) + drop.leftOut.filter(({ reason }) => reason === 'temporary').length,
      dataset.filesLeave && !isMoved(entry, place)
        ? (entry?.files.filter(({ fate }) => fate === 'loaded').length ?? 0)
        : 0,
    ),
    leftOut: entry === null ? 0 : summarizeLeftOut(entry).count,
    lastModified: drop.lastModified,
    failed:
      ((isFailing(entry) && !isOld) || entry?.state === 'inputs_missing') &&
      (skip === 'elsewhere' || entry?.fingerprint === drop.fingerprint),
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
  const isCommit = queued?.reason === markerReason() && queued.fingerprint === drop.fingerprint;
  const reason = decision.wait === 'marker' ? markerReason(isCommit ? undefined : waitFor) : SETTLING;
  const noted = queued?.reason === reason && queued.fingerprint === drop.fingerprint;
  return noted ? null : reason;
}
