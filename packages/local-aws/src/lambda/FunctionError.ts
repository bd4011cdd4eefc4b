/** Why an invocation gave no payload, under the `errorType` that Lambda itself reports. */
export class FunctionError extends Error {
  /** The thrown error's name, or `Sandbox.Timedout`, `Runtime.ExitError`, `RequestEntityTooLargeException`, … */
  readonly errorType: string;

  constructor(errorType: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'FunctionError';
    this.errorType = errorType;
  }
}
