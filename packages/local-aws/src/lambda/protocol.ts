import { z } from 'zod';

/** What an execution environment is started with. */
export const startSchema = z.object({
  handlerFile: z.string(),
  handlerName: z.string(),
  functionName: z.string(),
  functionArn: z.string(),
  memoryMb: z.number(),
  /** See {@link invocationSchema}: for what the bundle does while it is loaded. */
  clockOffsetMs: z.number(),
});
/** What a worker is started with. */
export type Start = z.output<typeof startSchema>;

/** One invocation; payloads are JSON text, as Lambda has them. */
export const invocationSchema = z.object({
  requestId: z.string(),
  payload: z.string(),
  /** `_X_AMZN_TRACE_ID`, which AWS SDKs send along. */
  trace: z.string(),
  /** When the invocation times out, by the machine's clock. */
  deadlineMs: z.number(),
  /** How far the function's `Date` is ahead of the machine's, milliseconds. */
  clockOffsetMs: z.number(),
});
/** One invocation, as the worker gets it. */
export type Invocation = z.output<typeof invocationSchema>;

/** What an environment says back. `ready` once, then one answer an invocation. */
export const reportSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('done'), payload: z.string() }),
  z.object({ type: z.literal('failed'), errorType: z.string(), message: z.string(), stack: z.string() }),
]);
/** What a worker answers. */
export type Report = z.output<typeof reportSchema>;
