import type { SQSBatchResponse } from 'aws-lambda';
import * as z from 'zod';
import { mapLimit } from '../../base/concurrency.ts';
import { parseJson } from '../../base/json.ts';
import { metricsLine } from '../../base/log.ts';
import { isRunMessage, MAX_DELAY_SECONDS, type QueueMessage } from '../../base/queue.ts';
import { eachMessage, type MessageKind } from '../../lambda/eachMessage.ts';
import { oldestFirst } from '../../ledger/ledgerStore.ts';
import type { Source } from '../../schema/sources.ts';
import { MAX_ROUNDS, MIN_DELAY_SECONDS, PARALLEL_DATASETS, RUN_ENDS_MS } from '../limits.ts';
import { type ExpectedDropsPorts, findLateDrops } from './lateDrops.ts';
import {
  type PlanRequest,
  type PlanRequestInput,
  planRequestSchema,
  type Tally,
  tallySchema,
} from './messageBodies.ts';
import type { PlannedDay } from './planDataset.ts';
import { countDays, planMetrics, planValues } from './planMetrics.ts';
import { type PlanSourcesPorts, planSources, requestedDatasets } from './planSources.ts';

/** All that one invocation of the plan works with. */
export interface Planner extends PlanSourcesPorts, Pick<ExpectedDropsPorts, 'lateNotes'> {
  readonly sources: readonly Source[];
  /** `--stage` of the deployment. */
  readonly stage: string;
  readonly log: (fields: Record<string, unknown>) => void;
}

/**
 * Handles messages of the plan's queue, one after the other: requests, of which one for several sources is split into one for each,
 * and `{"sluice":"expected"}`, which looks for overdue drops. The response names the messages to redeliver: those whose work was busy, and invalid ones, which end up in the
 * dead-letter queue.
 */
export async function planMessages(
  planner: Planner,
  messages: readonly QueueMessage[],
): Promise<SQSBatchResponse> {
  return eachMessage(messages, asked, planner.log, async (request) => {
    if (request === EXPECTED) return !(await lookForLateDrops(planner)).again;
    if (request.sluice === 'tally') return tally(planner, request);
    const isSplit = await splitSources(planner, request);
    return isSplit || !(await runPlan(planner, request)).again;
  });
}

const EXPECTED = 'expected';

const messageSchema = z.discriminatedUnion('sluice', [planRequestSchema, tallySchema]);

/** What messages of the queue ask for. */
const asked: MessageKind<PlanRequest | Tally | typeof EXPECTED> = {
  event: 'ingest_plan',
  invalid: 'SLUICE_INGEST_MESSAGE_INVALID',
  read: (body) => (isRunMessage(body, EXPECTED) ? EXPECTED : messageSchema.safeParse(parseJson(body)).data),
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
  // Of a part of a run, the tally counts.
  if (request.schedule !== undefined && request.run === undefined) {
    const counts = plan.planned.map((one) => countDays(one.days));
    const unreadable = plan.failed.filter(({ transient }) => !transient).length;
    const values = planValues(counts, unreadable, plan.stopped.length);
    log(metricsLine(values, { function: 'ingest-plan', stage, schedule: request.schedule }, clock.now()));
  }
  return report;
}

/**
 * Splits a request for several sources into one for each, first the source with the oldest look: what one customer's files do to the
 * function then does it to that source alone. A run of a schedule is counted once all of them have looked.
 *
 * @returns False if the request is for one source.
 * @throws QueueError
 */
async function splitSources(planner: Planner, request: PlanRequest): Promise<boolean> {
  const { clock, requests, looks, log } = planner;
  const all = requestedDatasets(planner.sources, request);
  if (new Set(all.map(({ source }) => source.name)).size < 2) return false;
  const inTurn = await oldestFirst(all, ({ source, dataset }) => looks.read(source.name, dataset.name));
  const names = new Set(inTurn.map(({ item }) => item.source.name));
  const { schedule } = request;
  const run = clock.now();
  const parts = [...names].map(
    (name): PlanRequestInput => ({ ...request, sources: [name], ...(schedule === undefined ? {} : { run }) }),
  );
  await requests.send(parts.map((part) => JSON.stringify(part)));
  if (schedule !== undefined)
    await sendTally(planner, { sluice: 'tally', schedule, run, left: all.length, round: 0 });
  log({ level: 'info', event: 'ingest_plan_split', schedule, asked: request.asked, sources: names.size });
  return true;
}

/** Has a run counted: after a minute, then after twice as long each time. */
function sendTally({ requests }: Planner, body: Tally): Promise<void> {
  const delay = Math.min(MAX_DELAY_SECONDS, MIN_DELAY_SECONDS * 2 ** body.round);
  return requests.send([JSON.stringify(body)], delay);
}

/**
 * Writes the metrics of a run that was split, one point over all sources, from their last looks. It waits for sources as long as
 * some of them end. A dataset that has not been looked at since the run began, because its plan was killed or could not note
 * anything, counts as unreadable.
 *
 * @returns Whether it is done.
 * @throws LedgerError, QueueError
 */
async function tally(planner: Planner, { schedule, run, left, round }: Tally): Promise<boolean> {
  const { sources, clock, looks, stage, log } = planner;
  const found = await mapLimit(requestedDatasets(sources, { schedule }), PARALLEL_DATASETS, (one) =>
    // A note that can't be read stands in the way of no other.
    looks.read(one.source.name, one.dataset.name).catch(() => null),
  );
  const current = found.filter((look) => look !== null && look.at >= run);
  const missing = found.length - current.length;
  const isOver = clock.now() - run >= RUN_ENDS_MS && missing >= left;
  if (missing > 0 && !isOver && round < MAX_ROUNDS) {
    await sendTally(planner, { sluice: 'tally', schedule, run, left: missing, round: round + 1 });
    return true;
  }
  const failed = current.filter((look) => look?.failure !== undefined).length;
  const stopped = found.filter((look) => look?.stopped === true).length;
  const counts = found.flatMap((look) => look?.counts ?? []);
  const values = planValues(counts, missing + failed, stopped);
  log({ level: missing > 0 ? 'error' : 'info', event: 'ingest_plan_tally', schedule, run, missing });
  log(metricsLine(values, { function: 'ingest-plan', stage, schedule }, clock.now()));
  return true;
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
