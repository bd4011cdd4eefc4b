import * as z from 'zod';
import { isUtcDay } from '../../time/utcDay.ts';

/** Why a day is to be loaded. */
export const taskReasons = {
  new: 'It was never loaded.',
  changed: 'Its files are others than those that were loaded.',
  deleted: 'It was loaded, and has no files any more.',
  retried: 'Its last load failed, and the cure may have been elsewhere: a policy, a key, the mapping.',
  triggered: 'The customer said that it is ready.',
  backfill: 'Somebody asked for it: it is loaded whatever the ledger says.',
} as const;

/** One day of one dataset to load: the body of a message on the load's queue. */
export const ingestTaskSchema = z.strictObject({
  source: z.string().min(1),
  dataset: z.string().min(1),
  day: z.string().refine(isUtcDay, 'a day, YYYY-MM-DD'),
  /** Of the files as the plan saw them. They may be others when the task comes up: the load lists them anew. */
  fingerprint: z.string().min(1),
  reason: z.enum(['new', 'changed', 'deleted', 'retried', 'triggered', 'backfill']),
});

export type IngestTask = z.output<typeof ingestTaskSchema>;
export type TaskReason = IngestTask['reason'];
