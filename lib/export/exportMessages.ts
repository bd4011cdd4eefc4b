import type { SQSBatchResponse } from 'aws-lambda';
import * as z from 'zod';
import { parseJson } from '../base/json.ts';
import { metricsLine } from '../base/log.ts';
import type { QueueMessage } from '../base/queue.ts';
import { eachMessage, type MessageKind } from '../lambda/eachMessage.ts';
import type { Ledger } from '../ledger/Ledger.ts';
import { isFailing, type LedgerEntry } from '../ledger/LedgerEntry.ts';
import type { Export } from '../schema/exports.ts';
import { exportSubject } from '../tables/ledgerKeys.ts';
import { isTransientCode } from './ExportError.ts';
import { type DayExporter, exportDay } from './exportDay.ts';
import { exportMetrics } from './exportMetrics.ts';
import type { FileRewriter } from './FileRewriter.ts';
import { GO_ON_AFTER_SECONDS, MAX_ROUNDS } from './limits.ts';
import {
  type ExportRequest,
  type ExportTask,
  exportRequestSchema,
  exportTaskSchema,
} from './messageBodies.ts';
import { isAnyFailing, type PlanExportsPorts, planExports } from './planExports.ts';
import type { TargetBucket } from './TargetBucket.ts';

/** Ports for one export, by a session of the function's role that is limited to that export (docs/export.md). */
export interface IsolatedExporter extends Pick<Exporter, 'ledger' | 'tableOf' | 'targetOf'> {
  /** Closes their connections. */
  close(): void;
}

/** The dependencies of one invocation of the export. */
export interface Exporter
  extends Omit<PlanExportsPorts, 'ledger'>,
    Pick<DayExporter, 'deadline' | 'leaseUntil' | 'log'> {
  /** The state of each exported day, and who works on it. */
  readonly ledger: Pick<Ledger, 'read' | 'noteQueued' | 'claim' | 'renew' | 'settle'>;
  /** The customer's bucket of an export. */
  readonly targetOf: (exported: Export) => TargetBucket;
  /** Returns the rewriter for the files of an export; undefined to copy them. Default: all files are copied. */
  readonly rewriterOf?: (exported: Export) => Promise<FileRewriter | undefined>;
  /**
   * Makes ports for a task that reach its export and nothing else. They replace the ports of the same names above. The
   * caller closes them. Default: tasks use the ports above.
   */
  readonly isolate?: (exported: Export) => Promise<IsolatedExporter>;
  /** Makes a unique ID. */
  readonly newOwner: () => string;
  /** The stage of the deployment. */
  readonly stage: string;
}

/** Every message of the queue. */
const messageSchema = z.discriminatedUnion('sluice', [exportRequestSchema, exportTaskSchema]);

/** What messages of the queue ask for. */
const exportRequests: MessageKind<ExportRequest | ExportTask> = {
  event: 'export',
  invalid: 'SLUICE_EXPORT_MESSAGE_INVALID',
  read: (body) => messageSchema.safeParse(parseJson(body)).data,
  fields: (message) =>
    message.sluice === 'export' ? { event: 'export_run' } : { export: message.export, day: message.day },
};

/**
 * Handles messages of the export's queue, requests and tasks, one after the other. The response names the messages to
 * redeliver: those whose work was busy or unavailable, and invalid ones, which end up in the dead-letter queue.
 */
export async function exportMessages(
  exporter: Exporter,
  messages: readonly QueueMessage[],
): Promise<SQSBatchResponse> {
  return eachMessage(messages, exportRequests, exporter.log, async (message) =>
    message.sluice === 'export'
      ? !(await runRequest(exporter, message))
      : !(await runTask(exporter, message)),
  );
}

/**
 * Finds days to export and reports them in the log. A scheduled run also writes the metric, unless tasks are about to
 * try failed days again: the alarm takes the highest value of some minutes, and it is for those tasks to end it.
 * Transient failures of planning do not count in the metric: the request is redelivered, and the dead-letter queue
 * raises an alarm if it never succeeds.
 *
 * @returns Whether the message is to be redelivered, because something was busy or unavailable.
 */
async function runRequest(exporter: Exporter, request: ExportRequest): Promise<boolean> {
  const { queued, looked, failedDays, isTryingFailed, failed } = await planExports(exporter, request);
  const lasting = failed.filter(({ transient }) => !transient);
  const again = lasting.length < failed.length;
  exporter.log({
    level: failed.length > 0 ? 'error' : 'info',
    event: 'export_run',
    looked,
    queued: queued.length,
    failed_days: failedDays,
    failed,
    again,
  });
  if (request.schedule !== undefined && (lasting.length > 0 || !isTryingFailed))
    reportFailing(exporter, request.schedule, failedDays + lasting.length);
  return again;
}

/**
 * Exports one day and logs the result. If this was the last failure of the schedule, it writes the metric at once: the
 * alarm need not wait for the next run.
 *
 * @returns Whether the message is to be redelivered.
 */
async function runTask(exporter: Exporter, task: ExportTask): Promise<boolean> {
  const { export: name, day } = task;
  const exported = exporter.exports.find((configured) => configured.name === name);
  if (exported === undefined) {
    exporter.log({ level: 'info', event: 'export', export: name, day, outcome: 'not_configured' });
    return false;
  }
  const subject = exportSubject(exported, day);
  const hadFailed = isFailing(await exporter.ledger.read(subject));
  const isolated = await exporter.isolate?.(exported);
  let again: boolean;
  try {
    again = await exportTask({ ...exporter, ...isolated }, exported, task);
  } finally {
    isolated?.close();
  }
  const isCured = hadFailed && !isFailing(await exporter.ledger.read(subject));
  if (isCured && !(await isAnyFailing(exporter, exported.schedule)))
    reportFailing(exporter, exported.schedule, 0);
  return again;
}

/**
 * Exports one day, logs the result, and either queues the next round or reports a failure in the metric. There a task
 * also counts a transient failure: the day fails until a later try succeeds.
 *
 * @returns Whether the message is to be redelivered.
 */
async function exportTask(exporter: Exporter, exported: Export, task: ExportTask): Promise<boolean> {
  const { export: name, day, reason, round = 0 } = task;
  const done = await exportDay(
    {
      ...exporter,
      table: exporter.tableOf(exported.table),
      target: exporter.targetOf(exported),
      rewriter: await exporter.rewriterOf?.(exported),
      owner: exporter.newOwner(),
    },
    exported,
    task,
  );
  const line = { event: 'export', export: name, day, reason };
  if (done.outcome === 'busy' || done.outcome === 'lost') {
    const again = done.outcome === 'busy';
    exporter.log({ level: 'info', ...line, ...done, again });
    return again;
  }
  const { entry, copied } = done;
  if (done.outcome === 'unfinished' && round < MAX_ROUNDS) {
    exporter.log({ level: 'info', ...line, outcome: 'unfinished', copied, again: false });
    await queueNextRound(exporter, task, exported.table, entry);
    return false;
  }
  // A day that is unfinished after its last round has failed, as its entry in the ledger says.
  const { failure, state, files, bytes } = entry;
  const again = failure !== undefined && isTransientCode(failure.code);
  exporter.log({
    level: failure === undefined ? 'info' : 'error',
    ...line,
    outcome: state,
    files: files.length,
    bytes,
    copied,
    removed: done.outcome === 'settled' ? done.removed : 0,
    code: failure?.code,
    detail: failure?.message,
    again,
  });
  if (failure !== undefined) reportFailing(exporter, exported.schedule, 1);
  return again;
}

/**
 * Queues the rest of a day as a task of its own, because the message has used up one of its tries. The task is sent
 * before the ledger notes it: a task that is sent twice is exported once, but one that is noted and never sent would
 * wait for an hour.
 */
async function queueNextRound(
  { ledger, tasks }: Exporter,
  task: ExportTask,
  table: string,
  seen: LedgerEntry,
): Promise<void> {
  const { export: name, day, fingerprint, reason } = task;
  await tasks.send([JSON.stringify({ ...task, round: (task.round ?? 0) + 1 })], GO_ON_AFTER_SECONDS);
  await ledger.noteQueued(exportSubject({ name, table }, day), { fingerprint, reason }, seen);
}

/**
 * Writes the metric of a schedule.
 *
 * @param failing A run gives the number of failing days and of exports that could not be planned, a task 1 for its own
 * day, or 0 once nothing of the schedule fails any more. The alarm asks only whether the highest value is above 0.
 */
function reportFailing(
  { stage, clock, log }: Pick<Exporter, 'stage' | 'clock' | 'log'>,
  schedule: Export['schedule'],
  failing: number,
): void {
  log(metricsLine([[exportMetrics.exports_failed, failing]], { stage, schedule }, clock.now()));
}
