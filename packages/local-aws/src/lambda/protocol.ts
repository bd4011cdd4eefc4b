import { z } from 'zod';

/** The start-up data of an execution environment. */
export const startSchema = z.object({
  handlerFile: z.string(),
  handlerName: z.string(),
  functionName: z.string(),
  functionArn: z.string(),
  memoryMb: z.number(),
  /** One number: how many invocations a thread was sent, which wakes a frozen one. A process reads {@link THAWS}. */
  invocations: z.instanceof(SharedArrayBuffer).optional(),
  /** As in {@link invocationSchema}, for the time while the bundle is loaded. */
  clockOffsetMs: z.int(),
});
/** The pipe from which a frozen process reads its next invocation: JSON and a line break. */
export const THAWS = 4;
/** The start-up data of a worker. */
export type Start = z.output<typeof startSchema>;

/** One invocation. Payloads are JSON text, as in Lambda. */
export const invocationSchema = z.object({
  requestId: z.string(),
  payload: z.string(),
  /** `_X_AMZN_TRACE_ID`, which AWS SDKs add to their requests. */
  trace: z.string(),
  /** Whether the environment is frozen from its answer to the next invocation. */
  freezes: z.boolean(),
  /** When the invocation times out, on the machine's clock. */
  deadlineMs: z.number(),
  /** How far the function's `Date` is ahead of the machine's, in milliseconds. */
  clockOffsetMs: z.int(),
});
/** One invocation, as sent to the worker. */
export type Invocation = z.output<typeof invocationSchema>;

/** Reports of an environment: `ready` once, then one answer for each invocation. */
export const reportSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('done'), payload: z.string() }),
  z.object({ type: z.literal('failed'), errorType: z.string(), message: z.string(), stack: z.string() }),
]);
/** A report of a worker. */
export type Report = z.output<typeof reportSchema>;
