import * as z from 'zod';
import { TriggerFailure } from '../../lib/ingest/trigger/TriggerError.ts';

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

/** What serverless.yml gives the trigger. */
export type Environment = Readonly<z.output<typeof schema>>;

/** @throws TriggerFailure SLUICE_TRIGGER_ENVIRONMENT_INVALID, naming the variables. */
export function readEnvironment(variables: NodeJS.ProcessEnv): Environment {
  const result = schema.safeParse(variables);
  if (result.success) return result.data;
  const names = result.error.issues.map(({ path }) => path.join('.')).join(', ');
  throw new TriggerFailure('SLUICE_TRIGGER_ENVIRONMENT_INVALID', names);
}
