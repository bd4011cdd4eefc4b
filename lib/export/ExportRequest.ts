import * as z from 'zod';
import { isUtcDay } from '../time/utcDay.ts';
import { MOST_DAYS } from './limits.ts';

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
