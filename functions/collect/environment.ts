import * as z from 'zod';
import { CollectError } from '../../lib/collect/CollectError.ts';

const schema = z.object({
  SLUICE_EXPOSURES_STREAM: z.string().min(1),
  SLUICE_EVENTS_STREAM: z.string().min(1),
  /** Quarantine is written there. */
  SLUICE_BUCKET: z.string().min(1),
  /** ARN of the secret with the keys that may post. */
  SLUICE_KEYS_SECRET: z.string().min(1),
  /** Set by the local cloud only: any client-… or secret-… key may post. */
  SLUICE_ALLOW_ANY_KEY: z.enum(['true', 'false']).default('false'),
});

/** What serverless.yml gives the collector. */
export type Environment = Readonly<z.output<typeof schema>>;

/** @throws CollectError SLUICE_COLLECT_ENVIRONMENT_INVALID, naming the variables. */
export function readEnvironment(variables: NodeJS.ProcessEnv): Environment {
  const result = schema.safeParse(variables);
  if (result.success) return result.data;
  const names = result.error.issues.map(({ path }) => path.join('.')).join(', ');
  throw new CollectError('SLUICE_COLLECT_ENVIRONMENT_INVALID', names);
}
