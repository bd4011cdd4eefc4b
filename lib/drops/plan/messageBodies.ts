import * as z from 'zod';
import { MAX_REQUEST_DAYS } from '../../base/queue.ts';
import { isUtcDay } from '../../base/time.ts';
import { pieceRefSchema } from '../../ledger/dayRunSchema.ts';
import { datasetKinds } from '../../schema/kinds.ts';
import { taskReasons } from '../dayTable.ts';
import { MAX_DATASETS, MAX_ROUNDS, MAX_SOURCES } from '../limits.ts';

/** A day in a message or a note. */
export const daySchema = z.string().refine(isUtcDay, 'a day, YYYY-MM-DD');

/**
 * A request for a plan: the body of a message on the plan's queue. Schedules send `{"sluice":"plan","schedule":"daily"}`.
 * The trigger, `sluice ingest run` and `backfill` name sources, datasets or days. A member that is left out means all.
 */
export const planRequestSchema = z.strictObject({
  sluice: z.literal('plan'),
  /** If this is set, only datasets of this schedule are planned. */
  schedule: z.enum(['daily', 'hourly']).optional(),
  /** Names of sources. */
  sources: z.array(z.string().min(1)).max(MAX_SOURCES).optional(),
  /** Names of datasets of these sources. */
  datasets: z.array(z.string().min(1)).max(MAX_DATASETS).optional(),
  /** Only datasets of this kind are planned. */
  kind: z.enum(datasetKinds).optional(),
  /** Default: each dataset's lookback. */
  days: z.array(daySchema).min(1).max(MAX_REQUEST_DAYS).optional(),
  /**
   * The days were requested and do not wait to settle. Only the trigger, which starts cooldowns, sends `triggered`. With
   * `backfill` days are loaded regardless of the ledger. `keep` and `empty` are of `sluice ingest accept`.
   */
  asked: z.enum(['triggered', 'backfill', 'keep', 'empty']).optional(),
  /** How often this request was repeated for waiting days. */
  round: z.int().min(0).max(MAX_ROUNDS).default(0),
  /**
   * Time at which the schedule's run began, epoch milliseconds. This message is the part of that run for one source.
   * The plan itself sets it.
   */
  run: z.number().optional(),
});

/** A look for overdue drops. The schedule sends `{"sluice":"expected"}`, and the plan itself one for each source. */
export const lateLookSchema = z.strictObject({
  sluice: z.literal('expected'),
  /** Default: all. */
  sources: z.array(z.string().min(1)).max(1).optional(),
  /** The time of the run, as in `run` of a plan. */
  run: z.number().optional(),
});

/** A validated request for a look. */
export type LateLook = z.output<typeof lateLookSchema>;

/**
 * What the plan sends itself when it splits a run of a schedule into its sources: count what their last looks have
 * found, once all of them have looked.
 */
export const tallySchema = z.strictObject({
  sluice: z.literal('tally'),
  /** Absent: the look for overdue drops. */
  schedule: z.enum(['daily', 'hourly']).optional(),
  /** Time at which the run began, epoch milliseconds. */
  run: z.number(),
  /** How many datasets had not been looked at when it was sent. */
  left: z.int().min(0),
  /** How often it was sent before. */
  round: z.int().min(0).max(MAX_ROUNDS),
});

/** A validated request to count. */
export type Tally = z.output<typeof tallySchema>;

/** One validated request. */
export type PlanRequest = z.output<typeof planRequestSchema>;
/** A request as senders write it, without defaults. */
export type PlanRequestInput = z.input<typeof planRequestSchema>;

/** One day of one dataset to load: the body of a message on the load's queue. */
export const ingestTaskSchema = z.strictObject({
  /** Name of the source. */
  source: z.string().min(1),
  /** Name of the dataset. */
  dataset: z.string().min(1),
  /** The day of the folder. */
  day: daySchema,
  /** Fingerprint of the files that the plan saw. They may have changed when the load lists them. */
  fingerprint: z.string().min(1),
  /** Why the day is loaded. */
  reason: z.enum(taskReasons),
  /** The piece that is to be made. Default: the day is loaded from its beginning. */
  piece: pieceRefSchema.optional(),
});

/** One validated task. */
export type IngestTask = z.output<typeof ingestTaskSchema>;
