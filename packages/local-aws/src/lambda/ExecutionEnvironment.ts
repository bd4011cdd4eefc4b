import { randomUUID } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { type Clock, systemClock } from '../../../../lib/time/Clock.ts';
import { FunctionError } from './FunctionError.ts';
import { LAMBDA_LIMITS } from './limits.ts';
import { type Invocation, type Report, reportSchema, type Start } from './protocol.ts';

/** What one environment needs besides its start-up data. */
export interface EnvironmentOptions extends Omit<Start, 'clockOffsetMs'> {
  /** The whole `process.env` of the function. */
  readonly variables: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Takes what the function writes to stdout and stderr. */
  readonly log: (text: string) => void;
  /** The time that the function sees, as of the beginning of each invocation. Default: the machine's. */
  readonly clock?: Clock;
}

/**
 * One Lambda execution environment, in a thread: own module graph, own `process.env`, one invocation at a time.
 * After a timeout or a crash it is {@link dead} and must be replaced, as Lambda does.
 */
export class ExecutionEnvironment {
  readonly #worker: Worker;
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  readonly #ready: Promise<void>;
  #settle: ((report: Report) => void) | undefined;
  #dead: FunctionError | undefined;

  constructor({ variables, timeoutMs, log, clock = systemClock, ...start }: EnvironmentOptions) {
    this.#timeoutMs = timeoutMs;
    this.#clock = clock;
    const workerData: Start = { ...start, clockOffsetMs: this.#clockOffsetMs() };
    this.#worker = new Worker(new URL('./runtime.ts', import.meta.url), {
      workerData,
      env: { ...variables },
      stdout: true,
      stderr: true,
    });
    this.#worker.stdout.setEncoding('utf8').on('data', log);
    this.#worker.stderr.setEncoding('utf8').on('data', log);
    this.#worker.on('message', (message: unknown) => this.#receive(reportSchema.parse(message)));
    this.#worker.on('error', (error) => this.#die(new FunctionError('Runtime.ExitError', error.message)));
    this.#worker.on('exit', () => this.#die(new FunctionError('Runtime.ExitError', 'Runtime exited.')));
    this.#ready = this.#next().then((report) => {
      if (report.type === 'failed') this.#die(new FunctionError(report.errorType, report.message));
    });
    this.#ready.catch(() => undefined);
  }

  /** Whether it can take no further invocation. */
  get dead(): boolean {
    return this.#dead !== undefined;
  }

  /** Resolves once the handler is loaded. */
  async ready(): Promise<void> {
    await this.#ready;
    if (this.#dead !== undefined) throw this.#dead;
  }

  /**
   * Runs the handler once; resolves with its JSON result.
   *
   * @param trace The chain of invocations that this one belongs to: recursion.ts.
   * @throws FunctionError with the handler's own error, `Sandbox.Timedout`, `Runtime.ExitError` or
   *   `Function.ResponseSizeTooLarge`.
   */
  async invoke(payload: string, trace: string): Promise<string> {
    await this.ready();
    const requestId = randomUUID();
    const invocation: Invocation = {
      requestId,
      payload,
      trace,
      deadlineMs: Date.now() + this.#timeoutMs,
      clockOffsetMs: this.#clockOffsetMs(),
    };
    const answer = this.#next();
    const timer = setTimeout(() => {
      const seconds = (this.#timeoutMs / 1000).toFixed(2);
      this.#die(
        new FunctionError(
          'Sandbox.Timedout',
          `RequestId: ${requestId} Error: Task timed out after ${seconds} seconds`,
        ),
      );
    }, this.#timeoutMs);
    try {
      this.#worker.postMessage(invocation);
      const report = await answer;
      if (report.type === 'failed') throw new FunctionError(report.errorType, report.message);
      const result = report.type === 'done' ? report.payload : 'null';
      if (Buffer.byteLength(result) > LAMBDA_LIMITS.responseBytes) {
        throw new FunctionError(
          'Function.ResponseSizeTooLarge',
          'Response payload size exceeded the maximum allowed.',
        );
      }
      return result;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends it; an invocation under way fails. */
  async close(): Promise<void> {
    this.#die(new FunctionError('Runtime.ExitError', 'The environment was shut down.'));
    await this.#worker.terminate();
  }

  #clockOffsetMs(): number {
    return this.#clock.now() - Date.now();
  }

  #next(): Promise<Report> {
    return new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  #receive(report: Report): void {
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.(report);
  }

  #die(reason: FunctionError): void {
    if (this.#dead !== undefined) return;
    this.#dead = reason;
    this.#receive({ type: 'failed', errorType: reason.errorType, message: reason.message, stack: '' });
    void this.#worker.terminate();
  }
}
