import { expect } from '@jest/globals';
import { planRequestSchema } from '../../../../lib/drops/plan/messageBodies.ts';
import { type PlanReport, planMessages, runPlan } from '../../../../lib/drops/plan/planMessages.ts';
import type { startIngest } from './startIngest.ts';

type Ingest = Awaited<ReturnType<typeof startIngest>>;

/** When the runs of these tests began, of which only the parts are sent. */
const RUN = 1;

/** Plans as a message asks. The queue hands it out again if the report says so. */
export async function plan(ingest: Ingest, request: object = { schedule: 'daily' }): Promise<PlanReport> {
  const { length } = ingest.lines;
  // Of a run of the schedule the part of one source.
  const part = 'schedule' in request ? { sources: ['acme'], run: RUN } : {};
  const body = JSON.stringify({ sluice: 'plan', ...request, ...part });
  const messages = [{ messageId: '0', body, receives: 1 }];
  const { batchItemFailures } = await planMessages(ingest.planner(), messages);
  const lines = ingest.lines.slice(length);
  const report = lines.find(({ event }) => event === 'ingest_plan') as PlanReport | undefined;
  if (report === undefined) throw new Error(JSON.stringify(lines));
  expect(report.again).toBe(batchItemFailures.length > 0);
  return report;
}

/** Plans several sources as one: the queue would split the message. */
export function planAll(ingest: Ingest): Promise<PlanReport> {
  return runPlan(ingest.planner(), planRequestSchema.parse({ sluice: 'plan', schedule: 'daily' }));
}

/** The metrics of all runs of the schedule until now. */
export async function metricsOf(ingest: Ingest): Promise<Readonly<Record<string, unknown>>> {
  const body = JSON.stringify({ sluice: 'tally', schedule: 'daily', run: RUN, left: 1, round: 0 });
  await planMessages(ingest.planner(), [{ messageId: '0', body, receives: 1 }]);
  return ingest.lines.findLast((line) => '_aws' in line) ?? {};
}

/** The entry of a day of the first source. */
export function entryOf(ingest: Ingest, day: string, dataset = 'events') {
  return ingest.ledger.read({ source: 'acme', dataset, day });
}
