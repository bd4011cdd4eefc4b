/** Who can correct it: the caller or whoever wrote the configuration for `user` errors, whoever operates Sluice for `system` errors. */
export type Fault = 'user' | 'system';

/** One code of a family: what happened and what to do about it, a sentence each. */
export interface ErrorEntry {
  readonly cause: string;
  readonly cure: string;
}

/** Codes are stable: dashboards, quarantine rows and tests refer to them. */
export type ErrorCode = `SLUICE_${string}`;

/**
 * An error with a stable code, a cause and a cure.
 *
 * Not thrown directly: {@link defineErrorFamily} makes one class a family.
 * `detail` names the thing at hand (a field, a path, a limit); it never holds a key or a body.
 */
export class SluiceError<Code extends ErrorCode = ErrorCode> extends Error {
  readonly code: Code;
  readonly fault: Fault;
  readonly cure: string;
  readonly detail: string;

  constructor(code: Code, fault: Fault, entry: ErrorEntry, detail: string, options?: ErrorOptions) {
    super(detail === '' ? entry.cause : `${entry.cause} ${detail}`, options);
    this.name = code;
    this.code = code;
    this.fault = fault;
    this.cure = entry.cure;
    this.detail = detail;
  }
}
