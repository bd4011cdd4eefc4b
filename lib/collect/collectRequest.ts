import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { SluiceError } from '../errors/SluiceError.ts';
import type { GroupsCache } from '../groups/GroupsCache.ts';
import { deliverOrSpill, type Kept, type PutOverflow } from '../landing/delivery/overflow.ts';
import type { PutRecordBatch } from '../landing/delivery/putRecords.ts';
import { isQuarantineReason } from '../landing/quarantineReasons.ts';
import type { PutQuarantineLarge, QuarantineWriter, Refused } from '../landing/quarantineWriter.ts';
import { OVERFLOW_MS } from '../schema/deliveryLimits.ts';
import type { ForwardedKind, TableKind } from '../schema/kinds.ts';
import type { Clock } from '../time/Clock.ts';
import { type DecodedBody, decodeBody, isMangled } from '../wire/decodeBody.ts';
import type { AuthenticatedKey, KeyGate } from '../wire/keys/KeyGate.ts';
import { KeysError } from '../wire/keys/Keyring.ts';
import { ANSWER_EARLY_MS } from '../wire/limits.ts';
import { ACCEPTED, type Answer, RequestError, refusalAnswer } from '../wire/RequestError.ts';
import {
  isExceptionReport,
  readSdkKey,
  reservedDetail,
  reservedEndpoint,
  sdkLabel,
} from '../wire/sdkRequest.ts';
import { CollectError } from './CollectError.ts';
import type { Collected, Sender } from './Collected.ts';
import type { CollectPlan } from './CollectPlan.ts';
import { collectBatch } from './collectBatch.ts';
import { requestMetrics, type StreamOutcome } from './collectMetrics.ts';
import { keptBody } from './keptBody.ts';

/** The members of API Gateway's payload 2.0 that are used; a Function URL sends the same. */
export type HttpRequest = Pick<
  APIGatewayProxyEventV2,
  'rawPath' | 'rawQueryString' | 'headers' | 'body' | 'isBase64Encoded'
> & {
  readonly requestContext: {
    readonly http: { readonly method: string };
    /** When the gateway received it, epoch milliseconds. */
    readonly timeEpoch?: number;
  };
};

/**
 * Milliseconds after its deadline in which a request may still end by itself. Each step keeps to the deadline, but for
 * what can't be stopped once it has begun, such as compressing overflow.
 */
const GRACE_MS = 100;

/**
 * Takes one request of an SDK: authenticate, decode, parse, normalise, pack, deliver, keep what was refused.
 * It answers 202 only once every event is in Firehose, in overflow, in quarantine or counted, and writes its metrics
 * and a log line (of a request that went well, only if it is in the sample): in neither is anything of the request's
 * but sizes and counts.
 *
 * @param deadline Epoch milliseconds by which it has answered: by itself, or 100 ms later with 503, whatever is still
 *   under way then. It is earlier for SDKs that give up early. What lands after it has the `event_id`s that it has when it
 *   is sent again.
 */
export async function collectRequest(
  request: HttpRequest,
  collector: Collector,
  deadline: number,
): Promise<Answer> {
  const late = Promise.withResolvers<void>();
  const taken = new TakenRequest(request, collector, deadline, late.resolve);
  collector.groups.refresh(deadline);
  try {
    const answer = await Promise.race([taken.answer(), late.promise.then(() => taken.tooLate())]);
    for (const line of taken.metrics(answer.status)) collector.writeMetrics(line);
    if (!taken.wentWell(answer.status) || collector.logSuccess())
      collector.log(taken.logFields(answer.status));
    return answer;
  } finally {
    await Promise.race([Promise.all([collector.keys.settled(), collector.groups.settled()]), late.promise]);
    taken.silence();
  }
}

/** One request on its way, and what its log line will say. */
class TakenRequest {
  readonly #request: HttpRequest;
  readonly #collector: Collector;
  /** Rings when it is too late for an answer of its own. */
  readonly #ring: () => void;
  #deadline: number;
  #silence: () => void = () => {};
  readonly #receivedAt: number;
  readonly #query: URLSearchParams;
  readonly #facts: Record<string, unknown> = {};
  #refusedAs: string | null = null;
  #collected: Collected | null = null;
  #streams: readonly StreamOutcome[] = [];
  #refused: Readonly<Record<string, number>> = {};
  #ignored: Readonly<Record<string, number>> = {};

  constructor(request: HttpRequest, collector: Collector, deadline: number, ring: () => void) {
    this.#request = request;
    this.#collector = collector;
    this.#ring = ring;
    this.#receivedAt = collector.clock.now();
    this.#query = new URLSearchParams(request.rawQueryString);
    this.#deadline = this.#deadlineOf(this.#told('statsig-sdk-type', 'st'), deadline);
    this.#setAlarm();
  }

  /** Rings no more. */
  silence(): void {
    this.#silence();
  }

  /** When a sender must have its answer. A gateway's time counts where it tells it: a cold start comes before ours. */
  #deadlineOf(sdkType: string | null, deadline: number): number {
    const early = ANSWER_EARLY_MS.get(sdkType ?? '');
    if (early === undefined) return deadline;
    const since = this.#request.requestContext.timeEpoch ?? this.#receivedAt;
    const waited = Math.min(Math.max(0, this.#receivedAt - since), early / 2);
    return Math.min(deadline, this.#receivedAt + early - waited);
  }

  #setAlarm(): void {
    const { alarm, clock } = this.#collector;
    this.#silence();
    this.#silence = alarm(Math.max(0, this.#deadline + GRACE_MS - clock.now()), this.#ring);
  }

  /** What a header says, else a parameter of the query; null where neither says anything. */
  #told(header: string, parameter: string): string | null {
    return this.#request.headers[header] || this.#query.get(parameter) || null;
  }

  logFields(status: number): Record<string, unknown> {
    const level = status >= 500 ? 'error' : status >= 400 ? 'warn' : 'info';
    const ms = this.#collector.clock.now() - this.#receivedAt;
    return { level, event: 'collect', status, ...this.#facts, ms };
  }

  /** Whether there is nothing to look into: all of it was taken, and landed at once. */
  wentWell(status: number): boolean {
    return (
      status < 400 && isEmpty(this.#refused) && this.#streams.every(({ overflowed }) => overflowed === 0)
    );
  }

  metrics(status: number): Readonly<Record<string, unknown>>[] {
    const { clock, stage } = this.#collector;
    const now = clock.now();
    return requestMetrics({
      stage,
      timestamp: now,
      latencyMs: now - this.#receivedAt,
      received: this.#collected?.events ?? total(this.#refused) + total(this.#ignored),
      duplicates: this.#collected?.duplicates ?? 0,
      clockSkewMs: this.#collected?.clockSkewMs ?? null,
      refusedAs: status < 400 ? null : this.#refusedAs,
      streams: this.#streams,
      refused: this.#refused,
      ignored: this.#ignored,
    });
  }

  /** The answer when there was none in time. */
  tooLate(): Answer {
    return this.#fail('SLUICE_COLLECT_NOT_DELIVERED');
  }

  async answer(): Promise<Answer> {
    let key: AuthenticatedKey;
    try {
      this.#admit();
      key = await this.#collector.keys.admit(readSdkKey(this.#request.headers, this.#query), this.#deadline);
      this.#facts['key'] = key.label;
      this.#collector.keys.spend(key);
      if (key.kinds.length === 0) throw new RequestError('SLUICE_KEY_NOT_FOR_EVENTS');
    } catch (error) {
      return this.#refuse(error);
    }
    if (isExceptionReport(this.#request.rawPath)) {
      this.#ignore({ exception_report: 1 });
      return ACCEPTED;
    }
    const { body: sent = '', headers } = this.#request;
    if (this.#request.isBase64Encoded !== true && isMangled(sent, headers['content-encoding'] ?? '')) {
      return this.#fail('SLUICE_COLLECT_BODY_MANGLED');
    }
    const body = Buffer.from(sent, this.#request.isBase64Encoded ? 'base64' : 'utf8');
    let decoded: DecodedBody | null = null;
    try {
      decoded = this.#decode(body);
      await this.#collector.groups.started();
      return await this.#take(decoded, key);
    } catch (error) {
      if (error instanceof CollectError) return this.#refusal(error);
      if (!(error instanceof RequestError)) throw error;
      if (!isQuarantineReason(error.code)) return this.#refuse(error);
      // The body can never succeed, so the SDK is told not to send it again; it is kept first.
      const { plan, clock } = this.#collector;
      // Half of what is left is for keeping it.
      const until = (clock.now() + this.#deadline) / 2;
      const outOfTime = () => clock.now() > until;
      const raw = keptBody(body, decoded?.text ?? null, plan.redaction, key.sha256, outOfTime);
      const refused = [{ code: error.code, detail: error.detail, raw }];
      return (
        (await this.#deliverAll({ exposures: [], events: [] }, refused, key, null)) ?? this.#refuse(error)
      );
    }
  }

  #admit(): void {
    const endpoint = reservedEndpoint(this.#request.rawPath);
    if (endpoint !== null) {
      this.#facts['endpoint'] = endpoint;
      throw new RequestError('SLUICE_PATH_RESERVED', reservedDetail(endpoint));
    }
    const { method } = this.#request.requestContext.http;
    if (method !== 'POST') throw new RequestError('SLUICE_METHOD_NOT_ALLOWED', `It was ${method}.`);
  }

  #decode(body: Uint8Array): DecodedBody {
    const { headers } = this.#request;
    const decoded = decodeBody(body, {
      contentEncoding: headers['content-encoding'] ?? '',
      statsigEncoded: this.#query.get('se') === '1' || headers['statsig-encoded'] === '1',
    });
    Object.assign(this.#facts, { body_bytes: body.length, decoded_bytes: decoded.bytes });
    if (decoded.repaired) this.#facts['repaired_utf8'] = true;
    return decoded;
  }

  async #take({ text }: DecodedBody, key: AuthenticatedKey): Promise<Answer> {
    const { plan, clock } = this.#collector;
    // The rest is for delivery, and for overflow if that fails.
    const until = Math.max(this.#deadline - OVERFLOW_MS, (this.#receivedAt + this.#deadline) / 2);
    const collected = collectBatch(text, this.#sender(key), plan, () => clock.now() > until);
    Object.assign(this.#facts, {
      sdk: sdkLabel(collected.sdkType, collected.sdkVersion),
      events: collected.events,
    });
    this.#collected = collected;
    // Some senders say only in the body who they are.
    const sooner = this.#deadlineOf(collected.sdkType, this.#deadline);
    if (sooner < this.#deadline) {
      this.#deadline = sooner;
      this.#setAlarm();
    }
    this.#ignore(collected.counted);
    if (!isEmpty(collected.noted)) this.#facts['noted'] = collected.noted;
    return (await this.#deliverAll(collected.documents, collected.refused, key, collected)) ?? ACCEPTED;
  }

  /** Delivers rows and what was refused, each to its stream. Null when everything is safe, else the answer. */
  async #deliverAll(
    forwarded: Readonly<Record<ForwardedKind, readonly string[]>>,
    refused: readonly Refused[],
    key: AuthenticatedKey,
    collected: Collected | null,
  ): Promise<Answer | null> {
    const quarantine = await this.#quarantine(refused, key, collected);
    if (quarantine === null) return this.#fail('SLUICE_COLLECT_NO_QUARANTINE');
    const [exposures, events, quarantined] = await Promise.all([
      this.#deliver('exposures', forwarded.exposures),
      this.#deliver('events', forwarded.events),
      this.#deliver('quarantine', quarantine),
    ]);
    const deliveries = [exposures, events, quarantined];
    const sum = (count: 'records' | 'calls' | 'billedBytes') =>
      deliveries.reduce((total, delivery) => total + delivery[count], 0);
    this.#refused = collected?.refusedCounts ?? countBy(refused, 'code');
    if (refused.length > 0) this.#facts['refused'] = this.#refused;
    // Very many refused events share one row: it is counted as all of them.
    const refusedEach = refused.length === 0 ? 0 : total(this.#refused) / refused.length;
    this.#streams = [
      streamOutcome('exposures', exposures, 1),
      streamOutcome('events', events, 1),
      streamOutcome('quarantine', quarantined, refusedEach),
    ];
    const [exposuresLanded, eventsLanded, quarantinedEvents] = this.#streams.map(({ landed }) => landed);
    Object.assign(this.#facts, {
      exposures_landed: exposuresLanded,
      events_landed: eventsLanded,
      quarantined: quarantinedEvents,
      records: sum('records'),
      calls: sum('calls'),
      billed_bytes: sum('billedBytes'),
    });

    const returned = deliveries.flatMap((delivery) => delivery.returned);
    if (returned.length === 0) return null;
    this.#facts['returned'] = countBy(
      returned.map(({ reason, code }) => ({ why: code === undefined ? reason : `${reason}: ${code}` })),
      'why',
    );
    this.#facts['overflowed'] = this.#streams.reduce((all, { overflowed }) => all + overflowed, 0);
    const lost = deliveries.find((delivery) => !delivery.kept);
    if (lost === undefined) return null;
    // What neither Firehose nor the bucket took is only answered for by the SDK, which sends it all again.
    this.#facts['overflow_error'] = lost.overflowError;
    return this.#fail('SLUICE_COLLECT_NOT_DELIVERED');
  }

  #ignore(counts: Readonly<Record<string, number>>): void {
    this.#ignored = counts;
    if (!isEmpty(counts)) this.#facts['counted'] = counts;
  }

  #sender(key: AuthenticatedKey): Sender {
    return {
      keyHash: key.sha256,
      environment: key.environment,
      kinds: key.kinds,
      clientTimes: [this.#request.headers['statsig-client-time'] ?? null, this.#query.get('t')],
      sessionId: this.#told('statsig-server-session-id', 'sid'),
      sdkType: this.#told('statsig-sdk-type', 'st'),
      sdkVersion: this.#told('statsig-sdk-version', 'sv'),
      receivedAt: this.#receivedAt,
    };
  }

  #deliver(kind: TableKind, documents: readonly string[]): Promise<Kept> {
    const { streams, putOverflow, clock, wait, random } = this.#collector;
    return deliverOrSpill(kind, documents, {
      putOverflow,
      putRecordBatch: streams[kind],
      clock,
      wait,
      random,
      deadline: this.#deadline,
    });
  }

  /**
   * The rows of what was refused. What is too large for one is put into S3 first, so that no row points to nothing;
   * null when it could not be.
   */
  async #quarantine(
    refused: readonly Refused[],
    key: AuthenticatedKey,
    collected: Collected | null,
  ): Promise<readonly string[] | null> {
    if (refused.length === 0) return [];
    const { writeQuarantine, putQuarantineLarge, clock } = this.#collector;
    const { sdkType, sdkVersion } = collected ?? this.#sender(key);
    const { documents, large } = writeQuarantine(refused, {
      receivedAt: this.#receivedAt,
      keyLabel: key.label,
      keyEnvironment: key.environment,
      keyHash: key.sha256,
      senderId: collected?.senderId ?? '',
      sdkType,
      sdkVersion,
      path: this.#request.rawPath,
    });
    try {
      const timeoutMs = Math.max(1, this.#deadline - clock.now());
      await Promise.all(large.map((one) => putQuarantineLarge(one, timeoutMs)));
      return documents;
    } catch (error) {
      this.#facts['quarantine_error'] = error instanceof Error ? error.name : 'Error';
      return null;
    }
  }

  #refuse(error: unknown): Answer {
    if (!(error instanceof RequestError || error instanceof KeysError)) throw error;
    return this.#refusal(error);
  }

  #fail(
    code: 'SLUICE_COLLECT_NOT_DELIVERED' | 'SLUICE_COLLECT_NO_QUARANTINE' | 'SLUICE_COLLECT_BODY_MANGLED',
  ): Answer {
    return this.#refusal(new CollectError(code));
  }

  #refusal(error: SluiceError): Answer {
    this.#refusedAs = error.code;
    this.#facts['code'] = error.code;
    return refusalAnswer(error);
  }
}

/** @param each Events that a row stands for. */
function streamOutcome(table: TableKind, delivery: Kept, each: number): StreamOutcome {
  const { acknowledged, retried, bytes, billedBytes } = delivery;
  const counts = { landed: acknowledged * each, overflowed: delivery.overflowed * each };
  return { table, ...counts, retried, payloadBytes: bytes, billedBytes };
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function countBy<Key extends string>(
  items: readonly Readonly<Record<Key, string>>[],
  key: Key,
): Record<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(item[key], (counts.get(item[key]) ?? 0) + 1);
  return Object.fromEntries(counts);
}

function isEmpty(counts: Readonly<Record<string, number>>): boolean {
  return Object.keys(counts).length === 0;
}

/** What the collector works with: made once, used for every request. */
export interface Collector {
  /** Changes when the groups that are known change. */
  readonly plan: CollectPlan;
  readonly groups: GroupsCache;
  readonly keys: KeyGate;
  readonly streams: Record<TableKind, PutRecordBatch>;
  readonly putOverflow: PutOverflow;
  readonly writeQuarantine: QuarantineWriter;
  readonly putQuarantineLarge: PutQuarantineLarge;
  readonly clock: Clock;
  readonly wait: (ms: number) => Promise<void>;
  /** Calls back once so many milliseconds have passed, unless what it returns is called before. */
  readonly alarm: (ms: number, ring: () => void) => () => void;
  readonly random: () => number;
  readonly log: (fields: Record<string, unknown>) => void;
  /** Whether the next request that went well is logged. */
  readonly logSuccess: () => boolean;
  /** Writes one EMF line. */
  readonly writeMetrics: (line: Readonly<Record<string, unknown>>) => void;
  /** Dimension of every metric. */
  readonly stage: string;
}
