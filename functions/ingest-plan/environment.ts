import * as z from 'zod';
import { IngestError } from '../../lib/drops/IngestError.ts';
import { environmentReader } from '../../lib/lambda/environment.ts';

const schema = z.object({
  /** Where the ledger is. */
  SLUICE_BUCKET: z.string().min(1),
  /** URL of the queue that this function works off: days that wait are asked after through it. */
  SLUICE_PLAN_QUEUE: z.string().min(1),
  /** URL of the load's queue. */
  SLUICE_TASK_QUEUE: z.string().min(1),
  /** `--stage` of the deployment: a dimension of its metrics. */
  SLUICE_STAGE: z.string().min(1),
});

/** What serverless.yml gives the plan. */
export type Environment = Readonly<z.output<typeof schema>>;

/** @throws IngestError SLUICE_INGEST_ENVIRONMENT_INVALID, naming the variables. */
export const readEnvironment = environmentReader(
  schema,
  (names) => new IngestError('SLUICE_INGEST_ENVIRONMENT_INVALID', names),
);
