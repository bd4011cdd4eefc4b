import * as z from 'zod';
import { isUtcDay } from '../../time/utcDay.ts';

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
