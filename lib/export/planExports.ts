import * as z from 'zod';
import { mapLimit } from '../base/concurrency.ts';
import { SluiceError } from '../base/errors.ts';
import type { ObjectStore } from '../base/ObjectStore.ts';
import type { TaskQueue } from '../base/queue.ts';
import { addDays, type Clock, type UtcDay, utcDay } from '../base/time.ts';
import type { Ledger } from '../ledger/Ledger.ts';
import { isFailing, type LedgerEntry, NO_FILES } from '../ledger/LedgerEntry.ts';
import { type DatasetNotes, datasetNotes, type ListEntries, oldestFirst } from '../ledger/ledgerStore.ts';
import type { Export } from '../schema/exports.ts';
import { exportFolder } from '../tables/exportKeys.ts';
import { EXPORTS_LEDGER, exportSubject, lastLookKey } from '../tables/ledgerKeys.ts';
import { ExportError, isTransientCode } from './ExportError.ts';
import type { ExportedFolder, TargetBucket } from './exportDay.ts';
import { type LandedTable, listDayFiles } from './LandedTable.ts';
import { PARALLEL_EXPORTS, REQUEUE_AFTER_MS, RETRY_AFTER_MS } from './limits.ts';
import type { ExportReason, ExportRequest, ExportTask } from './messageBodies.ts';

/** When all days of an export were looked at last: `ledger/exports/<export>/last-look.json`. */
const exportLookSchema = z.object({
  /** Epoch milliseconds. */
  at: z.number(),
  /** Whether the export could not be planned then, and somebody has to mend it. */
  failed: z.boolean().optional(),
});

/** Last looks at exports. */
export type ExportLooks = DatasetNotes<z.output<typeof exportLookSchema>>;

/** Last looks in a bucket. */
export function exportLooks(store: ObjectStore): ExportLooks {
  return datasetNotes(store, lastLookKey, exportLookSchema);
}

/** The ports of {@link planExports}. */
export interface PlanExportsPorts {
  readonly exports: readonly Export[];
  readonly ledger: Pick<Ledger, 'read' | 'noteQueued'>;
  readonly looks: ExportLooks;
  readonly clock: Clock;
  readonly tableOf: (table: string) => LandedTable;
  /** The customer's bucket of an export. */
  readonly targetOf: (exported: Export) => Pick<TargetBucket, 'listDays'>;
  /** Lists the days of an export that have an entry in the ledger. */
  readonly entriesOf: ListEntries;
  readonly tasks: TaskQueue;
}

/** The result of a run. */
export interface ExportsPlan {
  readonly queued: readonly ExportTask[];
  /** Number of days that were checked. */
  readonly looked: number;
  /** Number of days whose last export failed, regardless of this run's decision. */
  readonly failedDays: number;
  /** Whether some of these days have a task now. */
  readonly isTryingFailed: boolean;
  /** Exports that could not be planned. They do not stop the others. */
  readonly failed: readonly {
    readonly export: string;
    readonly code: string;
    readonly message: string;
    /** Whether a retry may help: a service was unavailable, or the time was up. */
    readonly transient: boolean;
  }[];
}

/**
 * Finds days of exported tables that are new or changed, and queues each once. It begins with the export whose last
 * look is oldest, so that a run whose time is up does not leave out the same exports each time. Tasks are sent before
 * the ledger notes them:
 * a task that is sent twice is exported once, but a task that is noted and not sent would be delayed for an hour.
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
  const plans = await mapLimit(inTurn, PARALLEL_EXPORTS, async ({ item: exported }) => {
    /** Notes the look, unless the request names days: these are not all days of the export. */
    const note = async (failed: boolean): Promise<boolean> => {
      const look = { at: clock.now(), failed };
      if (request.days === undefined) await looks.write(EXPORTS_LEDGER, exported.name, look);
      return true;
    };
    try {
      const plan = await planOne(ports, exported, request);
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
    looked: plans.reduce((sum, { looked }) => sum + looked, 0),
    failedDays: plans.reduce((sum, { failedDays }) => sum + failedDays, 0),
    isTryingFailed: plans.some(({ isTryingFailed }) => isTryingFailed),
    failed,
  };
}

/** Finds the days of one export that are to be exported, and queues them. */
async function planOne(
  ports: PlanExportsPorts,
  exported: Export,
  request: Pick<ExportRequest, 'schedule' | 'days' | 'drop'>,
): Promise<Omit<ExportsPlan, 'failed'>> {
  const { ledger, clock, tableOf, tasks } = ports;
  const { days: namedDays } = request;
  const table = tableOf(exported.table);
  const { days, there } =
    namedDays === undefined
      ? await daysToLookAt(ports, exported, request.schedule !== undefined)
      : { days: namedDays, there: null };
  const locations = await table.locations(days);
  /** Only the outcome for each day is kept, not its list of files. */
  const looked = await mapLimit(days, 1, async (day) => {
    const entry = await ledger.read(exportSubject(exported, day));
    const { fingerprint } = await listDayFiles(table, locations.get(day), entry?.files ?? [], clock.now());
    const isThere = entry === null || there === null || isComplete(exported, entry, there.get(day));
    const reason =
      namedDays === undefined ? exportReason(entry, { fingerprint, isThere }, clock.now()) : 'asked';
    const seen = entry === null ? null : { token: entry.token, state: entry.state };
    return { day, seen, isFailing: isFailing(entry), fingerprint, reason };
  });
  const wanted = looked.flatMap(({ day, seen, fingerprint, reason }) => {
    if (reason === null) return [];
    const drop = request.drop === true ? { drop: true as const } : {};
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
  const failing = looked.filter((day) => day.isFailing);
  return {
    queued: wanted.map(({ task }) => task),
    looked: days.length,
    failedDays: failing.length,
    isTryingFailed: failing.some(({ seen, reason }) => reason !== null || seen?.state !== 'failed'),
  };
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
    for (const day of lookback(utcDay(clock.now()), exported.lookbackDays)) {
      if (isFound) return;
      if (isFailing(await ledger.read(exportSubject(exported, day)))) isFound = true;
    }
  });
  return isFound;
}

/** Days that a run looks at, and what their folders in the customer's bucket have. */
interface LookedDays {
  readonly days: readonly UtcDay[];
  /** What the customer's bucket has, by day; null if it does not let itself be listed. */
  readonly there: ReadonlyMap<UtcDay, ExportedFolder> | null;
}

/**
 * The days of the lookback. A run that a person asks for also looks at older days of the ledger that the customer's bucket
 * does not have, as after it was made again. A scheduled run does not: a rule of the bucket may delete old days.
 */
async function daysToLookAt(
  { clock, targetOf, entriesOf }: PlanExportsPorts,
  exported: Export,
  isScheduled: boolean,
): Promise<LookedDays> {
  const days = lookback(utcDay(clock.now()), exported.lookbackDays);
  const [first = ''] = days;
  const there = await listTarget(targetOf(exported), exported, isScheduled ? first : '');
  if (isScheduled || there === null) return { days, there };
  const entries = await entriesOf(EXPORTS_LEDGER, exported.name);
  const isAbsent = (day: UtcDay) => {
    const { hasManifest, files } = there.get(day) ?? NOTHING_THERE;
    return exported.format === 'copy' ? !hasManifest : files === 0;
  };
  const old = [...entries.keys()].filter((day) => day < first && isAbsent(day));
  return { days: [...old.sort(), ...days], there };
}

/** A folder of which nothing is left. */
const NOTHING_THERE: ExportedFolder = { hasManifest: false, files: 0 };

/**
 * Lists an export's folder once. Of a bucket that does not exist nothing is left. Another refusal says nothing of the
 * days: the next task of a day has the same, and tells it.
 *
 * @param from The first day. Empty: all.
 */
async function listTarget(
  target: Pick<TargetBucket, 'listDays'>,
  exported: Export,
  from: UtcDay,
): Promise<LookedDays['there']> {
  try {
    return await target.listDays(exportFolder(exported), from);
  } catch (error) {
    if (!(error instanceof ExportError) || OF_THE_RUN.has(error.code)) throw error;
    return error.code === 'SLUICE_EXPORT_BUCKET_MISSING' ? new Map() : null;
  }
}

/** Refusals of the whole listing, which no task of a day would tell. */
const OF_THE_RUN: ReadonlySet<string> = new Set([
  'SLUICE_EXPORT_OUT_OF_TIME',
  'SLUICE_EXPORT_TOO_MANY_FILES',
]);

/** Whether the customer's folder of a day has its manifest, if it gets one, and as many files as were exported last. */
function isComplete(
  { format }: Export,
  { files }: Pick<LedgerEntry, 'files'>,
  there: ExportedFolder = NOTHING_THERE,
): boolean {
  return (format !== 'copy' || there.hasManifest) && there.files === files.length;
}

/** The days before today, oldest first, as today is still being written. */
function lookback(today: UtcDay, days: number): UtcDay[] {
  return Array.from({ length: days }, (_, i) => addDays(today, i - days));
}

/** Why a day is exported; null if it is not. @param isThere Whether the customer's bucket still has what was exported. */
function exportReason(
  entry: LedgerEntry | null,
  { fingerprint, isThere }: { readonly fingerprint: string; readonly isThere: boolean },
  now: number,
): ExportReason | null {
  if (entry === null) return fingerprint === NO_FILES ? null : 'new';
  if (entry.lease !== undefined && entry.lease.until > now) return null;
  const { queued } = entry;
  const waits = entry.state === 'waiting' && queued !== undefined && now - queued.at < REQUEUE_AFTER_MS;
  if (waits && queued.fingerprint === fingerprint) return null;
  const same = entry.fingerprint === fingerprint;
  if (entry.state === 'failed') {
    // The same day may succeed after a policy or a key was corrected.
    return now - entry.updatedAt < RETRY_AFTER_MS ? null : 'retried';
  }
  if (same && (entry.state === 'succeeded' || entry.state === 'succeeded_no_data'))
    return isThere ? null : 'missing';
  if (fingerprint === NO_FILES) return entry.fingerprint === null ? null : 'deleted';
  return entry.fingerprint === null ? 'new' : 'changed';
}
