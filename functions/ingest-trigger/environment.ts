import * as z from 'zod';
import { TriggerFailure } from '../../lib/drops/plan/trigger.ts';
import { environmentReader } from '../../lib/lambda/environment.ts';

const flag = z
  .enum(['true', 'false'])
  .default('false')
  .transform((value) => value === 'true');

const schema = z.object({
  /** Where it is kept when each source was started last. */
  SLUICE_BUCKET: z.string().min(1),
  /** ARN of the secret with the keys that may post. */
  SLUICE_KEYS_SECRET: z.string().min(1),
  /** URL of the plan's queue. */
  SLUICE_PLAN_QUEUE: z.string().min(1),
  /** Set by the local cloud only: any secret-… key may post. */
  SLUICE_ALLOW_ANY_KEY: flag,
});

/** @throws TriggerFailure SLUICE_TRIGGER_ENVIRONMENT_INVALID, naming the variables. */
export const readEnvironment = environmentReader(
  schema,
  (names) => new TriggerFailure('SLUICE_TRIGGER_ENVIRONMENT_INVALID', names),
);
