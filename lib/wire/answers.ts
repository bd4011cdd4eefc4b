import type { SluiceError } from '../errors/SluiceError.ts';

/** An answer as SDKs need it: always JSON, never an empty body. */
export interface Answer {
  readonly status: number;
  /** JSON text. */
  readonly body: string;
}

/**
 * Everything of the batch is safe. Several SDKs resend on an empty body, on 204 or on anything but
 * `success: true`: server-core, statsig-js, Android, Dart.
 */
export const ACCEPTED: Answer = { status: 202, body: '{"success":true}' };

/** Never 429: js-client and server-core drop their batch on it. docs/answers.md explains each. */
const STATUS: Readonly<Record<string, number>> = {
  SLUICE_METHOD_NOT_ALLOWED: 405,
  SLUICE_PATH_RESERVED: 404,
  SLUICE_KEY_MISSING: 401,
  SLUICE_KEY_UNKNOWN: 401,
  SLUICE_KEY_NOT_FOR_EVENTS: 401,
  SLUICE_BODY_TOO_LARGE: 413,
  SLUICE_BODY_INFLATES_TOO_FAR: 413,
  SLUICE_BODY_TOO_MANY_EVENTS: 413,
  SLUICE_BODY_TOO_COSTLY: 413,
  SLUICE_BODY_ENCODING_UNKNOWN: 415,
};

/** The answer to a refused request: 503 when it is our fault, so that the SDK tries again; else 4xx. */
export function refusalAnswer(error: SluiceError): Answer {
  return {
    status: error.fault === 'system' ? 503 : (STATUS[error.code] ?? 400),
    body: JSON.stringify({ success: false, code: error.code, message: error.message, cure: error.cure }),
  };
}
