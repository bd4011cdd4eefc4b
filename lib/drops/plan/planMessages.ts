import type { SQSBatchResponse } from 'aws-lambda';
import { parseJson } from '../../base/json.ts';
import { metricsLine } from '../../base/log.ts';
import { isRunMessage, type QueueMessage } from '../../base/queue.ts';
import { eachMessage, type MessageKind } from '../../lambda/eachMessage.ts';
import type { Source } from '../../schema/sources.ts';
import { type ExpectedDropsPorts, findLateDrops } from './lateDrops.ts';
import { type PlanRequest, planRequestSchema } from './messageBodies.ts';
import type { PlannedDay } from './planDataset.ts';
import { planMetrics, planValues } from './planMetrics.ts';
import { type PlanSourcesPorts, planSources } from './planSources.ts';

/** All that one invocation of the plan works with. */
export interface Planner extends PlanSourcesPorts, Pick<ExpectedDropsPorts, 'lateNotes'> {
  readonly sources: readonly Source[];
  /** `--stage` of the deployment. */
  readonly stage: string;
  readonly log: (fields: Record<string, unknown>) => void;
}

/**
 * Handles messages of the plan's queue, one after the other: requests, and `{"sluice":"expected"}`, which looks for overdue
 * drops. The response names the messages to redeliver: those whose work was busy, and invalid ones, which end up in the
 * dead-letter queue.
 */
export async function planMessages(
  planner: Planner,
  messages: readonly QueueMessage[],
): Promise<SQSBatchResponse> {
  return eachMessage(messages, asked, planner.log, async (request) => {
    const report = request === EXPECTED ? await lookForLateDrops(planner) : await runPlan(planner, request);
    return !report.again;
  });
}

const EXPECTED = 'expected';

/** What messages of the queue ask for. */
const asked: MessageKind<PlanRequest | typeof EXPECTED> = {
  event: 'ingest_plan',
  invalid: 'SLUICE_INGEST_MESSAGE_INVALID',
  read: (body) =>
    isRunMessage(body, EXPECTED) ? EXPECTED : planRequestSchema.safeParse(parseJson(body)).data,
  fields: (request) => (request === EXPECTED ? { event: 'ingest_expected' } : {}),
};

/** Maximum of days and datasets that the log names. The ledger has all of them. */
const MAX_NAMED = 50;

/** The result of one request: the line in the log. */
export interface PlanReport {
  readonly event: 'ingest_plan' | 'ingest_expected';
  /** Whether a retry may help: something was busy or unavailable. */
  readonly again: boolean;
  readonly [field: string]: unknown;
}

/** Handles one request and reports the result in the log; scheduled runs also write metrics. */
export async function runPlan(planner: Planner, request: PlanRequest): Promise<PlanReport> {
  const { sources, clock, log, stage } = planner;
  const began = clock.now();
  const plan = await planSources(planner, sources, request);
  const days = plan.planned.flatMap(({ source, dataset, days: planned }) =>
    planned.map((day) => ({ source, dataset, ...day })),
  );
  const queued = days.flatMap(({ source, dataset, day, decision }) =>
    'queue' in decision ? [{ source, dataset, day, reason: decision.queue }] : [],
  );
  const report: PlanReport = {
    level: plan.failed.length > 0 ? 'error' : 'info',
    event: 'ingest_plan',
    schedule: request.schedule,
    asked: request.asked,
    datasets: plan.planned.length,
    days: days.length,
    outcomes: countOutcomes(days),
    list_calls: plan.planned.reduce((sum, { listCalls }) => sum + listCalls, 0),
    queued: queued.slice(0, MAX_NAMED),
    stopped: plan.stopped.slice(0, MAX_NAMED),
    failed: plan.failed.slice(0, MAX_NAMED),
    again: plan.failed.some(({ transient }) => transient),
    duration_ms: clock.now() - began,
  };
  log(report);
  if (request.schedule !== undefined)
    log(
      metricsLine(
        planValues(plan),
        { function: 'ingest-plan', stage, schedule: request.schedule },
        clock.now(),
      ),
    );
  return report;
}

/** Looks for overdue drops and reports them in the log and in a metric. */
export async function lookForLateDrops(planner: Planner): Promise<PlanReport> {
  const { sources, clock, log, stage } = planner;
  const began = clock.now();
  const { datasets, late, failed } = await findLateDrops(planner, sources);
  const report: PlanReport = {
    level: failed.length > 0 ? 'error' : late.length > 0 ? 'warn' : 'info',
    event: 'ingest_expected',
    datasets,
    late: late.slice(0, MAX_NAMED),
    failed: failed.slice(0, MAX_NAMED),
    // The next check is at most an hour away. The plan reports folders that cannot be listed.
    again: false,
    duration_ms: clock.now() - began,
  };
  log(report);
  // If a dataset could not be checked, a count of 0 would be wrong: without a value the alarm keeps its state.
  if (failed.length > 0 && late.length === 0) return report;
  log(metricsLine([[planMetrics.drops_late, late.length]], { function: 'ingest-plan', stage }, clock.now()));
  return report;
}

function countOutcomes(days: readonly PlannedDay[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { decision } of days) {
    const [[kind, what] = ['', '']] = Object.entries(decision);
    const name = kind === 'queue' ? 'queued' : kind === 'wait' ? `waiting_${what}` : String(what);
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
