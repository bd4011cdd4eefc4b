import { type ErrorCode, type ErrorEntry, type Fault, SluiceError } from './SluiceError.ts';

/** The class that {@link defineErrorFamily} returns. */
export interface ErrorFamily<Code extends ErrorCode> {
  new (code: Code, detail?: string, options?: ErrorOptions): SluiceError<Code>;
  /** Every code of the family with its cause and cure: what docs and tests iterate over. */
  readonly entries: Readonly<Record<Code, ErrorEntry>>;
  readonly fault: Fault;
}

/**
 * Makes the error class of one area.
 *
 * @example
 * export const ConfigError = defineErrorFamily('user', {
 *   SLUICE_CONFIG_INVALID: { cause: 'The configuration is not valid.', cure: 'Mend the named field.' },
 * });
 * throw new ConfigError('SLUICE_CONFIG_INVALID', 'bucket: came 7, expected a bucket name.');
 */
export function defineErrorFamily<const Entries extends { readonly [code: ErrorCode]: ErrorEntry }>(
  fault: Fault,
  entries: Entries,
): ErrorFamily<Extract<keyof Entries, ErrorCode>> {
  type Code = Extract<keyof Entries, ErrorCode>;
  const byCode: Readonly<Record<Code, ErrorEntry>> = entries;
  return class extends SluiceError<Code> {
    static readonly entries: Readonly<Record<Code, ErrorEntry>> = byCode;
    static readonly fault = fault;
    constructor(code: Code, detail = '', options?: ErrorOptions) {
      super(code, fault, byCode[code], detail, options);
    }
  };
}
