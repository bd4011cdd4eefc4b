import * as z from 'zod';
import { parseJson } from '../base/json.ts';
import { MAX_REQUEST_DAYS } from '../base/queue.ts';
import { isUtcDay } from '../base/time.ts';
import { forwardedKinds } from '../schema/kinds.ts';

const day = z.string().refine(isUtcDay, 'a day, YYYY-MM-DD');
const kind = z.enum(forwardedKinds);

/**
 * A request to look for days to curate: the body of a message on the plan's queue. The nightly schedule sends
 * `{"sluice":"curate"}`. `sluice curate run` and `rebuild` name kinds and days. A member that is left out means all.
 */
export const curateRequestSchema = z.strictObject({
  sluice: z.literal('curate'),
  kinds: z.array(kind).min(1).optional(),
  days: z.array(day).min(1).max(MAX_REQUEST_DAYS).optional(),
  /**
   * What a person asked for: `run` for days that have changed, `rebuild` for every named day, changed or not.
   * Undefined: nobody asked.
   */
  asked: z.enum(['run', 'rebuild']).optional(),
});

/** One validated request. */
export type CurateRequestBody = z.output<typeof curateRequestSchema>;

/** Why a day is curated. */
const curateReasons = [
  /** The day was never curated. */
  'new',
  /** The raw files of the day differ from those of its version. */
  'changed',
  /** The version has other columns or derivations than the configuration has now. */
  'reshaped',
  /** Raw files of the version are gone without a reason: their rows are kept. */
  'kept',
  /** The day has a version, and no raw files any more. */
  'deleted',
  /** The day failed before, with the same raw files. */
  'retried',
  /** A person asked for the day, changed or not; or its version lacks files, and the raw files have their rows. */
  'rebuild',
] as const;

/** One validated reason. */
export type CurateReason = (typeof curateReasons)[number];

/** One day to curate: the body of a message on the queue of `curate`. */
export const curateTaskSchema = z.strictObject({
  sluice: z.literal('curate-day'),
  kind,
  day,
  reason: z.enum(curateReasons),
  /** The version to make. The plan names it, so that every delivery of the task works on the same version. */
  version: z.string().min(1),
});

/** One validated task. */
export type CurateTask = z.output<typeof curateTaskSchema>;

/** The `sluice` of a message on the plan's queue that asks to write the list of curated days into the views. */
export const PUBLISH_RUN = 'curate-views';
/** The `sluice` of the hourly message on the plan's queue. */
export const CHECK_RUN = 'curate-check';

/** Only members that are read are required: AWS may add members to its events. */
const stackEventSchema = z.object({
  source: z.literal('aws.cloudformation'),
  'detail-type': z.literal('CloudFormation Stack Status Change'),
});

/**
 * Whether a message is an event of a stack, which EventBridge sends after a deployment: it may have put views back to the
 * template's text, in which no day is curated.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/eventbridge-events.html
 */
export function isStackEvent(body: string): boolean {
  return stackEventSchema.safeParse(parseJson(body)).success;
}
