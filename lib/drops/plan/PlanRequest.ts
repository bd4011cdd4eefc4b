import * as z from 'zod';
import { isUtcDay } from '../../time/utcDay.ts';
import { MAX_REQUEST_DAYS, MAX_ROUNDS } from './limits.ts';

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
