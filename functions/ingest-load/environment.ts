import * as z from 'zod';
import { IngestError } from '../../lib/drops/IngestError.ts';
import { environmentReader } from '../../lib/lambda/environment.ts';

const schema = z.object({
  /** Where rows and the ledger go. */
  SLUICE_BUCKET: z.string().min(1),
  /** ARN of the function's role, which it assumes again for each load, narrowed to one dataset. Sweeps go without. */
  SLUICE_ROLE: z
    .string()
    .regex(/^arn:[^:]+:iam::\d{12}:role\/.+$/)
    .optional(),
  /** `maxReceiveCount` of the queue: the try after which a day fails. */
  SLUICE_TRIES: z.coerce.number().int().min(1),
  /** MiB. Lambda sets it: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html */
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: z.coerce.number().int().min(128),
});

/** What serverless.yml, and Lambda, give the load. */
export type Environment = Readonly<z.output<typeof schema>>;

/** @throws IngestError SLUICE_INGEST_ENVIRONMENT_INVALID, naming the variables. */
export const readEnvironment = environmentReader(
  schema,
  (names) => new IngestError('SLUICE_INGEST_ENVIRONMENT_INVALID', names),
);
