import { z } from 'zod';
import { resultConfigurationSchema } from './resultConfiguration.ts';

/** The columns of a result, as `StatementRunner` tells them. */
const columnSchema = z.strictObject({
  name: z.string(),
  type: z.string(),
  precision: z.number(),
  scale: z.number(),
  nullable: z.enum(['NULLABLE', 'UNKNOWN', 'NOT_NULL']),
});

/** What a statement that succeeded has left in S3. */
const outcomeSchema = z.strictObject({
  /** How the object at the output location holds rows; `none` when what was written is only counted. */
  format: z.enum(['csv', 'txt', 'none']),
  columns: z.array(columnSchema).readonly(),
  updateCount: z.number().optional(),
  manifestLocation: z.string().optional(),
  outputBytes: z.number(),
  /** Without the header row. */
  outputRows: z.number(),
});

/** A query execution, as it is kept on disk. Times are epoch milliseconds. */
export const executionSchema = z.strictObject({
  id: z.string(),
  query: z.string(),
  statementType: z.enum(['DDL', 'DML', 'UTILITY']),
  substatementType: z.string(),
  catalog: z.string(),
  database: z.string().optional(),
  parameters: z.array(z.string()).readonly(),
  workGroup: z.string(),
  /** What holds for its results; `OutputLocation` is the folder that was asked for. */
  results: resultConfigurationSchema.extend({ OutputLocation: z.string() }),
  reuse: z.strictObject({ enabled: z.boolean(), maxAgeMinutes: z.number() }).optional(),
  /** Access key of whoever submitted it. */
  caller: z.string(),
  /** The client's token, and a digest of what came with it. */
  token: z.string().optional(),
  digest: z.string(),
  state: z.enum(['QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED']),
  reason: z.string().optional(),
  error: z
    .strictObject({
      category: z.union([z.literal(1), z.literal(2), z.literal(3)]),
      type: z.number(),
      retryable: z.boolean(),
    })
    .optional(),
  submittedAt: z.number(),
  startedAt: z.number().optional(),
  completedAt: z.number().optional(),
  scannedBytes: z.number(),
  /** The result's object. */
  outputLocation: z.string(),
  outcome: outcomeSchema.optional(),
});

/** A query from its submission on, as it is kept. */
export type Execution = Readonly<z.output<typeof executionSchema>>;

/** What has come of a statement that succeeded. */
export type Outcome = Readonly<z.output<typeof outcomeSchema>>;

/** Whether nothing more will happen to it. */
export function isOver({ state }: Pick<Execution, 'state'>): boolean {
  return state !== 'QUEUED' && state !== 'RUNNING';
}
