import * as z from 'zod';
import { ExportError } from '../../lib/export/ExportError.ts';
import { environmentReader } from '../../lib/lambda/environment.ts';

const schema = z.object({
  /** Our bucket: the tables' files, and the ledger. */
  SLUICE_BUCKET: z.string().min(1),
  /** URL of the queue that this function works off, and that it puts its tasks on. */
  SLUICE_EXPORT_QUEUE: z.string().min(1),
  /** ARN of the function's role, which it assumes again for each task, narrowed to one export. Requests go without. */
  SLUICE_ROLE: z
    .string()
    .regex(/^arn:[^:]+:iam::\d{12}:role\/.+$/)
    .optional(),
  /** `--stage` of the deployment: a dimension of its metrics. */
  SLUICE_STAGE: z.string().min(1),
});

/** What serverless.yml gives the export. */
export type Environment = Readonly<z.output<typeof schema>>;

/** @throws ExportError SLUICE_EXPORT_ENVIRONMENT_INVALID, naming the variables. */
export const readEnvironment = environmentReader(
  schema,
  (names) => new ExportError('SLUICE_EXPORT_ENVIRONMENT_INVALID', names),
);
