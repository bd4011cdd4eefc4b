import type { SQSBatchResponse } from 'aws-lambda';
import * as z from 'zod';
import { mapLimit } from '../../base/concurrency.ts';
import { parseJson } from '../../base/json.ts';
import { metricsLine } from '../../base/log.ts';
import { MAX_DELAY_SECONDS, type QueueMessage } from '../../base/queue.ts';
import { eachMessage, type MessageKind } from '../../lambda/eachMessage.ts';
import { oldestFirst } from '../../ledger/ledgerStore.ts';
import type { Dataset, Source } from '../../schema/sources.ts';
import { MAX_ROUNDS, MIN_DELAY_SECONDS, PARALLEL_DATASETS, RUN_ENDS_MS } from '../limits.ts';
import { isToBegin } from './late/firstExpected.ts';
import { type ExpectedDropsPorts, findLateDrops } from './late/lateDrops.ts';
import { countLateDays, lateLooks } from './late/lateTurns.ts';
import {
  type LateLook,
  lateLookSchema,
  type PlanRequest,
  type PlanRequestInput,
  planRequestSchema,
  type Tally,
  tallySchema,
} from './messageBodies.ts';
import { planValues, type RunCounts } from './planMetrics.ts';
import { type PlanSourcesPorts, planSources, requestedDatasets } from './planSources.ts';

/** All that one invocation of the plan works with. */
export interface Planner extends Omit<PlanSourcesPorts, 'isToBegin'>, Pick<ExpectedDropsPorts, 'lateNotes'> {
  /** The sources of the configuration. */
  readonly sources: readonly Source[];
  /** `--stage` of the deployment. */
  readonly stage: string;
  /** Writes one line of the log. */
  readonly log: (fields: Record<string, unknown>) => void;
}

/**
 * Handles messages of the plan's queue, one after the other: requests for a plan, `{"sluice":"expected"}`, which looks
 * for overdue drops, and the counts of both. What is for several sources is split into one message for each. The
 * response names the messages to redeliver: those whose work was busy, and invalid ones, which end up in the
 * dead-letter queue.
 */
export async function planMessages(
  planner: Planner,
  messages: readonly QueueMessage[],
): Promise<SQSBatchResponse> {
  return eachMessage(messages, asked, planner.log, async (request) => {
    if (request.sluice === 'tally') return tally(planner, request);
    if (await splitSources(planner, request)) return true;
    const isLate = request.sluice === 'expected';
    return !(isLate ? await lookForLateDrops(planner, request) : await runPlan(planner, request)).again;
  });
}

/** Every message of the queue. */
const messageSchema = z.discriminatedUnion('sluice', [planRequestSchema, lateLookSchema, tallySchema]);

/** What messages of the queue ask for. */
const asked: MessageKind<PlanRequest | LateLook | Tally> = {
  event: 'ingest_plan',
  invalid: 'SLUICE_INGEST_MESSAGE_INVALID',
  read: (body) => messageSchema.safeParse(parseJson(body)).data,
  fields: ({ sluice }) => (sluice === 'expected' ? { event: 'ingest_expected' } : {}),
};

/** Maximum of days and datasets that the log names. The ledger has all of them. */
const MAX_NAMED = 50;

/** The result of one request: the line in the log. */
export interface PlanReport {
  /** What was asked for: a plan, or a look for late drops. */
  readonly event: 'ingest_plan' | 'ingest_expected';
  /** Whether a retry may help: something was busy or unavailable. */
  readonly again: boolean;
  readonly [field: string]: unknown;
}

/** Handles one request and reports the result in the log. */
export async function runPlan(planner: Planner, request: PlanRequest): Promise<PlanReport> {
  const isFirstToCome = (source: Source, dataset: Dataset) => isToBegin(planner, { source, dataset });
  const plan = await planSources({ ...planner, isToBegin: isFirstToCome }, planner.sources, request);
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
    queued: queued.slice(0, MAX_NAMED),
    failed: plan.failed.slice(0, MAX_NAMED),
    again: plan.failed.some(({ transient }) => transient),
  };
  planner.log(report);
  return report;
}

/**
 * Splits a request for several sources into one for each, first the source with the oldest look: what one customer's
 * files do to the function then does it to that source alone. A run of a schedule is split for one source, too, and
 * counted once all have looked.
 *
 * @returns False if there is nothing to split.
 * @throws QueueError
 */
async function splitSources(planner: Planner, request: PlanRequest | LateLook): Promise<boolean> {
  const { clock, requests, looks } = planner;
  const isLate = request.sluice === 'expected';
  const schedule = isLate ? undefined : request.schedule;
  const isRun = request.run === undefined && (isLate || schedule !== undefined);
  const all = requestedDatasets(planner.sources, request);
  if (!isRun && new Set(all.map(({ source }) => source.name)).size < 2) return false;
  const run = clock.now();
  const inTurn = isLate
    ? await lateLooks(planner, request)
    : await oldestFirst(all, ({ source, dataset }) => looks.read(source.name, dataset.name));
  const names = new Set(inTurn.map(({ item }) => item.source.name));
  const parts = [...names].map((name) => ({ ...request, sources: [name], ...(isRun ? { run } : {}) }));
  await requests.send(parts.map((part) => JSON.stringify(part satisfies PlanRequestInput | LateLook)));
  if (isRun) await sendTally(planner, { sluice: 'tally', schedule, run, left: inTurn.length, round: 0 });
  return true;
}

/** Has a run counted: after a minute, then after twice as long each time. */
function sendTally({ requests }: Planner, body: Tally): Promise<void> {
  const delay = Math.min(MAX_DELAY_SECONDS, MIN_DELAY_SECONDS * 2 ** body.round);
  return requests.send([JSON.stringify(body)], delay);
}

/**
 * Writes the metrics of a run that was split, one point over all sources, from their last looks. It waits for sources
 * as long as some of them end.
 *
 * @returns Whether it is done.
 * @throws LedgerError, QueueError
 */
async function tally(planner: Planner, request: Tally): Promise<boolean> {
  const { clock, stage, log } = planner;
  const { schedule, run, left, round } = request;
  const { missing, values } =
    schedule === undefined ? await countLateDays(planner, run) : await countLooks(planner, schedule, run);
  const isOver = clock.now() - run >= RUN_ENDS_MS && missing >= left;
  if (missing > 0 && !isOver && round < MAX_ROUNDS) {
    await sendTally(planner, { ...request, left: missing, round: round + 1 });
    return true;
  }
  log({ level: missing > 0 ? 'error' : 'info', event: 'ingest_plan_tally', schedule, run, missing });
  const dimensions = { stage, ...(schedule === undefined ? {} : { schedule }) };
  log(metricsLine(values, dimensions, clock.now()));
  return true;
}

/**
 * Counts a run of a schedule. A dataset that has not been looked at since it began, because its plan was killed or
 * could not note anything, counts as unreadable.
 */
async function countLooks(
  { sources, looks }: Planner,
  schedule: NonNullable<Tally['schedule']>,
  run: number,
): Promise<RunCounts> {
  const last = await mapLimit(requestedDatasets(sources, { schedule }), PARALLEL_DATASETS, (requested) =>
    // A note that can't be read stands in the way of no other.
    looks.read(requested.source.name, requested.dataset.name).catch(() => null),
  );
  const current = last.filter((look) => look !== null && look.at >= run);
  const missing = last.length - current.length;
  const failed = current.filter((look) => look?.failure !== undefined).length;
  const stopped = last.filter((look) => look?.stopped === true).length;
  const counts = last.flatMap((look) => look?.counts ?? []);
  return { missing, values: planValues(counts, { unreadable: missing + failed, stopped }) };
}

/** Looks for overdue drops and reports them in the log. */
export async function lookForLateDrops(
  planner: Planner,
  request: Pick<LateLook, 'sources'> = {},
): Promise<PlanReport> {
  const { datasets, late, failed } = await findLateDrops(planner, request);
  const calm = late.length > 0 ? 'warn' : 'info';
  const report: PlanReport = {
    level: failed.length > 0 ? 'error' : calm,
    event: 'ingest_expected',
    datasets,
    late: late.slice(0, MAX_NAMED),
    failed: failed.slice(0, MAX_NAMED),
    // After another failure the next look is at most an hour away. The plan reports folders that cannot be listed.
    again: failed.some(({ code }) => code === 'SLUICE_INGEST_OUT_OF_TIME'),
  };
  planner.log(report);
  return report;
}
