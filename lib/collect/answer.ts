import { hash } from 'node:crypto';
import { errorText, type SluiceError } from '../base/errors.ts';
import { metricsLine } from '../base/log.ts';
import { isQuarantineReason } from '../landing/quarantineReasons.ts';
import { OBJECT_MS } from '../schema/deliveryLimits.ts';
import type { TableKind } from '../schema/kinds.ts';
import type { DecodedBody } from '../wire/decodeBody.ts';
import type { AuthenticatedKey } from '../wire/keys/KeyGate.ts';
import { KeysError } from '../wire/keys/Keyring.ts';
import { RequestError } from '../wire/RequestError.ts';
import { type HttpRequest, isExceptionReport, reservedEndpoint, sdkLabel } from '../wire/sdkRequest.ts';
import { CollectError } from './CollectError.ts';
import { collectMetrics, requestMetrics, sumCounts } from './collectMetrics.ts';
import { decode, readBytes, redactBody } from './decode.ts';
import { ACCEPTED, type Answer, refusalAnswer } from './httpAnswer.ts';
import { isAlwaysLogged } from './isAlwaysLogged.ts';
import {
  authenticate,
  type Received,
  type ReceivePorts,
  readsSettled,
  receive,
  requireAllowed,
} from './receive.ts';
import type { CollectPlan } from './rows/plan.ts';
import { type CollectedBatch, collectBatch, type RequestRows, rowOfBody } from './rows.ts';
import { type Stored, type StorePorts, store, undelivered } from './store.ts';

/** Dependencies of the collector: created once, used for every request. */
export interface Collector extends ReceivePorts, StorePorts {
  /** The plan for the groups that are known now: another one after each change of theirs. */
  readonly planNow: () => CollectPlan;
  /** Writes one line of the log. */
  readonly log: (fields: Record<string, unknown>) => void;
  /** Whether the next successful request is logged. */
  readonly logSuccess: () => boolean;
  /** Writes one EMF line. */
  readonly writeMetrics: (line: Readonly<Record<string, unknown>>) => void;
  /** Dimension of every metric. */
  readonly stage: string;
}

/**
 * The answer to a preflight, which comes here only by a route that somebody has added: the gateway adds its CORS
 * headers, and a browser then posts. A preflight is counted as an invocation that is no request of an SDK
 * (lib/reconcile/hourCounts.ts), and has no other line.
 */
const PREFLIGHT: Answer = { status: 204, body: '' };

/** Digits of a key's SHA-256 that the log shows. */
const SHOWN_DIGITS = 8;

/** Results of the steps of a request, up to the last step that ran. */
interface Steps {
  /** The request with its headers and query parsed. */
  readonly received: Received;
  /** The key of the sender, once it is accepted. */
  key?: AuthenticatedKey;
  /** The body as it came, compressed or not. */
  body?: Uint8Array;
  /** The body inflated, once it could be. */
  decoded?: DecodedBody;
  /** The events of the body, once they are rows or refused. */
  batch?: CollectedBatch;
  /** The rows that are stored. */
  rows?: RequestRows;
  /** Valid events that are not stored, by reason. */
  ignored?: Readonly<Record<string, number>>;
  /** Where the rows are stored. */
  stored?: Stored;
}

/**
 * Answers one request of an SDK: receive, decode, make rows, store. It answers 202 only when every event is in
 * Firehose, in an object of the landing, or counted. It writes metrics and a log line (for a successful request only if
 * it is sampled), which contain only sizes and counts of the request.
 *
 * @param latest Epoch milliseconds by which it answers. 100 ms later it answers 503, whatever is still running. The
 *   deadline is earlier for SDKs with a short timeout. Events that land after it keep their `event_id`s when they are sent
 *   again.
 */
export async function collectRequest(
  http: HttpRequest,
  collector: Collector,
  latest: number,
): Promise<Answer> {
  if (http.requestContext.http.method === 'OPTIONS') {
    const { stage, clock, writeMetrics } = collector;
    writeMetrics(metricsLine([[collectMetrics.preflights, 1]], { stage }, clock.now()));
    return PREFLIGHT;
  }
  const received = receive(http, collector, latest);
  const steps: Steps = { received };
  try {
    const refusal = await Promise.race([
      refusalOf(takeSteps(steps, collector)),
      received.deadline.passed.then(() => new CollectError('SLUICE_COLLECT_NOT_DELIVERED')),
    ]);
    const answer = refusal === null ? ACCEPTED : refusalAnswer(refusal);
    report(steps, refusal, answer, collector);
    return answer;
  } finally {
    await readsSettled(received, collector);
  }
}

/** The error that a request is refused with; null if it is not. */
async function refusalOf(taken: Promise<void>): Promise<SluiceError | null> {
  try {
    await taken;
    return null;
  } catch (error) {
    if (error instanceof RequestError || error instanceof KeysError || error instanceof CollectError)
      return error;
    throw error;
  }
}

/**
 * Resolves when every event of the request is stored or counted. What a step returns is kept at once: a request that is out
 * of time says how far it came.
 *
 * @throws RequestError, KeysError for a request that can never succeed: a body that was read is in quarantine, and the
 * SDK must not send it again. CollectError, KeysError for a request that the SDK has to send again.
 */
async function takeSteps(steps: Steps, collector: Collector): Promise<void> {
  const { received } = steps;
  const { request, deadline } = received;
  const key = await authenticate(received, collector.keys);
  steps.key = key;
  requireAllowed(key);
  if (isExceptionReport(request.path)) {
    steps.ignored = { exception_report: 1 };
    return;
  }
  const body = readBytes(received.http);
  steps.body = body;
  let rows: RequestRows;
  let refusal: SluiceError | null = null;
  try {
    steps.decoded = decode(received, body);
    await collector.groups.started();
    const batch = rowsOf(received, key, steps.decoded, collector);
    steps.batch = batch;
    steps.ignored = batch.counted;
    // Some SDKs state their type only in the body.
    deadline.tighten(batch.sdkType);
    rows = batch;
  } catch (error) {
    if (!(error instanceof RequestError && isQuarantineReason(error.code))) throw error;
    refusal = error;
    const raw = redactBody(body, steps.decoded?.text ?? null, collector.planNow().redaction, key.sha256);
    rows = rowOfBody({ code: error.code, detail: error.detail, raw }, request);
  }
  const decoded = refusal === null ? (steps.decoded ?? null) : null;
  steps.rows = rows;
  steps.stored = await store(received, { body, decoded, key }, rows, collector);
  const { failure } = steps.stored;
  if (failure !== null || refusal !== null) throw failure ?? refusal;
}

/** Makes the rows of a decoded body, within its part of the time. */
function rowsOf(
  { request, receivedAt, deadline }: Received,
  { sha256: keyHash, environment, kinds }: AuthenticatedKey,
  { text, bytes, encoding }: DecodedBody,
  { planNow, clock }: Collector,
): CollectedBatch {
  const { clientTimes, sessionId, serverSession, sdkType, sdkVersion, requestId } = request;
  const stated = { clientTimes, sessionId, serverSession, sdkType, sdkVersion, requestId };
  // The rest of the time is reserved for the stream, and for the bucket if the stream fails.
  const until = Math.max(deadline.at - OBJECT_MS, (receivedAt + deadline.at) / 2);
  const sender = { keyHash, environment, kinds, ...stated, receivedAt };
  try {
    return collectBatch(text, sender, planNow(), () => clock.now() > until);
  } catch (error) {
    if (!(error instanceof RequestError && error.code === 'SLUICE_BODY_TRUNCATED')) throw error;
    // The text may be longer than what came: a character that was cut is replaced.
    const inflated = encoding.layers.length === 0 ? '' : ' once decompressed';
    throw new RequestError('SLUICE_BODY_TRUNCATED', `It is JSON, of ${bytes} bytes${inflated}.`);
  }
}

/** Writes the metrics and the log line of a request. They have sizes and counts only. */
function report(steps: Steps, refusal: SluiceError | null, { status }: Answer, collector: Collector): void {
  const { received, batch, ignored = {}, stored } = steps;
  const { receivedAt, request } = received;
  const { clock, stage, log, logSuccess, writeMetrics } = collector;
  const delivered = stored?.delivered ?? null;
  const ms = clock.now() - receivedAt;
  const isNotDelivered = refusal?.code === 'SLUICE_COLLECT_NOT_DELIVERED';
  const metrics = requestMetrics({
    stage,
    receivedAt,
    requestId: request.requestId,
    latencyMs: ms,
    received: batch?.events ?? sumCounts(delivered?.refused) + sumCounts(ignored),
    refusedAs: refusal?.code ?? null,
    tables: delivered?.tables ?? (isNotDelivered ? undelivered(steps.rows) : []),
    ignored,
    relay: stored?.relay?.outcome ?? null,
  });
  for (const line of metrics) writeMetrics(line);
  const isLogged = isAlwaysLogged({
    status,
    refused: delivered?.refused ?? {},
    noted: batch?.noted ?? {},
    clock_skew_ms: batch?.clockSkewMs ?? null,
    not_streamed: delivered?.notStreamed?.reason ?? null,
    relay: stored?.relay?.outcome ?? null,
  });
  if (!isLogged && !logSuccess()) return;
  const levelBelow500 = status >= 400 ? 'warn' : 'info';
  const level = status >= 500 ? 'error' : levelBelow500;
  log({ level, event: 'collect', status, ...fieldsOf(steps), ...(refusal && { code: refusal.code }), ms });
}

/** Fields of the steps in the log line, in their order. A step that did not run has no fields. */
function fieldsOf({ received, key, body, decoded, batch, ignored, stored }: Steps): Record<string, unknown> {
  const { requestId, path, sdkType, sdkVersion } = received.request;
  const endpoint = reservedEndpoint(path);
  const { delivered, relay, failure } = stored ?? {};
  const landed = (kind: TableKind) => delivered?.tables.find(({ table }) => table === kind)?.landed ?? 0;
  const overflowed = delivered?.tables.reduce((sum, table) => sum + table.overflowed, 0);
  const { notStreamed = null, objectError = null } = delivered ?? {};
  return {
    ...(requestId !== null && { request_id: requestId }),
    ...(endpoint !== null && { endpoint }),
    ...(key ? { key: key.label } : unacceptedKey(received.request)),
    ...(decoded && { body_bytes: body?.length, decoded_bytes: decoded.bytes }),
    ...(decoded?.repaired && { repaired_utf8: true }),
    ...(batch
      ? { sdk: sdkLabel(batch.sdkType, batch.sdkVersion), events: batch.events }
      : sdkType !== null && { sdk: sdkLabel(sdkType, sdkVersion) }),
    ...(batch && batch.clockSkewMs !== null && { clock_skew_ms: batch.clockSkewMs }),
    ...(batch && batch.aheadMs > 0 && { ahead_ms: batch.aheadMs }),
    ...(batch && batch.duplicates > 0 && { duplicates: batch.duplicates }),
    ...(sumCounts(ignored) > 0 && { counted: ignored }),
    ...(sumCounts(batch?.noted) > 0 && { noted: batch?.noted }),
    ...(failure && delivered === null && { quarantine_error: errorText(failure.cause) }),
    ...(sumCounts(delivered?.refused) > 0 && { refused: delivered?.refused }),
    ...(delivered && {
      exposures_landed: landed('exposures'),
      events_landed: landed('events'),
      quarantined: landed('quarantine'),
      calls: delivered.calls,
      billed_bytes: delivered.billedBytes,
    }),
    ...(notStreamed !== null && { not_streamed: `${notStreamed.reason}: ${notStreamed.code}`, overflowed }),
    ...(objectError !== null && { object_error: objectError }),
    ...(relay && { relay: relay.outcome }),
    ...(relay?.outcome === 'not_kept' && { relay_error: relay.error }),
  };
}

/**
 * What the log says of a key that was not accepted: the beginning of its SHA-256, as `sluice keys list` has it, or `of
 * another form`.
 */
function unacceptedKey({ key, keyProblem }: Received['request']): { readonly sent_key?: string } {
  if (key !== null) return { sent_key: hash('sha256', key).slice(0, SHOWN_DIGITS) };
  return keyProblem === '' ? {} : { sent_key: 'of another form' };
}
