import { realClock } from '../base/clock.ts';
import { Faults } from '../faults/Faults.ts';
import {
  type EnvironmentOptions,
  ExecutionEnvironment,
  FunctionError,
  LAMBDA_LIMITS,
} from './ExecutionEnvironment.ts';
import { loadsNativeCode, processHost, threadHost } from './host.ts';
import { invocationTrace } from './recursion.ts';

/** Whether Lambda refused an invocation because of too many at once. */
export function isThrottled(error: unknown): boolean {
  return error instanceof FunctionError && error.errorType === 'TooManyRequestsException';
}

/** Environments of a function on one machine. On Lambda there are as many as the account allows. */
const DEFAULT_CONCURRENCY = 4;

/** What Lambda refuses an invocation with, before any code runs. */
const REFUSALS: ReadonlySet<string> = new Set(['TooManyRequestsException', 'RequestEntityTooLargeException']);

/** Whether Lambda refused an invocation, so that the function did not run. */
export function isRefused(error: unknown): boolean {
  return error instanceof FunctionError && REFUSALS.has(error.errorType);
}

/** A function with its settings from the template. */
export interface LambdaFunctionOptions extends EnvironmentOptions {
  /** Maximum number of environments, hence of parallel invocations; others wait. Default 4. */
  readonly concurrency?: number;
  /** Injected failures of invocations. Default: none. */
  readonly faults?: Faults | undefined;
}

/** A deployed function. Environments are started on demand, kept warm, and replaced when they die. */
export class LambdaFunction {
  /** Name of the function. */
  readonly name: string;
  readonly #options: LambdaFunctionOptions;
  readonly #concurrency: number;
  readonly #faults: Faults;
  readonly #isNative: boolean;
  readonly #idle: ExecutionEnvironment[] = [];
  readonly #busy = new Set<ExecutionEnvironment>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #closed = false;

  constructor(options: LambdaFunctionOptions) {
    this.name = options.functionName;
    this.#options = options;
    this.#concurrency = options.concurrency ?? DEFAULT_CONCURRENCY;
    this.#faults = options.faults ?? new Faults();
    this.#isNative = loadsNativeCode(options.handlerFile);
  }

  /**
   * Loads the bundle before the first invocation, which takes place in the same environment. A bundle with native code is
   * loaded in a thread as a check only: the process for it, which takes the memory of many threads, starts with the first
   * invocation.
   *
   * @throws FunctionError if the bundle cannot be loaded.
   */
  async warm(): Promise<void> {
    const environment = this.#idle[0] ?? new ExecutionEnvironment(this.#options, threadHost);
    if (this.#idle.length === 0 && !this.#isNative) this.#idle.push(environment);
    await environment.ready();
    if (this.#isNative) await environment.close();
  }

  /**
   * Invokes the function synchronously with a JSON payload; resolves with the JSON result.
   *
   * @param traceHeaders Trace headers of the messages in the payload. Default none: a new chain begins.
   * @throws FunctionError see {@link ExecutionEnvironment.invoke}; `RequestEntityTooLargeException` over 6 MiB;
   * `TooManyRequestsException`, with which Lambda refuses an invocation that it throttles.
   */
  async invoke(payload: string, traceHeaders: readonly (string | undefined)[] = []): Promise<string> {
    const bytes = Buffer.byteLength(payload);
    if (bytes > LAMBDA_LIMITS.requestBytes) {
      throw new FunctionError(
        'RequestEntityTooLargeException',
        `${bytes} byte payload is too large for the RequestResponse invocation type (limit ${LAMBDA_LIMITS.requestBytes} bytes)`,
      );
    }
    const names = [this.name];
    if (this.#faults.take('lambda', ['throttleInvocations'], names).throttleInvocations !== undefined)
      throw new FunctionError('TooManyRequestsException', 'Rate Exceeded.');
    const struck = this.#faults.take(
      'lambda',
      ['killInvocations', 'timeOutInvocations', 'freezeAfterAnswer', 'startCold'],
      names,
    );
    const ending = struck.killInvocations ?? struck.timeOutInvocations;
    await this.#enter();
    const environment = await this.#takeEnvironment(struck.startCold !== undefined);
    this.#busy.add(environment);
    try {
      if (this.#closed) await environment.close();
      const { functionArn, clock = realClock } = this.#options;
      return await environment.invoke(payload, invocationTrace(traceHeaders, functionArn, clock.now()), {
        freezes: struck.freezeAfterAnswer !== undefined,
        end: ending && (ending.fault === 'killInvocations' ? 'killed' : 'timedOut'),
        afterMs: ending?.afterMs,
      });
    } finally {
      this.#busy.delete(environment);
      if (environment.dead || this.#closed) await environment.close();
      else this.#idle.push(environment);
      this.#leave();
    }
  }

  /** Stops every environment. Running invocations fail. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#idle.splice(0), ...this.#busy].map((environment) => environment.close()));
  }

  /**
   * Takes a warm environment that is still alive: a handler may throw after it has answered.
   *
   * @param isCold Takes a new one, as after Lambda has ended those that were idle.
   */
  async #takeEnvironment(isCold: boolean): Promise<ExecutionEnvironment> {
    for (let warm = this.#idle.pop(); warm !== undefined; warm = this.#idle.pop()) {
      if (!warm.dead && !isCold) return warm;
      await warm.close();
    }
    return new ExecutionEnvironment(this.#options, this.#isNative ? processHost : threadHost);
  }

  /** Waits until fewer invocations run than may. */
  async #enter(): Promise<void> {
    if (this.#running >= this.#concurrency) await new Promise<void>((go) => this.#waiting.push(go));
    else this.#running += 1;
  }

  /** Lets the next invocation run that waits. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next !== undefined) next();
    else this.#running -= 1;
  }
}
