import * as z from 'zod';
import { isUtcDay } from '../base/time.ts';
import { MAX_ROUNDS, MOST_DAYS } from './limits.ts';

/**
 * A request to plan exports: the body of a message on the export's queue. Schedules and `sluice export run` send it.
 */
export const exportRequestSchema = z.strictObject({
  sluice: z.literal('export'),
  /** Only exports of this schedule. */
  schedule: z.enum(['daily', 'hourly']).optional(),
  /** Only exports of these names. */
  exports: z.array(z.string().min(1)).optional(),
  /** These days, exported regardless of the ledger. Default: changed days in the lookback of each export. */
  days: z.array(z.string().refine(isUtcDay, 'a day, YYYY-MM-DD')).min(1).max(MOST_DAYS).optional(),
  /** With `days`: copies of files that are gone are deleted, too. */
  drop: z.literal(true).optional(),
});

/** One validated request. */
export type ExportRequest = z.output<typeof exportRequestSchema>;

/** Why a day is exported. `missing`: the customer's bucket was gone, and the one in its place does not have the day. */
const exportReasons = ['new', 'changed', 'deleted', 'missing', 'retried', 'asked'] as const;

/** One day of one export: the body of a message on the export's queue. */
export const exportTaskSchema = z.strictObject({
  sluice: z.literal('export-day'),
  export: z.string().min(1),
  day: z.string().refine(isUtcDay, 'a day, YYYY-MM-DD'),
  /** Fingerprint of the files that the run saw. They may have changed when the task lists them. */
  fingerprint: z.string().min(1),
  reason: z.enum(exportReasons),
  /** Whether copies of files that are gone are deleted, too. */
  drop: z.literal(true).optional(),
  /** How often the export continued after the function ran out of time. Default 0. */
  round: z.int().min(0).max(MAX_ROUNDS).optional(),
});

/** One validated task. */
export type ExportTask = z.output<typeof exportTaskSchema>;
/** Why a day is exported. */
export type ExportReason = ExportTask['reason'];
