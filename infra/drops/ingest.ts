import { failedLoadsFilter } from '../alarms/loggedMetrics.ts';
import { ingestRoles } from '../roles/ingestRoles.ts';
import { workQueue } from '../streams/workQueue.ts';
import type { Resources } from '../template/Resource.ts';
import { logicalIds, type Stack } from '../template/Stack.ts';
import { ingestSchedules } from './ingestSchedules.ts';

/** Timeouts of the functions in serverless.yml, seconds. */
const PLAN_SECONDS = 300;
const LOAD_SECONDS = 900;
/** The next scheduled run finds whatever is left out. */
const PLAN_RECEIVES = 5;
/** A task comes back while another load has its day, and after loads that were cut short. */
const LOAD_RECEIVES = 10;

/**
 * What takes customers' drops in, besides tables and alarms: the plan's queue with its schedules and the load's, and the
 * roles of the functions. Nothing of it without `sources`.
 */
export function ingest(stack: Stack): Resources {
  if (stack.config.sources.length === 0) return {};
  return {
    ...workQueue(stack, {
      part: 'ingest-plan',
      queue: logicalIds.planQueue,
      deadLetters: logicalIds.planDeadLetters,
      timeoutSeconds: PLAN_SECONDS,
      maxReceives: PLAN_RECEIVES,
    }),
    ...workQueue(stack, {
      part: 'ingest-load',
      queue: logicalIds.loadQueue,
      deadLetters: logicalIds.loadDeadLetters,
      timeoutSeconds: LOAD_SECONDS,
      maxReceives: LOAD_RECEIVES,
    }),
    ...ingestSchedules(stack),
    ...ingestRoles(stack),
    IngestLoadsFailedMetric: failedLoadsFilter(stack),
  };
}
