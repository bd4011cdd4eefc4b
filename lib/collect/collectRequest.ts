import type { Clock } from '../base/time.ts';
import type { GroupsCache } from '../groups/GroupsCache.ts';
import { deliverOrSpill, type PutOverflow, type StreamDocuments } from '../landing/delivery/deliver.ts';
import type { StreamShards } from '../landing/delivery/StreamShards.ts';
import type { HoldsCache } from '../landing/hold/HoldsCache.ts';
import { isQuarantineReason } from '../landing/quarantineReasons.ts';
import type { PutQuarantineLarge, QuarantineWriter, RefusedItem } from '../landing/quarantineWriter.ts';
import { OVERFLOW_MS } from '../schema/deliveryLimits.ts';
import type { ForwardedKind, TableKind } from '../schema/kinds.ts';
import { type DecodedBody, decodeBody, readBody } from '../wire/decodeBody.ts';
import type { AuthenticatedKey, KeyGate } from '../wire/keys/KeyGate.ts';
import { KeysError } from '../wire/keys/Keyring.ts';
import { ANSWER_EARLY_MS } from '../wire/limits.ts';
import { ACCEPTED, type Answer, RequestError } from '../wire/RequestError.ts';
import {
  type HttpRequest,
  isExceptionReport,
  readSdkRequest,
  reservedDetail,
  reservedEndpoint,
  type SdkRequest,
} from '../wire/sdkRequest.ts';
import { CollectError } from './CollectError.ts';
import type { CollectPlan } from './CollectPlan.ts';
import { type CollectedBatch, collectBatch, type Sender } from './collectBatch.ts';
import type { RelayOutcome } from './collectMetrics.ts';
import { RequestReport } from './RequestReport.ts';
import { redactBody } from './refusals.ts';

/** Dependencies of the collector: created once, used for every request. */
export interface Collector {
  /** Changes when the known groups change. */
  readonly plan: CollectPlan;
  readonly groups: GroupsCache;
  readonly keys: KeyGate;
  /** The streams in rotation. */
  readonly streams: Readonly<Record<TableKind, StreamShards>>;
  /** Which streams are held: the others of their table get their rows, which overflow at once if there are none. Default none. */
  readonly holds?: HoldsCache;
  readonly putOverflow: PutOverflow;
  /** Keeps copies of requests for another target. Default none: nothing is relayed. */
  readonly relay?: RelayKeeper | undefined;
  readonly writeQuarantine: QuarantineWriter;
  readonly putQuarantineLarge: PutQuarantineLarge;
  readonly clock: Clock;
  readonly wait: (ms: number) => Promise<void>;
  /** Calls `ring` after that many milliseconds, unless the returned function is called before. */
  readonly alarm: (ms: number, ring: () => void) => () => void;
  readonly random: () => number;
  readonly log: (fields: Record<string, unknown>) => void;
  /** Whether the next successful request is logged. */
  readonly logSuccess: () => boolean;
  /** Writes one EMF line. */
  readonly writeMetrics: (line: Readonly<Record<string, unknown>>) => void;
  /** Dimension of every metric. */
  readonly stage: string;
}

/** A request that is authenticated, as relay gets it. */
export interface RelayedRequest {
  readonly http: HttpRequest;
  /** The body's bytes as they were sent. */
  readonly body: Uint8Array;
  /** The body as a batch of events; null for a body that is none, which quarantine keeps whole. */
  readonly decoded: DecodedBody | null;
  readonly key: AuthenticatedKey;
}

/** Keeps copies of requests that are to be relayed (lib/relay). */
export interface RelayKeeper {
  /** Whether a request whose copy is not kept is answered 503. */
  readonly required: boolean;
  /**
   * Keeps the copy of a request. It never throws.
   *
   * @param deadline Epoch milliseconds by which it resolves.
   */
  keep(request: RelayedRequest, deadline: number): Promise<RelayOutcome>;
}

/**
 * A preflight, which gets here only by a route of one's own: the gateway adds its CORS headers, and a browser then posts. It
 * has no metrics and no log line, as it is no request of an SDK.
 */
const PREFLIGHT: Answer = { status: 204, body: '' };

/** One request that is being processed. */
interface RequestContext {
  readonly http: HttpRequest;
  readonly request: SdkRequest;
  readonly collector: Collector;
  readonly deadline: AnswerDeadline;
  readonly report: RequestReport;
}

/**
 * Processes one request of an SDK: authenticate, decode, parse, normalise, pack, deliver, quarantine what is refused.
 * It answers 202 only when every event is in Firehose, in overflow, in quarantine or counted. It writes metrics and a log
 * line (for a successful request only if it is sampled), which contain only sizes and counts of the request.
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
  if (http.requestContext.http.method === 'OPTIONS') return PREFLIGHT;
  const { clock, groups, keys, holds } = collector;
  const receivedAt = clock.now();
  const request = readSdkRequest(http);
  const deadline = new AnswerDeadline(request, collector, receivedAt, latest);
  const report = new RequestReport(collector, { receivedAt, requestId: request.requestId });
  groups.refresh(latest);
  holds?.refresh(latest);
  try {
    const answer = await Promise.race([
      answerRequest({ http, request, collector, deadline, report }),
      deadline.passed.then(() => report.refuse(new CollectError('SLUICE_COLLECT_NOT_DELIVERED'))),
    ]);
    for (const line of report.metrics(answer.status)) collector.writeMetrics(line);
    if (!report.wentWell(answer.status) || collector.logSuccess())
      collector.log(report.logFields(answer.status));
    return answer;
  } finally {
    await Promise.race([Promise.all([keys.settled(), groups.settled(), holds?.settled()]), deadline.passed]);
    deadline.clear();
  }
}

async function answerRequest(context: RequestContext): Promise<Answer> {
  try {
    const key = await authenticate(context);
    if (isExceptionReport(context.request.path)) context.report.ignore({ exception_report: 1 });
    else await takeBody(context, key);
    return ACCEPTED;
  } catch (error) {
    if (error instanceof RequestError || error instanceof KeysError || error instanceof CollectError)
      return context.report.refuse(error);
    throw error;
  }
}

/** @throws RequestError, KeysError when the request may not send events. */
async function authenticate({
  request,
  collector: { keys },
  deadline,
  report,
}: RequestContext): Promise<AuthenticatedKey> {
  const endpoint = reservedEndpoint(request.path);
  if (endpoint !== null) {
    report.add({ endpoint });
    throw new RequestError('SLUICE_PATH_RESERVED', reservedDetail(endpoint));
  }
  if (request.method !== 'POST')
    throw new RequestError('SLUICE_METHOD_NOT_ALLOWED', `It was ${request.method}.`);
  const key = await keys.admit(request.key, deadline.at);
  report.add({ key: key.label });
  keys.spend(key);
  if (key.kinds.length === 0) throw new RequestError('SLUICE_KEY_NOT_FOR_EVENTS');
  return key;
}

/**
 * Resolves when every event of the body is stored.
 *
 * @throws RequestError for a body that can never succeed: it is in quarantine, and the SDK must not send it again.
 *   CollectError for a body that the SDK has to send again.
 */
async function takeBody(context: RequestContext, key: AuthenticatedKey): Promise<void> {
  const { http, request, collector, deadline, report } = context;
  const body = readBody(http);
  if (body === null) throw new CollectError('SLUICE_COLLECT_BODY_MANGLED');
  let decoded: DecodedBody | null = null;
  try {
    decoded = decodeBody(body, request.markers);
    report.add({ body_bytes: body.length, decoded_bytes: decoded.bytes });
    if (decoded.repaired) report.add({ repaired_utf8: true });
    await collector.groups.started();
    const collected = collectText(context, key, decoded.text);
    await storeAll(context, { body, decoded, key }, () =>
      deliverRows(context, key, collected.documents, collected.refused, collected),
    );
  } catch (error) {
    if (!(error instanceof RequestError && isQuarantineReason(error.code))) throw error;
    const { plan, clock } = collector;
    // Half of the remaining time is for storing it.
    const until = (clock.now() + deadline.at) / 2;
    const outOfTime = () => clock.now() > until;
    const raw = redactBody(body, decoded?.text ?? null, plan.redaction, key.sha256, outOfTime);
    const refused = [{ code: error.code, detail: error.detail, raw }];
    await storeAll(context, { body, decoded: null, key }, () =>
      deliverRows(context, key, NO_ROWS, refused, null),
    );
    throw error;
  }
}

/**
 * Delivers rows, and keeps the request's copy for relay meanwhile.
 *
 * @throws What delivering throws. CollectError `SLUICE_COLLECT_DRAINING` when nothing is to be stored any more,
 *   `SLUICE_COLLECT_NOT_RELAYED` when the copy is required and not kept.
 */
async function storeAll(
  { http, collector, deadline, report }: RequestContext,
  relayed: Pick<RelayedRequest, 'body' | 'decoded' | 'key'>,
  deliverAll: () => Promise<void>,
): Promise<void> {
  const { holds, relay } = collector;
  await holds?.ready();
  if (holds?.isDraining === true) throw new CollectError('SLUICE_COLLECT_DRAINING');
  if (relay === undefined) return deliverAll();
  // Neither waits for the other, and both have ended before the answer: Lambda would freeze what still runs.
  const [delivered, kept] = await Promise.allSettled([
    deliverAll(),
    relay.keep({ http, ...relayed }, deadline.at),
  ]);
  const outcome: RelayOutcome =
    kept.status === 'fulfilled' ? kept.value : { outcome: 'not_kept', error: 'Error' };
  report.relayed(outcome);
  if (delivered.status === 'rejected') throw delivered.reason;
  if (relay.required && outcome.outcome === 'not_kept')
    throw new CollectError('SLUICE_COLLECT_NOT_RELAYED', `${outcome.error}.`);
}

const NO_ROWS: Readonly<Record<ForwardedKind, readonly string[]>> = { exposures: [], events: [] };

function collectText(
  { request, collector: { plan, clock }, deadline, report }: RequestContext,
  key: AuthenticatedKey,
  text: string,
): CollectedBatch {
  const { receivedAt } = report;
  const { clientTimes, sessionId, serverSession, sdkType, sdkVersion } = request;
  const { sha256: keyHash, environment, kinds } = key;
  const sender: Sender = {
    keyHash,
    environment,
    kinds,
    clientTimes,
    sessionId,
    serverSession,
    sdkType,
    sdkVersion,
    receivedAt,
  };
  // The rest of the time is for delivery, and for overflow if delivery fails.
  const until = Math.max(deadline.at - OVERFLOW_MS, (receivedAt + deadline.at) / 2);
  const collected = collectBatch(text, sender, plan, () => clock.now() > until);
  // Some SDKs state their type only in the body.
  deadline.tighten(collected.sdkType);
  report.collected(collected);
  return collected;
}

/**
 * Delivers rows and refused items to their streams.
 *
 * @throws CollectError `SLUICE_COLLECT_NO_QUARANTINE`, `SLUICE_COLLECT_NOT_DELIVERED` when some could not be stored.
 */
async function deliverRows(
  context: RequestContext,
  key: AuthenticatedKey,
  rows: Readonly<Record<ForwardedKind, readonly string[]>>,
  refused: readonly RefusedItem[],
  collected: CollectedBatch | null,
): Promise<void> {
  const { collector, deadline, report } = context;
  const { streams, putOverflow, clock, wait, random } = collector;
  const quarantine = await quarantineRows(context, key, refused, collected);
  const deliveries = await deliverOrSpill(
    [stream('exposures', rows.exposures), stream('events', rows.events), stream('quarantine', quarantine)],
    { putOverflow, clock, wait, random, deadline: deadline.at },
  );
  report.delivered(deliveries, refused, collected?.refusedCounts);
  // Rows that neither Firehose nor the bucket accepted are lost unless the SDK sends the batch again.
  if (deliveries.some(({ isSafe }) => !isSafe)) throw new CollectError('SLUICE_COLLECT_NOT_DELIVERED');

  function stream(kind: TableKind, documents: readonly string[]): StreamDocuments {
    // A table without rows takes no turn.
    if (documents.length === 0) return { kind, documents, to: [] };
    return { kind, documents, to: streams[kind].choose((one) => collector.holds?.isHeld(one) ?? false) };
  }
}

/**
 * The quarantine rows of refused items. Items that are too large for a row are written to S3 first, so that every row
 * points to an existing object.
 *
 * @throws CollectError `SLUICE_COLLECT_NO_QUARANTINE` when such an item could not be written.
 */
async function quarantineRows(
  { request, collector, deadline, report }: RequestContext,
  key: AuthenticatedKey,
  refused: readonly RefusedItem[],
  collected: CollectedBatch | null,
): Promise<readonly string[]> {
  if (refused.length === 0) return [];
  const { writeQuarantine, putQuarantineLarge, clock } = collector;
  const { sdkType, sdkVersion } = collected ?? request;
  const { documents, large } = writeQuarantine(refused, {
    receivedAt: report.receivedAt,
    keyLabel: key.label,
    keyEnvironment: key.environment,
    keyHash: key.sha256,
    senderId: collected?.senderId ?? '',
    sdkType,
    sdkVersion,
    path: request.path,
  });
  try {
    const timeoutMs = Math.max(1, deadline.at - clock.now());
    await Promise.all(large.map((one) => putQuarantineLarge(one, timeoutMs)));
    return documents;
  } catch (error) {
    report.add({ quarantine_error: error instanceof Error ? error.name : 'Error' });
    throw new CollectError('SLUICE_COLLECT_NO_QUARANTINE', '', { cause: error });
  }
}

/**
 * Milliseconds after its deadline in which a request can still answer by itself. Each step observes the deadline, except
 * work that cannot be stopped, such as compressing overflow.
 */
const GRACE_MS = 100;

/** The time by which a sender must have its answer. */
class AnswerDeadline {
  readonly #request: SdkRequest;
  readonly #collector: Collector;
  readonly #receivedAt: number;
  readonly #late = Promise.withResolvers<void>();
  #at: number;
  #clear: () => void = () => {};

  constructor(request: SdkRequest, collector: Collector, receivedAt: number, latest: number) {
    this.#request = request;
    this.#collector = collector;
    this.#receivedAt = receivedAt;
    this.#at = this.#atOf(request.sdkType, latest);
    this.#setAlarm();
  }

  /** Epoch milliseconds. */
  get at(): number {
    return this.#at;
  }

  /** Resolves when it is too late for the request to answer by itself. */
  get passed(): Promise<void> {
    return this.#late.promise;
  }

  /** Moves the deadline forward if that SDK has a shorter timeout. */
  tighten(sdkType: string | null): void {
    const sooner = this.#atOf(sdkType, this.#at);
    if (sooner === this.#at) return;
    this.#at = sooner;
    this.#setAlarm();
  }

  /** Stops the timer. */
  clear(): void {
    this.#clear();
  }

  /** The gateway's time of arrival counts if it is known, because a cold start lies between it and ours. */
  #atOf(sdkType: string | null, latest: number): number {
    const early = ANSWER_EARLY_MS.get(sdkType ?? '');
    if (early === undefined) return latest;
    const since = this.#request.gatewayTime ?? this.#receivedAt;
    const waited = Math.min(Math.max(0, this.#receivedAt - since), early / 2);
    return Math.min(latest, this.#receivedAt + early - waited);
  }

  #setAlarm(): void {
    const { alarm, clock } = this.#collector;
    this.#clear();
    this.#clear = alarm(Math.max(0, this.#at + GRACE_MS - clock.now()), this.#late.resolve);
  }
}
