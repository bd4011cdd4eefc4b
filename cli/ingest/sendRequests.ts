import { setTimeout as wait } from 'node:timers/promises';
import { GetQueueUrlCommand } from '@aws-sdk/client-sqs';
import { taskQueue } from '../../lib/aws/taskQueue.ts';
import type { PlanRequestInput } from '../../lib/ingest/plan/PlanRequest.ts';
import type { UtcDay } from '../../lib/time/utcDay.ts';
import type { OpenIngest } from './openIngest.ts';

/** Days of one request: a run of the plan lists them well within its time. */
const DAYS_A_REQUEST = 31;

/** Puts requests on the plan's queue, as its schedules do. */
export async function sendRequests(
  { sqs, stack }: OpenIngest,
  requests: readonly PlanRequestInput[],
): Promise<void> {
  const { QueueUrl = '' } = await sqs.send(
    new GetQueueUrlCommand({ QueueName: `${stack.service}-${stack.stage}-ingest-plan` }),
  );
  const queue = taskQueue(sqs, QueueUrl, { wait: (ms) => wait(ms), random: Math.random });
  await queue.send(requests.map((request) => JSON.stringify(request)));
}

/** Requests to load days anew, some days each. */
export function backfillRequests(
  place: { readonly source: string; readonly dataset: string },
  days: readonly UtcDay[],
): readonly PlanRequestInput[] {
  const requests: PlanRequestInput[] = [];
  for (let from = 0; from < days.length; from += DAYS_A_REQUEST) {
    requests.push({
      sluice: 'plan',
      sources: [place.source],
      datasets: [place.dataset],
      days: days.slice(from, from + DAYS_A_REQUEST),
      asked: 'backfill',
    });
  }
  return requests;
}
