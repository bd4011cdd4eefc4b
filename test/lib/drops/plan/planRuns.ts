import { expect } from '@jest/globals';
import { planRequestSchema } from '../../../../lib/drops/plan/messageBodies.ts';
import { type PlanReport, planMessages, runPlan } from '../../../../lib/drops/plan/planMessages.ts';
import type { startIngest } from './startIngest.ts';

type Ingest = Awaited<ReturnType<typeof startIngest>>;

/** The run of the schedule that the messages of these tests are of: when it began, epoch milliseconds. */
const RUN = 1;

/** Plans as a message asks. The queue hands it out again if the report says so. */
export async function plan(ingest: Ingest, request: object = { schedule: 'daily' }): Promise<PlanReport> {
  const { length } = ingest.lines;
  // A run of the schedule sends one message for each source.
  const part = 'schedule' in request ? { sources: ['acme'], run: RUN } : {};
  const body = JSON.stringify({ sluice: 'plan', ...request, ...part });
  const messages = [{ messageId: '0', body, receives: 1 }];
  const { batchItemFailures } = await planMessages(ingest.planner(), messages);
  const lines = ingest.lines.slice(length);
  const report = lines.find(isPlanReport);
  if (report === undefined) throw new Error(JSON.stringify(lines));
  expect(report.again).toBe(batchItemFailures.length > 0);
  return report;
}

/** Whether a line of the log is the report of a plan. */
function isPlanReport(line: Readonly<Record<string, unknown>>): line is PlanReport {
  return line['event'] === 'ingest_plan' && typeof line['again'] === 'boolean';
}

/** Plans several sources as one: the queue would split the message. */
export function planAll(ingest: Ingest): Promise<PlanReport> {
  return runPlan(ingest.planner(), planRequestSchema.parse({ sluice: 'plan', schedule: 'daily' }));
}

/** The last metrics in the log once the run of the schedule is tallied; empty if there are none. */
export async function metricsOf(ingest: Ingest): Promise<Readonly<Record<string, unknown>>> {
  const body = JSON.stringify({ sluice: 'tally', schedule: 'daily', run: RUN, left: 1, round: 0 });
  await planMessages(ingest.planner(), [{ messageId: '0', body, receives: 1 }]);
  return ingest.lines.findLast((line) => '_aws' in line) ?? {};
}

/** The ledger's entry of a day of the first source; null if there is none. */
export function entryOf(ingest: Ingest, day: string, dataset = 'events') {
  return ingest.ledger.read({ source: 'acme', dataset, day });
}
