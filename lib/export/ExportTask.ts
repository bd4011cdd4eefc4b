import * as z from 'zod';
import { isUtcDay } from '../time/utcDay.ts';
import { MAX_ROUNDS } from './limits.ts';

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
