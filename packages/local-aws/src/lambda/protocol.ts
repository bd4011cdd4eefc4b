// Environments import no schemas, which would be half of what they load: the host made what they get.

/** The start-up data of an execution environment. */
export interface Start {
  /** Absolute path of the function's module. */
  readonly handlerFile: string;
  /** Name of the module's export that is invoked. */
  readonly handlerName: string;
  /** Name of the function. */
  readonly functionName: string;
  /** ARN of the function. */
  readonly functionArn: string;
  /** The function's memory, which it sees in its context: MB. */
  readonly memoryMb: number;
  /**
   * One number, which counts the invocations that a thread was sent. It wakes a frozen thread. A process reads {@link
   * THAWS}.
   */
  readonly invocations?: SharedArrayBuffer;
  /** The offset of {@link Invocation}, for the time in which the bundle is loaded. */
  readonly clockOffsetMs: number;
}

/** The pipe from which a frozen process reads its next invocation: JSON and a line break. */
export const THAWS = 4;

/** One invocation, as sent to the worker. Payloads are JSON text, as in Lambda. */
export interface Invocation {
  /** ID of the invocation, a UUID. */
  readonly requestId: string;
  /** The event. */
  readonly payload: string;
  /** `_X_AMZN_TRACE_ID`, which AWS SDKs add to their requests. */
  readonly trace: string;
  /** Whether the environment is frozen from its answer to the next invocation. */
  readonly freezes: boolean;
  /** Time at which the invocation times out, epoch milliseconds of the machine's clock. */
  readonly deadlineMs: number;
  /** How far the function's `Date` is ahead of the machine's, in milliseconds. */
  readonly clockOffsetMs: number;
}

/** A report of a worker: `ready` once, then one answer for each invocation. */
export type Report =
  | { readonly type: 'ready' }
  | { readonly type: 'done'; readonly payload: string }
  | { readonly type: 'failed'; readonly errorType: string; readonly message: string; readonly stack: string };
