import type { SluiceError } from '../base/errors.ts';
import type { RequestError } from '../wire/RequestError.ts';

/** The answer to an HTTP request of an SDK. */
export interface Answer {
  /** HTTP status. */
  readonly status: number;
  /** JSON text, which SDKs need. Only the answer to a preflight has an empty body. */
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
  SLUICE_BODY_EMPTY: 400,
  SLUICE_BODY_TOO_LARGE: 413,
  SLUICE_BODY_INFLATES_TOO_FAR: 413,
  SLUICE_BODY_TOO_MANY_EVENTS: 413,
  SLUICE_BODY_TOO_COSTLY: 413,
  SLUICE_BODY_ENCODING_UNKNOWN: 415,
  SLUICE_BODY_TRUNCATED: 400,
  SLUICE_BODY_CORRUPT: 400,
  SLUICE_BODY_NOT_JSON: 400,
  SLUICE_BODY_JSON_IN_TEXT: 400,
  SLUICE_BODY_WRONG_SHAPE: 400,
} satisfies Readonly<Record<keyof typeof RequestError.entries, number>>;

/**
 * The answer to a refused request: the status of a {@link RequestError}; 503 for any other error, so that the SDK
 * retries.
 */
export function refusalAnswer({ code, message, cure }: SluiceError): Answer {
  return {
    status: STATUS[code] ?? 503,
    body: JSON.stringify({ success: false, code, message, cure }),
  };
}
