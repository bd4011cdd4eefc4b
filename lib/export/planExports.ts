import * as z from 'zod';
import { mapLimit } from '../base/concurrency.ts';
import { SluiceError } from '../base/errors.ts';
import type { ObjectStore } from '../base/ObjectStore.ts';
import type { TaskQueue } from '../base/queue.ts';
import { sum } from '../base/sum.ts';
import { addDays, type Clock, daysBetween, type UtcDay, utcDay } from '../base/time.ts';
import type { Ledger } from '../ledger/Ledger.ts';
import { isFailing, type LedgerEntry, NO_FILES } from '../ledger/LedgerEntry.ts';
import { type DatasetNotes, datasetNotes, type ListEntries, oldestFirst } from '../ledger/ledgerStore.ts';
import type { Export } from '../schema/exports.ts';
import { exportFolder } from '../tables/exportKeys.ts';
import { EXPORTS_LEDGER, exportSubject, lastLookKey } from '../tables/ledgerKeys.ts';
import { ExportError, isTransientCode } from './ExportError.ts';
import { type LandedTable, listDayFiles } from './LandedTable.ts';
import { PARALLEL_EXPORTS, REQUEUE_AFTER_MS, RETRY_AFTER_MS } from './limits.ts';
import type { ExportReason, ExportRequest, ExportTask } from './messageBodies.ts';
import type { TargetBucket } from './TargetBucket.ts';

/** When all days of an export were looked at last: `ledger/exports/<export>/last-look.json`. */
const exportLookSchema = z.object({
  /** Epoch milliseconds. */
  at: z.number(),
  /** Whether the export could not be planned then, and somebody has to mend it. */
  failed: z.boolean().optional(),
  /** Whether there was no bucket, and what the one that came in its place has is not known yet. */
  bucketGone: z.boolean().optional(),
});

/** Last looks at exports. */
type ExportLooks = DatasetNotes<z.output<typeof exportLookSchema>>;

/** Last looks in a bucket. */
export function exportLooks(store: ObjectStore): ExportLooks {
  return datasetNotes(store, lastLookKey, exportLookSchema);
}

/** The ports of {@link planExports}. */
export interface PlanExportsPorts {
  /** The exports of the configuration. */
  readonly exports: readonly Export[];
  /** The state of each exported day. */
  readonly ledger: Pick<Ledger, 'read' | 'noteQueued'>;
  /** The notes of the last looks. */
  readonly looks: ExportLooks;
  /** The time by which files have settled. */
  readonly clock: Clock;
  /** Opens a table of the deployment by its name. */
  readonly tableOf: (table: string) => LandedTable;
  /** The customer's bucket of an export. */
  readonly targetOf: (exported: Export) => Pick<TargetBucket, 'listDays'>;
  /** Lists the days of an export that have an entry in the ledger. */
  readonly entriesOf: ListEntries;
  /** The queue of the export's tasks. */
  readonly tasks: TaskQueue;
}

/** The result of a run. */
interface ExportsPlan {
  /** The tasks that were sent. */
  readonly queued: readonly ExportTask[];
  /** Number of days that were checked. */
  readonly looked: number;
  /** Number of days whose last export failed, regardless of this run's decision. */
  readonly failedDays: number;
  /** Whether some of these days have a task now. */
  readonly isTryingFailed: boolean;
  /** Exports that could not be planned. They do not stop the others. */
  readonly failed: readonly {
    /** The name of the export. */
    readonly export: string;
    /** The code of the error. */
    readonly code: string;
    /** The cause, with its details. */
    readonly message: string;
    /** Whether a retry may help: a service was unavailable, or the time was up. */
    readonly transient: boolean;
  }[];
}

/**
 * Finds days of exported tables that are new or changed, and queues each once. Once a bucket that was gone is there
 * again, it also queues each day of the ledger that the bucket does not have. It begins with the export whose last look
 * is oldest, so that a run whose time is up does not leave out the same exports each time. Tasks are sent before the
 * ledger notes them: a task that is sent twice is exported once, but a task that is noted and not sent would be delayed
 * for an hour.
 */
export async function planExports(ports: PlanExportsPorts, request: ExportRequest): Promise<ExportsPlan> {
  const wanted = ports.exports.filter(
    ({ name, schedule }) =>
      (request.schedule === undefined || schedule === request.schedule) &&
      (request.exports === undefined || request.exports.includes(name)),
  );
  const failed: ExportsPlan['failed'][number][] = [];
  const { looks, clock } = ports;
  const inTurn = await oldestFirst(wanted, ({ name }) => looks.read(EXPORTS_LEDGER, name));
  const plans = await mapLimit(inTurn, PARALLEL_EXPORTS, async ({ item: exported, look }) => {
    let bucketGone = false;
    /** Notes the look, unless the request names days: these are not all days of the export. */
    const note = async (isFailed: boolean): Promise<boolean> => {
      const noted = { at: clock.now(), failed: isFailed, ...(bucketGone ? { bucketGone } : {}) };
      if (request.days === undefined) await looks.write(EXPORTS_LEDGER, exported.name, noted);
      return true;
    };
    try {
      const last = await look;
      bucketGone = last?.bucketGone === true;
      const plan = await planOne(ports, exported, request, async () => {
        bucketGone = true;
        await looks.write(EXPORTS_LEDGER, exported.name, { at: 0, ...last, bucketGone });
      });
      if (bucketGone && request.days === undefined) {
        const again = await planAbsent(ports, exported);
        bucketGone = again === null;
        plan.queued.push(...(again ?? []));
      }
      await note(false);
      return plan;
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      const { code, message } = error;
      const passes = isTransientCode(code) || code === 'SLUICE_EXPORT_OUT_OF_TIME';
      // If the note fails, the next try repeats the look.
      const transient = passes || !(await note(true).catch(() => false));
      failed.push({ export: exported.name, code, message, transient });
      return { queued: [], looked: 0, failedDays: 0, isTryingFailed: false };
    }
  });
  return {
    queued: plans.flatMap(({ queued }) => queued),
    looked: sum(plans.map(({ looked }) => looked)),
    failedDays: sum(plans.map(({ failedDays }) => failedDays)),
    isTryingFailed: plans.some(({ isTryingFailed }) => isTryingFailed),
    failed,
  };
}

/** What a run has done for one export. */
interface ExportPlan extends Pick<ExportsPlan, 'looked' | 'failedDays' | 'isTryingFailed'> {
  /** The tasks to send. */
  readonly queued: ExportTask[];
}

/**
 * Finds the days of one export that are to be exported, and queues them.
 *
 * @param noteGone Notes that the last try of a day found no bucket, before the day is tried again: after that nothing
 *   else tells it.
 */
async function planOne(
  ports: PlanExportsPorts,
  exported: Export,
  request: Pick<ExportRequest, 'schedule' | 'days' | 'drop'>,
  noteGone: () => Promise<void>,
): Promise<ExportPlan> {
  const { clock } = ports;
  const { days = exportLookback(exported, clock.now()) } = request;
  const reasonOf = (entry: LedgerEntry | null, fingerprint: string): ExportReason | null =>
    request.days === undefined
      ? exportReason(entry, fingerprint, clock.now(), request.schedule === undefined)
      : 'asked';
  const looked = await lookAt(ports, exported, days, reasonOf);
  const failing = looked.filter((day) => day.failedBy !== null);
  if (failing.some(({ failedBy }) => failedBy === BUCKET_MISSING)) await noteGone();
  const queued = await queue(ports, exported, looked, request.drop === true);
  return {
    queued,
    looked: days.length,
    failedDays: failing.length,
    isTryingFailed: failing.some(({ seen, reason }) => reason !== null || seen?.state !== 'failed'),
  };
}

/** The code of a day whose export found no bucket. */
const BUCKET_MISSING = 'SLUICE_EXPORT_BUCKET_MISSING';
/** Days that are looked at before their tasks are sent: a run whose time is up has queued those before. */
const DAYS_AT_ONCE = 100;

/**
 * Queues each exported day that a customer's bucket does not have, after the bucket was gone: one that is made again is
 * empty. A bucket that was always there is not looked through, as whoever reads the files may delete them. A day whose
 * files are gone from our table, too, stays as it is: an empty day would take away what the reader has of it.
 *
 * @returns Null if the bucket is not there yet, or does not let itself be listed.
 */
async function planAbsent(ports: PlanExportsPorts, exported: Export): Promise<ExportTask[] | null> {
  const there = await listTarget(ports.targetOf(exported), exported);
  if (there === null) return null;
  const entries = await ports.entriesOf(EXPORTS_LEDGER, exported.name);
  const today = utcDay(ports.clock.now());
  const absent = [...entries.keys()].filter((day) => day < today && !there.has(day)).sort();
  const queued: ExportTask[] = [];
  for (let i = 0; i < absent.length; i += DAYS_AT_ONCE) {
    const days = absent.slice(i, i + DAYS_AT_ONCE);
    const looked = await lookAt(ports, exported, days, (entry, fingerprint) =>
      entry?.state === 'succeeded' && fingerprint !== NO_FILES ? 'missing' : null,
    );
    queued.push(...(await queue(ports, exported, looked, false)));
  }
  return queued;
}

/** A day that a run has looked at. Only the outcome is kept, not its list of files. */
interface LookedDay {
  /** The day. */
  readonly day: UtcDay;
  /** The ledger's entry as it was read; null without one. */
  readonly seen: Pick<LedgerEntry, 'token' | 'state'> | null;
  /** The code by which its last try failed; null if it did not. */
  readonly failedBy: string | null;
  /** The state of its files. */
  readonly fingerprint: string;
  /** Why it is exported; null if it is not. */
  readonly reason: ExportReason | null;
}

/** Looks at some days of an export, one at a time, as a day's list of files may be long. */
async function lookAt(
  { ledger, clock, tableOf }: PlanExportsPorts,
  exported: Export,
  days: readonly UtcDay[],
  reasonOf: (entry: LedgerEntry | null, fingerprint: string) => ExportReason | null,
): Promise<readonly LookedDay[]> {
  const table = tableOf(exported.table);
  const locations = await table.locations(days);
  return mapLimit(days, 1, async (day) => {
    const entry = await ledger.read(exportSubject(exported, day));
    const { fingerprint } = await listDayFiles(table, locations.get(day), entry?.files ?? [], clock.now());
    const seen = entry === null ? null : { token: entry.token, state: entry.state };
    const failedBy = isFailing(entry) ? (entry?.failure?.code ?? '') : null;
    return { day, seen, failedBy, fingerprint, reason: reasonOf(entry, fingerprint) };
  });
}

/** Sends the tasks of days, and notes them. */
async function queue(
  { ledger, tasks }: Pick<PlanExportsPorts, 'ledger' | 'tasks'>,
  exported: Export,
  looked: readonly LookedDay[],
  drops: boolean,
): Promise<ExportTask[]> {
  const wanted = looked.flatMap(({ day, seen, fingerprint, reason }) => {
    if (reason === null) return [];
    const drop = drops ? { drop: true as const } : {};
    const task: ExportTask = {
      sluice: 'export-day',
      export: exported.name,
      day,
      fingerprint,
      reason,
      ...drop,
    };
    return [{ seen, task }];
  });
  if (wanted.length > 0) await tasks.send(wanted.map(({ task }) => JSON.stringify(task)));
  await mapLimit(wanted, 1, ({ seen, task: { day, fingerprint, reason } }) =>
    ledger.noteQueued(exportSubject(exported, day), { fingerprint, reason }, seen),
  );
  return wanted.map(({ task }) => task);
}

/**
 * Whether something of a schedule's exports fails: the last look at an export, or the last try of a day, also of one that
 * is queued to be tried again. Once something does, no more of the ledger is read.
 */
export async function isAnyFailing(
  { exports, ledger, looks, clock }: Pick<PlanExportsPorts, 'exports' | 'ledger' | 'looks' | 'clock'>,
  schedule: Export['schedule'],
): Promise<boolean> {
  const scheduled = exports.filter((exported) => exported.schedule === schedule);
  let isFound = false;
  await mapLimit(scheduled, PARALLEL_EXPORTS, async (exported) => {
    const look = await looks.read(EXPORTS_LEDGER, exported.name);
    if (look?.failed === true) isFound = true;
    for (const day of exportLookback(exported, clock.now())) {
      if (isFound) return;
      if (isFailing(await ledger.read(exportSubject(exported, day)))) isFound = true;
    }
  });
  return isFound;
}

/** The days of which an export's folder has an object; null if there is no bucket, or it does not let itself be listed. */
async function listTarget(
  target: Pick<TargetBucket, 'listDays'>,
  exported: Export,
): Promise<ReadonlySet<UtcDay> | null> {
  try {
    return await target.listDays(exportFolder(exported));
  } catch (error) {
    // The next task of a day tells why.
    if (error instanceof ExportError && NOT_BACK.has(error.code)) return null;
    throw error;
  }
}

/** Refusals of a bucket that is not there again, or not with its policy. */
const NOT_BACK: ReadonlySet<string> = new Set([BUCKET_MISSING, 'SLUICE_EXPORT_ACCESS_DENIED']);

/**
 * The days of an export's lookback, oldest first: those before today in UTC, as today is still being written.
 *
 * @param now Epoch milliseconds.
 */
export function exportLookback(
  { lookbackDays: days }: Pick<Export, 'lookbackDays'>,
  now: number,
): readonly UtcDay[] {
  const today = utcDay(now);
  return daysBetween(addDays(today, -days), addDays(today, -1));
}

/** Why a day is exported; null if it is not. @param isAsked Whether a person asks, who has corrected what it failed by. */
function exportReason(
  entry: LedgerEntry | null,
  fingerprint: string,
  now: number,
  isAsked: boolean,
): ExportReason | null {
  if (entry === null) return fingerprint === NO_FILES ? null : 'new';
  if (entry.lease !== undefined && entry.lease.until > now) return null;
  const { queued } = entry;
  const waits = entry.state === 'waiting' && queued !== undefined && now - queued.at < REQUEUE_AFTER_MS;
  if (waits && queued.fingerprint === fingerprint) return null;
  const same = entry.fingerprint === fingerprint;
  if (entry.state === 'failed') {
    // The same day may succeed after a policy or a key was corrected.
    return !isAsked && now - entry.updatedAt < RETRY_AFTER_MS ? null : 'retried';
  }
  if (same && (entry.state === 'succeeded' || entry.state === 'succeeded_no_data')) return null;
  if (fingerprint === NO_FILES) return entry.fingerprint === null ? null : 'deleted';
  return entry.fingerprint === null ? 'new' : 'changed';
}
