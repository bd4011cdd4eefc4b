import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { SluiceError } from '../../base/errors.ts';
import { failureFields } from '../../base/log.ts';
import type { KeyGate } from '../../wire/keys/KeyGate.ts';
import { KeysError } from '../../wire/keys/Keyring.ts';
import { keyProblem, readSdkKey } from '../../wire/sdkRequest.ts';
import { TRIGGER_PAUSE_MS } from '../limits.ts';
import {
  readReadyRequest,
  type StartableSource,
  type StartPorts,
  type StartResult,
  startableSources,
  startSources,
  TriggerError,
  TriggerFailure,
} from './trigger.ts';

/** The members of API Gateway's payload 2.0 that are used. */
export type ReadyHttpRequest = Pick<
  APIGatewayProxyEventV2,
  'rawQueryString' | 'headers' | 'body' | 'isBase64Encoded'
>;

/** All that the trigger works with. */
export interface Trigger extends StartPorts {
  /** The sources of the configuration, as far as a start needs them. */
  readonly sources: readonly StartableSource[];
  /** Decides which keys may call. */
  readonly keys: KeyGate;
  /** Keys that name no sources may start every source. True in the local cloud only. Default false. */
  readonly anyKeyStartsAll?: boolean;
  /** Writes one line of the log. */
  readonly log: (fields: Record<string, unknown>) => void;
}

/** Milliseconds in which the key must be checked. */
const KEYS_WITHIN_MS = 5_000;

/** A note in each answer: the function can't read the ledger, and does not know whether the day is being loaded. */
const NOTE = 'A day that is being loaded is loaded again once that has ended, if its files differ by then.';

/** HTTP status by code; 400 for other errors of the caller. */
const STATUS: Readonly<Record<string, number>> = {
  SLUICE_KEY_MISSING: 401,
  SLUICE_KEY_UNKNOWN: 401,
  SLUICE_TRIGGER_KEY_NOT_SECRET: 403,
  SLUICE_TRIGGER_KEY_NO_SOURCES: 403,
  SLUICE_TRIGGER_NO_DATASET: 404,
  SLUICE_TRIGGER_TOO_SOON: 429,
};

/**
 * Answers `POST /v1/mark_data_ready_dwh` about the sources that the caller's key may start, and about no others: 200
 * when at least one source was started, 429 with `Retry-After` when each was started within the last ten minutes. No
 * SDK calls it, so that 429, which SDKs drop their batch on, does no harm.
 */
export async function markReady(
  request: ReadyHttpRequest,
  trigger: Trigger,
): Promise<APIGatewayProxyStructuredResultV2> {
  const { keys, clock, log, sources } = trigger;
  try {
    const query = new URLSearchParams(request.rawQueryString);
    const key = readSdkKey(request.headers, query);
    const caller = await keys.admit(key, clock.now() + KEYS_WITHIN_MS, keyProblem(request.headers, query));
    const { label } = caller;
    if (key?.startsWith('secret-') !== true) throw new TriggerError('SLUICE_TRIGGER_KEY_NOT_SECRET');
    const startable =
      caller.sources === undefined && trigger.anyKeyStartsAll === true
        ? sources
        : startableSources(sources, caller.sources);
    const ready = readReadyRequest(readBody(request));
    const outcome = await startSources(trigger, startable, ready);
    const { days, kind } = ready;
    const { started, tooSoon } = outcome;
    log({ level: 'info', event: 'ingest_trigger', key: label, kind, days: days.length, started, tooSoon });
    return started.length > 0
      ? answer(200, { success: true, started, tooSoon, note: NOTE })
      : tooSoonAnswer(outcome);
  } catch (error) {
    const ours = error instanceof SluiceError && (error.fault === 'user' || error instanceof KeysError);
    const reported = ours ? error : new TriggerFailure('SLUICE_TRIGGER_FAILED');
    const status = reported.fault === 'system' ? 503 : (STATUS[reported.code] ?? 400);
    log({
      level: status >= 500 ? 'error' : 'warn',
      event: 'ingest_trigger',
      status,
      code: reported.code,
      ...(status >= 500 ? failureFields(error) : { detail: reported.detail }),
    });
    return answer(status, refusal(reported));
  } finally {
    await keys.settled();
  }
}

/** The answer when every source that the request asks for was started within the last ten minutes. */
function tooSoonAnswer({ tooSoon }: StartResult): APIGatewayProxyStructuredResultV2 {
  const error = new TriggerError('SLUICE_TRIGGER_TOO_SOON', `${tooSoon.join(', ')}.`);
  return answer(429, { ...refusal(error), tooSoon }, { 'retry-after': `${TRIGGER_PAUSE_MS / 1000}` });
}

/** The body of a refusal. */
function refusal({
  code,
  message,
  cure,
}: SluiceError): Pick<SluiceError, 'code' | 'message' | 'cure'> & { readonly success: false } {
  return { success: false, code, message, cure };
}

/** An answer with a JSON body. */
function answer(
  statusCode: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): APIGatewayProxyStructuredResultV2 {
  return {
    statusCode,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  };
}

/** The body as text, as the gateway may pass it on in base64. */
function readBody({ body = '', isBase64Encoded }: ReadyHttpRequest): string {
  return isBase64Encoded ? Buffer.from(body, 'base64').toString('utf8') : body;
}
