import * as z from 'zod';
import { isUtcDay } from '../base/time.ts';
import { MAX_ROUNDS, MOST_DAYS } from './limits.ts';

/**
 * Asks for exports to be looked through: the body of a message on the export's queue, which schedules send and
 * `sluice export run`.
 */
export const exportRequestSchema = z.strictObject({
  sluice: z.literal('export'),
  /** Only exports of this schedule. */
  schedule: z.enum(['daily', 'hourly']).optional(),
  /** Only exports of these names. */
  exports: z.array(z.string().min(1)).optional(),
  /** These days, exported whatever the ledger says. Default the lookback of each, where something changed. */
  days: z.array(z.string().refine(isUtcDay, 'a day, YYYY-MM-DD')).min(1).max(MOST_DAYS).optional(),
});

/** One validated request. */
export type ExportRequest = z.output<typeof exportRequestSchema>;

/** Why a day is exported. */
const exportReasons = ['new', 'changed', 'deleted', 'retried', 'asked'] as const;

/** One day of one export: the body of a message on the export's queue. */
export const exportTaskSchema = z.strictObject({
  sluice: z.literal('export-day'),
  export: z.string().min(1),
  day: z.string().refine(isUtcDay, 'a day, YYYY-MM-DD'),
  /** Of the files as the run saw them. They may be others when the task comes up: they are listed anew. */
  fingerprint: z.string().min(1),
  reason: z.enum(exportReasons),
  /** Times that the export continued after the function ran out of time. Default 0. */
  round: z.int().min(0).max(MAX_ROUNDS).optional(),
});

/** One validated task. */
export type ExportTask = z.output<typeof exportTaskSchema>;
/** Why a day is exported. */
export type ExportReason = ExportTask['reason'];
