import { randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import { z } from 'zod';
import { type Clock, realClock } from '../base/clock.ts';
import type { Host, HostOptions } from './host.ts';
import type { Invocation, Report, Start } from './protocol.ts';

/** Lambda's limits: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
export const LAMBDA_LIMITS = {
  /** Largest request payload of a synchronous invocation, bytes. */
  requestBytes: 6 * 1024 * 1024,
  /** Largest response payload of a synchronous invocation, bytes. */
  responseBytes: 6 * 1024 * 1024,
} as const;

/** What runtime.ts reports. */
const reportSchema: z.ZodType<Report> = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('done'), payload: z.string() }),
  z.object({ type: z.literal('failed'), errorType: z.string(), message: z.string(), stack: z.string() }),
]);

/** Why an invocation returned no payload, with the `errorType` that Lambda reports. */
export class FunctionError extends Error {
  /** The thrown error's name, or `Sandbox.Timedout`, `Runtime.ExitError`, `RequestEntityTooLargeException`, … */
  readonly errorType: string;
  /** ID of the invocation; undefined if it did not reach the handler. */
  readonly requestId: string | undefined;

  constructor(errorType: string, message: string, requestId?: string) {
    super(message);
    this.name = 'FunctionError';
    this.errorType = errorType;
    this.requestId = requestId;
  }
}

/** The options of an environment besides its start-up data. */
export interface EnvironmentOptions extends Omit<Start, 'clockOffsetMs' | 'invocations'> {
  /** The whole `process.env` of the function. */
  readonly variables: Readonly<Record<string, string>>;
  /** Milliseconds after which an invocation is ended. */
  readonly timeoutMs: number;
  /** Called with the function's output to stdout and stderr: whole lines, each with its line break. */
  readonly log: (text: string) => void;
  /** The function's time, fixed at the start of each invocation. Default: the machine's. */
  readonly clock?: Clock;
}

/** Effect of faults on one invocation. */
interface InvocationFate {
  /** Whether the environment is frozen after its answer. */
  readonly freezes: boolean;
  /** How the environment ends, whatever its handler answers; undefined: it does not. */
  readonly end?: 'killed' | 'timedOut' | undefined;
  /**
   * When the environment ends, milliseconds after the start of the invocation. Default: an environment that is killed
   * ends when it answers, and one that times out ends at its timeout, which it never outlives.
   */
  readonly afterMs?: number | undefined;
}

/**
 * One Lambda execution environment, with its own module graph and `process.env`. Runs one invocation at a time. After a
 * timeout or a crash it is {@link dead} and must be replaced, as in Lambda.
 */
export class ExecutionEnvironment {
  readonly #host: Host;
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  readonly #ready: Promise<void>;
  #settle: ((report: Report) => void) | undefined;
  #dead: FunctionError | undefined;

  constructor(
    { variables, timeoutMs, log, clock = realClock, ...start }: EnvironmentOptions,
    openHost: (options: HostOptions) => Host,
  ) {
    this.#timeoutMs = timeoutMs;
    this.#clock = clock;
    const { handlerFile, handlerName, functionName, functionArn, memoryMb } = start;
    this.#host = openHost({
      start: {
        handlerFile,
        handlerName,
        functionName,
        functionArn,
        memoryMb,
        clockOffsetMs: this.#clockOffsetMs(),
      },
      variables,
      onMessage: (message) => this.#receive(reportSchema.parse(message)),
      onEnd: (why) => this.#die(new FunctionError('Runtime.ExitError', why)),
    });
    for (const output of [this.#host.stdout, this.#host.stderr]) passLines(output, log);
    this.#ready = this.#next().then((report) => {
      if (report.type === 'failed') this.#die(new FunctionError(report.errorType, report.message));
    });
    this.#ready.catch(() => undefined);
  }

  /** Whether it can't run further invocations. */
  get dead(): boolean {
    return this.#dead !== undefined;
  }

  /** Resolves once the handler is loaded. */
  async ready(): Promise<void> {
    await this.#ready;
    if (this.#dead !== undefined) throw this.#dead;
  }

  /**
   * Runs the handler once and resolves with its JSON result.
   *
   * @param trace The chain of invocations that includes this one: recursion.ts.
   * @throws FunctionError with the handler's own error, `Sandbox.Timedout`, `Runtime.ExitError` or
   *   `Function.ResponseSizeTooLarge`.
   */
  async invoke(payload: string, trace: string, { freezes, end, afterMs }: InvocationFate): Promise<string> {
    await this.ready();
    const requestId = randomUUID();
    const invocation: Invocation = {
      requestId,
      payload,
      trace,
      freezes,
      deadlineMs: Date.now() + this.#timeoutMs,
      clockOffsetMs: this.#clockOffsetMs(),
    };
    const answer = this.#next();
    const timesOut = Math.min((end === 'timedOut' ? afterMs : undefined) ?? this.#timeoutMs, this.#timeoutMs);
    const timers = [setTimeout(() => this.#die(this.#timedOut(requestId)), timesOut)];
    if (end === 'killed' && afterMs !== undefined)
      timers.push(setTimeout(() => this.#die(killed(requestId)), afterMs));
    try {
      this.#host.invoke(invocation);
      let report = await answer;
      if (freezes) this.#host.freeze();
      if (this.#dead === undefined && end === 'killed') this.#die(killed(requestId));
      // The answer comes too late for its caller.
      if (this.#dead === undefined && end === 'timedOut') report = await this.#next();
      if (this.#dead !== undefined) throw this.#dead;
      if (report.type === 'failed') throw new FunctionError(report.errorType, report.message, requestId);
      const result = report.type === 'done' ? report.payload : 'null';
      if (Buffer.byteLength(result) > LAMBDA_LIMITS.responseBytes) {
        throw new FunctionError(
          'Function.ResponseSizeTooLarge',
          'Response payload size exceeded the maximum allowed.',
          requestId,
        );
      }
      return result;
    } finally {
      for (const timer of timers) clearTimeout(timer);
    }
  }

  /** Lambda's error for an invocation that took too long. */
  #timedOut(requestId: string): FunctionError {
    const seconds = (this.#timeoutMs / 1000).toFixed(2);
    return new FunctionError(
      'Sandbox.Timedout',
      `RequestId: ${requestId} Error: Task timed out after ${seconds} seconds`,
      requestId,
    );
  }

  /** Stops the environment. A running invocation fails. */
  async close(): Promise<void> {
    this.#die(new FunctionError('Runtime.ExitError', 'The environment was shut down.'));
    await this.#host.terminate();
  }

  /** How far the local clock is ahead of the machine's, in milliseconds. */
  #clockOffsetMs(): number {
    return this.#clock.now() - Date.now();
  }

  /** Waits for the next report of the host. */
  #next(): Promise<Report> {
    return new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  /** Hands a report to whoever waits for one. */
  #receive(report: Report): void {
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.(report);
  }

  /** Ends the environment. A running invocation fails for the reason. */
  #die(reason: FunctionError): void {
    if (this.#dead !== undefined) return;
    this.#dead = reason;
    this.#receive({ type: 'failed', errorType: reason.errorType, message: reason.message, stack: '' });
    void this.#host.terminate();
  }
}

/** Lambda's error for an environment that was killed, for example because it ran out of memory. */
function killed(requestId: string): FunctionError {
  return new FunctionError(
    'Runtime.ExitError',
    `RequestId: ${requestId} Error: Runtime exited with error: signal: killed`,
    requestId,
  );
}

/** Passes on output by whole lines, so that lines of several environments do not mix. */
function passLines(output: Readable, log: (text: string) => void): void {
  let rest = '';
  output.setEncoding('utf8').on('data', (text: string) => {
    const end = text.lastIndexOf('\n') + 1;
    if (end > 0) log(rest + text.slice(0, end));
    rest = (end > 0 ? '' : rest) + text.slice(end);
  });
  output.on('end', () => {
    if (rest !== '') log(`${rest}\n`);
  });
}
