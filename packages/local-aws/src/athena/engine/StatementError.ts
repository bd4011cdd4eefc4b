/**
 * Why a statement failed: what Athena tells as the state FAILED of an execution.
 *
 * `message` is worded as Athena words it, e.g. `SYNTAX_ERROR: line 1:8: Column 'x' cannot be resolved`;
 * `category` says who is at fault (1 the system, 2 the user, 3 another) and `type` which kind it is.
 * https://docs.aws.amazon.com/athena/latest/ug/error-reference.html
 */
export class StatementError extends Error {
  readonly category: 1 | 2 | 3;
  readonly type: number;
  readonly retryable: boolean;

  constructor(
    message: string,
    options: {
      readonly category?: 1 | 2 | 3;
      readonly type: number;
      readonly retryable?: boolean;
      readonly cause?: unknown;
    },
  ) {
    super(message, { cause: options.cause });
    this.name = 'StatementError';
    this.category = options.category ?? 2;
    this.type = options.type;
    this.retryable = options.retryable ?? false;
  }
}
