import { MAX_RECEIVES } from '../../lib/relay/limits.ts';

/** How a function works off its queue. */
export interface Work {
  /** The function's timeout, seconds. */
  readonly timeout: number;
  /** Seconds for which messages are gathered. Default: none. */
  readonly window?: number;
  /**
   * How often a message is received before it moves to the dead-letter queue. It is at least five, because throttling
   * alone could use up fewer: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
   */
  readonly receives: number;
  /** Seconds for which a message is hidden once it is received. Default: six times the timeout, and the window. */
  readonly hidden?: number;
}

/**
 * The longest time for which Lambda runs a function, seconds. Functions that put files together have it: their
 * unfinished work goes on at once.
 */
export const LONGEST = 900;

/** The functions that have a queue, by their names in infra/serverless/serviceFunctions.ts. */
export const functionWork = {
  // The hourly run registers files whose message is lost.
  register: { timeout: 60, window: 10, receives: 5 },
  // Ten attempts take two and a half hours. A message is hidden for no longer than a run can last that is then killed,
  // so that the next try comes soon.
  write: { timeout: LONGEST, window: 20, receives: 10, hidden: 960 },
  // The next scheduled run finds what this one misses.
  'ingest-plan': { timeout: 300, receives: 5 },
  // A task is received again while another load works on its day, and after an interrupted load.
  'ingest-load': { timeout: LONGEST, receives: 10 },
  // As with `ingest-plan`, the next scheduled run finds what this one misses.
  export: { timeout: LONGEST, receives: 5 },
  'curate-plan': { timeout: 300, window: 60, receives: 5 },
  // As with `ingest-load`, a task is received again.
  curate: { timeout: LONGEST, receives: 10 },
  relay: { timeout: 120, receives: MAX_RECEIVES },
} as const satisfies Readonly<Record<string, Work>>;

/** How a function works off its queue; undefined for a function without a queue. */
export function workOf(name: string): Work | undefined {
  const works: Readonly<Record<string, Work>> = functionWork;
  return works[name];
}

/** The name of a function that has a queue. */
export type FunctionPart = keyof typeof functionWork;

/** The functions that have a queue, and a dead-letter queue. */
export const workingParts = Object.keys(functionWork) as readonly FunctionPart[];

/**
 * AWS recommends six times the function's timeout plus the batching window, so that a message is not delivered again while
 * an invocation still works on it.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
 */
const HIDDEN_TIMES = 6;

/**
 * Seconds for which a message is hidden once a function has received it. After that it comes again, unless the function
 * has succeeded.
 */
export function hiddenSeconds(part: FunctionPart): number {
  const { timeout, window = 0, hidden = timeout * HIDDEN_TIMES + window }: Work = functionWork[part];
  return hidden;
}
