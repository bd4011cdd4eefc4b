import * as z from 'zod';
import { ExportError } from '../../lib/ingest/export/ExportError.ts';

const schema = z.object({
  /** Our bucket: the tables' files, and the ledger. */
  SLUICE_BUCKET: z.string().min(1),
  /** URL of the queue that this function works off, and that it puts its tasks on. */
  SLUICE_EXPORT_QUEUE: z.string().min(1),
  /** `--stage` of the deployment: a dimension of its metrics. */
  SLUICE_STAGE: z.string().min(1),
});

/** What serverless.yml gives the export. */
export type Environment = Readonly<z.output<typeof schema>>;

/** @throws ExportError SLUICE_EXPORT_ENVIRONMENT_INVALID, naming the variables. */
export function readEnvironment(variables: NodeJS.ProcessEnv): Environment {
  const result = schema.safeParse(variables);
  if (result.success) return result.data;
  const names = result.error.issues.map(({ path }) => path.join('.')).join(', ');
  throw new ExportError('SLUICE_EXPORT_ENVIRONMENT_INVALID', names);
}
