/**
 * Who can correct an error: the caller or the configuration's author for `user` errors, the operator for `system`
 * errors.
 */
type Fault = 'user' | 'system';

/**
 * Whether work that failed fails in the same way when the same machine repeats it with the same files: `always`, so that it
 * is not retried; `twice`, if the next try did; `unknown`, so that it is retried.
 */
type Repeats = 'always' | 'twice' | 'unknown';

/** One code of a family: what happened and what to do about it, a sentence each. */
export interface ErrorEntry {
  /** Why it happens; the same for every error with this code. */
  readonly cause: string;
  /** What to do. */
  readonly cure: string;
  /** Default: that of the family. */
  readonly repeats?: Repeats;
}

/** Codes are stable: dashboards, quarantine rows and tests refer to them. */
export type ErrorCode = `SLUICE_${string}`;

/** Options of an error. */
interface SluiceErrorOptions extends ErrorOptions {
  /** See {@link SluiceError.fields}. Default none. */
  readonly fields?: readonly string[];
  /** See {@link SluiceError.file}. Default none. */
  readonly file?: string | undefined;
}

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
  readonly repeats: Repeats;
  readonly detail: string;
  /** Paths of the fields of the configuration that are refused, `sources.0.name`; none of any other error. */
  readonly fields: readonly string[];
  /** The key of the file that it is about; undefined if it is about no single one, or if whoever throws it does not say. */
  readonly file: string | undefined;

  constructor(code: Code, fault: Fault, entry: ErrorEntry, detail: string, options?: SluiceErrorOptions) {
    super(detail === '' ? entry.cause : `${entry.cause} ${detail}`, options);
    this.name = code;
    this.code = code;
    this.fault = fault;
    this.cure = entry.cure;
    this.repeats = entry.repeats ?? 'unknown';
    this.detail = detail;
    this.fields = options?.fields ?? [];
    this.file = options?.file;
  }
}

/** The class that {@link defineErrorFamily} returns. */
export interface ErrorFamily<Code extends ErrorCode> {
  new (code: Code, detail?: string, options?: SluiceErrorOptions): SluiceError<Code>;
  /** Every code of the family with its cause and cure: what docs and tests iterate over. */
  readonly entries: Readonly<Record<Code, ErrorEntry>>;
  /** Whose fault every error of the family is. */
  readonly fault: Fault;
}

/**
 * Makes the error class of one area.
 *
 * @param usual What holds for entries that do not say whether they repeat. Default `unknown`.
 *
 * @example
 * export const ConfigError = defineErrorFamily('user', {
 *   SLUICE_CONFIG_INVALID: { cause: 'The configuration is not valid.', cure: 'Correct the named field.' },
 * });
 * throw new ConfigError('SLUICE_CONFIG_INVALID', 'bucket: got 7, expected a bucket name.', { fields: ['bucket'] });
 */
export function defineErrorFamily<const Entries extends { readonly [code: ErrorCode]: ErrorEntry }>(
  fault: Fault,
  entries: Entries,
  usual: Repeats = 'unknown',
): ErrorFamily<Extract<keyof Entries, ErrorCode>> {
  type Code = Extract<keyof Entries, ErrorCode>;
  const byCode: Readonly<Record<Code, ErrorEntry>> = entries;
  return class extends SluiceError<Code> {
    static readonly entries: Readonly<Record<Code, ErrorEntry>> = byCode;
    static readonly fault = fault;
    constructor(code: Code, detail = '', options?: SluiceErrorOptions) {
      super(code, fault, { repeats: usual, ...byCode[code] }, detail, options);
    }
  };
}

/** An error as `--json` of a command and the console's API answer it: docs/reference/errors.md. */
export interface ErrorObject {
  /** The stable code: SLUICE_…. */
  readonly code: string;
  /** Says what happened, with details. */
  readonly message: string;
  /** Why it happens; the same for every error with this code. */
  readonly cause: string;
  /** What to do. */
  readonly cure: string;
}

/** An error as an object. */
export function errorObject({ code, message, detail, cure }: SluiceError): ErrorObject {
  return { code, message, cause: detail === '' ? message : message.slice(0, -detail.length - 1), cure };
}

/** The name of an error. It says nothing of the data at hand, which a message may quote. */
export function errorName(error: unknown): string {
  return error instanceof Error ? error.name : 'Error';
}

/**
 * The code of a network's error, such as `ECONNREFUSED`, because these have no name of their own; else the error's
 * name.
 */
export function errorCode(error: unknown): string {
  // Of a host with several addresses Node throws an AggregateError, with the code of the first.
  const isUnnamed = error instanceof Error && /^(Aggregate)?Error$/.test(error.name);
  const isNamed = !(isUnnamed && 'code' in error);
  return isNamed || typeof error.code !== 'string' ? errorName(error) : error.code;
}

/** The `code` of an error that Node throws, such as `Z_BUF_ERROR`; empty if it has none. */
export function nodeErrorCode(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}

/**
 * Characters of a denial's sentence that are kept. Its end, behind the names of a role and an object, says which policy
 * denies the call.
 */
const MAX_DENIAL_LENGTH = 500;

/**
 * The name of an error, with AWS's sentence if it is a denial: the action, the resource, and the kind of policy. Other
 * messages may quote data.
 */
export function errorText(error: unknown, name = errorName(error)): string {
  if (!(error instanceof Error && /AccessDenied|^KMS\./.test(name))) return name;
  return `${name}: ${error.message.slice(0, MAX_DENIAL_LENGTH).replace(/\.$/, '')}`;
}
