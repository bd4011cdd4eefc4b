import { invocationTrace } from '../sqs/recursion.ts';
import { type EnvironmentOptions, ExecutionEnvironment } from './ExecutionEnvironment.ts';
import { FunctionError } from './FunctionError.ts';
import { LAMBDA_LIMITS } from './limits.ts';

/** A function as the template has it, ready to be invoked. */
export interface LambdaFunctionOptions extends EnvironmentOptions {
  /** Environments at the most, so invocations at once; further ones wait. Default 4. */
  readonly concurrency?: number;
}

/** A deployed function: environments are started on demand, kept warm, and replaced when they die. */
export class LambdaFunction {
  readonly name: string;
  readonly #options: LambdaFunctionOptions;
  readonly #concurrency: number;
  readonly #idle: ExecutionEnvironment[] = [];
  readonly #busy = new Set<ExecutionEnvironment>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #closed = false;

  constructor(options: LambdaFunctionOptions) {
    this.name = options.functionName;
    this.#options = options;
    this.#concurrency = options.concurrency ?? 4;
  }

  /** Starts one environment ahead of the first invocation; says by throwing whether the bundle loads. */
  async warm(): Promise<void> {
    const environment = this.#idle[0] ?? new ExecutionEnvironment(this.#options);
    if (this.#idle.length === 0) this.#idle.push(environment);
    await environment.ready();
  }

  /**
   * Invokes synchronously with a JSON payload; resolves with the JSON result.
   *
   * @param traceHeaders Of the messages in the payload. Default none: a new chain begins.
   * @throws FunctionError see {@link ExecutionEnvironment.invoke}; `RequestEntityTooLargeException` over 6 MiB.
   */
  async invoke(payload: string, traceHeaders: readonly (string | undefined)[] = []): Promise<string> {
    const bytes = Buffer.byteLength(payload);
    if (bytes > LAMBDA_LIMITS.requestBytes) {
      throw new FunctionError(
        'RequestEntityTooLargeException',
        `${bytes} byte payload is too large for the RequestResponse invocation type (limit ${LAMBDA_LIMITS.requestBytes} bytes)`,
      );
    }
    await this.#enter();
    const environment = await this.#takeEnvironment();
    this.#busy.add(environment);
    try {
      if (this.#closed) await environment.close();
      return await environment.invoke(payload, invocationTrace(traceHeaders, this.#options.functionArn));
    } finally {
      this.#busy.delete(environment);
      if (environment.dead || this.#closed) await environment.close();
      else this.#idle.push(environment);
      this.#leave();
    }
  }

  /** Ends every environment; an invocation still running in one fails. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#idle.splice(0), ...this.#busy].map((environment) => environment.close()));
  }

  /** A warm one, unless it has died since: a handler may throw after it has answered. */
  async #takeEnvironment(): Promise<ExecutionEnvironment> {
    for (let warm = this.#idle.pop(); warm !== undefined; warm = this.#idle.pop()) {
      if (!warm.dead) return warm;
      await warm.close();
    }
    return new ExecutionEnvironment(this.#options);
  }

  async #enter(): Promise<void> {
    if (this.#running >= this.#concurrency) await new Promise<void>((go) => this.#waiting.push(go));
    else this.#running += 1;
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running -= 1;
    else next();
  }
}
