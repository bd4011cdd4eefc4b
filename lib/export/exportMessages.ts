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
import {
  type DayExporter,
  type ExportOutcome,
  exportDay,
  type FileRewriter,
  type TargetBucket,
} from './exportDay.ts';
import { exportMetrics } from './exportMetrics.ts';
import { GO_ON_AFTER_SECONDS, MAX_ROUNDS } from './limits.ts';
import {
  type ExportRequest,
  type ExportTask,
  exportRequestSchema,
  exportTaskSchema,
} from './messageBodies.ts';
import { countFailing, type PlanExportsPorts, planExports } from './planExports.ts';

/** Ports for one export, by a session of the function's role that is limited to that export (docs/export.md). */
export interface IsolatedExporter extends Pick<Exporter, 'ledger' | 'tableOf' | 'targetOf'> {
  /** Closes their connections. */
  close(): void;
}

/** The dependencies of one invocation of the export. */
export interface Exporter
  extends Omit<PlanExportsPorts, 'ledger'>,
    Pick<DayExporter, 'deadline' | 'leaseUntil' | 'log'> {
  readonly ledger: Pick<Ledger, 'read' | 'noteQueued' | 'claim' | 'renew' | 'settle'>;
  readonly targetOf: (exported: Export) => TargetBucket;
  /** Returns the rewriter for the files of an export; undefined to copy them. Default: all files are copied. */
  readonly rewriterOf?: (exported: Export) => Promise<FileRewriter | undefined>;
  /** Makes ports for a task that reach its export and nothing else. Default: the ports above. */
  readonly apart?: (exported: Export) => Promise<IsolatedExporter>;
  /** Makes a unique ID. */
  readonly newOwner: () => string;
  /** The stage of the deployment. */
  readonly stage: string;
}

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
      ? !(await runRequest(exporter, message)).again
      : !(await runTask(exporter, message)),
  );
}

/** The result of one request: the line in the log. */
interface ExportReport {
  readonly event: 'export_run';
  /** Whether a retry may help: something was busy or unavailable. */
  readonly again: boolean;
  readonly [field: string]: unknown;
}

/**
 * Finds days to export and reports them in the log. A scheduled run also writes metrics, unless tasks are about to try
 * failed days again: the alarm takes the highest value of some minutes, and it is for those tasks to end it. Transient
 * failures do not count in metrics: the request is redelivered, and the dead-letter queue raises an alarm if it never
 * succeeds.
 */
export async function runRequest(exporter: Exporter, request: ExportRequest): Promise<ExportReport> {
  const { queued, looked, failedDays, isTryingFailed, failed } = await planExports(exporter, request);
  const lasting = failed.filter(({ transient }) => !transient);
  const report = {
    level: failed.length > 0 ? 'error' : 'info',
    event: 'export_run',
    looked,
    queued: queued.length,
    failed_days: failedDays,
    failed,
    again: lasting.length < failed.length,
  } as const;
  exporter.log(report);
  if (request.schedule !== undefined && (lasting.length > 0 || !isTryingFailed))
    reportFailing(exporter, request.schedule, failedDays + lasting.length);
  return report;
}

/** Exports one day and logs the result. @returns Whether the message is to be redelivered. */
async function runTask(exporter: Exporter, task: ExportTask): Promise<boolean> {
  const { export: name, day } = task;
  const exported = exporter.exports.find((configured) => configured.name === name);
  if (exported === undefined) {
    exporter.log({ level: 'info', event: 'export', export: name, day, outcome: 'not_configured' });
    return false;
  }
  const subject = exportSubject(exported, day);
  const hadFailed = isFailing(await exporter.ledger.read(subject));
  const apart = await exporter.apart?.(exported);
  let again: boolean;
  try {
    again = await exportTask({ ...exporter, ...apart }, exported, task);
  } finally {
    apart?.close();
  }
  // The metric is written at once, so that the alarm need not wait for the next run of the schedule.
  const isCured = hadFailed && !isFailing(await exporter.ledger.read(subject));
  if (isCured && (await countFailing(exporter, exported.schedule)) === 0)
    reportFailing(exporter, exported.schedule, 0);
  return again;
}

async function exportTask(exporter: Exporter, exported: Export, task: ExportTask): Promise<boolean> {
  const { export: name, day, reason } = task;
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
  const again = isRetryable(done);
  const goesOn = done.outcome === 'unfinished' && (task.round ?? 0) < MAX_ROUNDS;
  exporter.log({ ...logFields(done), event: 'export', export: name, day, reason, again });
  if ((done.outcome === 'settled' || !goesOn) && 'entry' in done && done.entry.failure !== undefined)
    reportFailing(exporter, exported.schedule, 1);
  if (goesOn && done.outcome === 'unfinished')
    await queueNextRound(exporter, task, exported.table, done.entry);
  return again;
}

function isRetryable(done: ExportOutcome): boolean {
  return (
    done.outcome === 'busy' || (done.outcome === 'settled' && isTransientCode(done.entry.failure?.code ?? ''))
  );
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

function logFields(done: ExportOutcome): Record<string, unknown> {
  if (done.outcome === 'unfinished') return { level: 'info', outcome: done.outcome, copied: done.copied };
  if (done.outcome !== 'settled') return { level: 'info', ...done };
  const { entry, copied, removed } = done;
  const { failure, state, files, bytes } = entry;
  return {
    level: failure === undefined ? 'info' : 'error',
    outcome: state,
    files: files.length,
    bytes,
    copied,
    removed,
    code: failure?.code,
    detail: failure?.message,
  };
}

/** Writes the metric of failing exports of a schedule. */
function reportFailing(
  { stage, clock, log }: Pick<Exporter, 'stage' | 'clock' | 'log'>,
  schedule: Export['schedule'],
  failing: number,
): void {
  log(metricsLine([[exportMetrics.exports_failed, failing]], { stage, schedule }, clock.now()));
}
