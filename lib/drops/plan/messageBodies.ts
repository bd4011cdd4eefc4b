import * as z from 'zod';
import { isUtcDay } from '../../base/time.ts';
import { MAX_REQUEST_DAYS, MAX_ROUNDS } from '../limits.ts';

/**
 * What asks for a plan: the body of a message on the plan's queue. Schedules send `{"sluice":"plan","schedule":"daily"}`;
 * the trigger, `sluice ingest run` and `backfill` name what they are about. What is left out is all.
 */
export const planRequestSchema = z.strictObject({
  sluice: z.literal('plan'),
  /** Only datasets of this schedule. */
  schedule: z.enum(['daily', 'hourly']).optional(),
  sources: z.array(z.string().min(1)).max(100).optional(),
  datasets: z.array(z.string().min(1)).max(200).optional(),
  kind: z.enum(['events', 'metrics', 'exposures']).optional(),
  /** Default each dataset's lookback. */
  days: z.array(z.string().refine(isUtcDay, 'a day, YYYY-MM-DD')).min(1).max(MAX_REQUEST_DAYS).optional(),
  /** Somebody asked: days are not waited for. `triggered` is the trigger's alone, which took the sources' turns for it. With `backfill` they are loaded whatever the ledger says. */
  asked: z.enum(['triggered', 'backfill']).optional(),
  /** How often this request has come back for days that waited. */
  round: z.int().min(0).max(MAX_ROUNDS).default(0),
});

/** One validated request. */
export type PlanRequest = z.output<typeof planRequestSchema>;
/** A request as senders write it, without its defaults. */
export type PlanRequestInput = z.input<typeof planRequestSchema>;

/** Why a day is to be loaded. */
const taskReasons = [
  /** It was never loaded. */
  'new',
  /** Its files are others than those that were loaded. */
  'changed',
  /** It was loaded, and has no files any more. */
  'deleted',
  /** Its last load failed, and the cure may have been elsewhere: a policy, a key, the mapping. */
  'retried',
  /** The customer said that it is ready. */
  'triggered',
  /** Somebody asked for it: it is loaded whatever the ledger says. */
  'backfill',
] as const;

/** One day of one dataset to load: the body of a message on the load's queue. */
export const ingestTaskSchema = z.strictObject({
  source: z.string().min(1),
  dataset: z.string().min(1),
  day: z.string().refine(isUtcDay, 'a day, YYYY-MM-DD'),
  /** Of the files as the plan saw them. They may be others when the task comes up: the load lists them anew. */
  fingerprint: z.string().min(1),
  reason: z.enum(taskReasons),
});

/** One validated task. */
export type IngestTask = z.output<typeof ingestTaskSchema>;
/** Why a day is to be loaded, as the ledger and logs have it. */
export type TaskReason = IngestTask['reason'];
