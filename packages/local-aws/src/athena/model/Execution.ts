import { z } from 'zod';
import type { AthenaColumn } from '../engine/StatementRunner.ts';
import { resultConfigurationSchema } from './workGroupConfiguration.ts';

/** A column of a result. */
const columnSchema: z.ZodType<AthenaColumn> = z.strictObject({
  name: z.string(),
  type: z.string(),
  precision: z.number(),
  scale: z.number(),
  nullable: z.enum(['NULLABLE', 'UNKNOWN', 'NOT_NULL']),
});

/** Result of a successful statement, as written to S3. */
const outcomeSchema = z.strictObject({
  /** The format of the rows in the result's object; `none` when the statement only reports a count. */
  format: z.enum(['csv', 'txt', 'none']),
  columns: z.array(columnSchema).readonly(),
  /** The number of rows that the statement has written; absent for a statement that writes none. */
  updateCount: z.number().optional(),
  /** `s3://` location of the list of files that the statement has written; absent if it writes none. */
  manifestLocation: z.string().optional(),
  /** Size of the result's object in bytes. */
  outputBytes: z.number(),
  /** The number of rows, without the header row. */
  outputRows: z.number(),
});

/** A query execution as it is stored on disk. Times are epoch milliseconds. */
export const executionSchema = z.strictObject({
  id: z.string(),
  query: z.string(),
  statementType: z.enum(['DDL', 'DML', 'UTILITY']),
  substatementType: z.string(),
  catalog: z.string(),
  database: z.string().optional(),
  parameters: z.array(z.string()).readonly(),
  workGroup: z.string(),
  /** The effective result configuration. `OutputLocation` is the requested folder. */
  results: resultConfigurationSchema.extend({ OutputLocation: z.string() }),
  reuse: z.strictObject({ enabled: z.boolean(), maxAgeMinutes: z.number() }).optional(),
  /** The access key of the caller who submitted it, and the name of its session. */
  caller: z.string(),
  session: z.string().optional(),
  /** The client's request token, and a digest of the request. */
  token: z.string().optional(),
  digest: z.string(),
  state: z.enum(['QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED']),
  /** Why the query failed or was cancelled: `StateChangeReason`. */
  reason: z.string().optional(),
  /**
   * Why a query failed, as `AthenaError` has it. `category` is 1 for an error of Athena, 2 for one of the user and 3 for others;
   * the numbers of `type` are those of https://docs.aws.amazon.com/athena/latest/ug/error-reference.html
   */
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
  /** The location of the result's object. */
  outputLocation: z.string(),
  outcome: outcomeSchema.optional(),
});

/** A submitted query, as it is stored. */
export type Execution = Readonly<z.output<typeof executionSchema>>;

/** The outcome of a successful statement. */
export type Outcome = Readonly<z.output<typeof outcomeSchema>>;

/** Whether the query is in a final state. */
export function isFinished({ state }: Pick<Execution, 'state'>): boolean {
  return state !== 'QUEUED' && state !== 'RUNNING';
}
