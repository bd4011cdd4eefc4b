import { customerBucketFrom } from '../../../../lib/aws/customerBucket.ts';
import type { DayDecision } from '../../../../lib/drops/plan/decideDay.ts';
import {
  type IngestTask,
  ingestTaskSchema,
  type PlanRequest,
} from '../../../../lib/drops/plan/messageBodies.ts';
import { planDataset } from '../../../../lib/drops/plan/planDataset.ts';
import type { Loads } from './startLoads.ts';

/** Plans one day: what was decided, and the tasks that were sent. */
export async function planDay(
  { ledger, clock, s3, source }: Loads,
  day: string,
  asked?: PlanRequest['asked'],
): Promise<{ readonly decision: DayDecision | undefined; readonly tasks: readonly IngestTask[] }> {
  const [dataset] = source.datasets;
  if (dataset === undefined) throw new Error('no dataset');
  const tasks: IngestTask[] = [];
  const send = async (bodies: readonly string[]) => {
    tasks.push(...bodies.map((body) => ingestTaskSchema.parse(JSON.parse(body))));
  };
  const bucketOf = () => customerBucketFrom(s3, source);
  const deadline = Number.POSITIVE_INFINITY;
  const ports = { bucketOf, ledger, clock, tasks: { send }, deadline };
  const { days } = await planDataset(ports, { source, dataset }, { days: [day], asked });
  return { decision: days[0]?.decision, tasks };
}

/** Plans one day. @returns The first task that was sent. @throws Error If none was. */
export async function plannedTask(
  loads: Loads,
  day: string,
  asked?: PlanRequest['asked'],
): Promise<IngestTask> {
  const { decision, tasks } = await planDay(loads, day, asked);
  const [task] = tasks;
  if (task === undefined) throw new Error(`No task was sent: ${JSON.stringify(decision)}.`);
  return task;
}
