import type { Clock, SetAlarm } from '../base/time.ts';
import type { GroupsCache } from '../groups/GroupsCache.ts';
import type { AuthenticatedKey, KeyGate } from '../wire/keys/KeyGate.ts';
import { ANSWER_EARLY_MS } from '../wire/limits.ts';
import { RequestError } from '../wire/RequestError.ts';
import {
  type HttpRequest,
  readSdkRequest,
  reservedDetail,
  reservedEndpoint,
  type SdkRequest,
} from '../wire/sdkRequest.ts';

/** Dependencies of receiving. */
export interface ReceivePorts {
  /** Decides which keys may send. */
  readonly keys: KeyGate;
  /** The experiment groups that are known, which are read again when they are due. */
  readonly groups: GroupsCache;
  /** The time of receipt. */
  readonly clock: Clock;
  /** Ends a request at its deadline. */
  readonly alarm: SetAlarm;
}

/** A request, as it came. */
export interface Received {
  /** The request as the gateway passes it on. */
  readonly http: HttpRequest;
  /** Its headers and its query, parsed. */
  readonly request: SdkRequest;
  /** Epoch milliseconds. */
  readonly receivedAt: number;
  /** By when it is answered. */
  readonly deadline: AnswerDeadline;
}

/**
 * Receives a request: reads its headers, sets its deadline, and starts the reads that are due.
 *
 * @param latest Epoch milliseconds by which it is answered.
 */
export function receive(http: HttpRequest, ports: ReceivePorts, latest: number): Received {
  const receivedAt = ports.clock.now();
  const request = readSdkRequest(http);
  const deadline = new AnswerDeadline(request, ports, receivedAt, latest);
  ports.groups.refresh(latest);
  return { http, request, receivedAt, deadline };
}

/**
 * The key of a request.
 *
 * @throws RequestError, KeysError for a request that is not from an SDK that sends events, or has no accepted key.
 */
export function authenticate({ request, deadline }: Received, keys: KeyGate): Promise<AuthenticatedKey> {
  const endpoint = reservedEndpoint(request.path);
  if (endpoint !== null) throw new RequestError('SLUICE_PATH_RESERVED', reservedDetail(endpoint));
  if (request.method !== 'POST')
    throw new RequestError('SLUICE_METHOD_NOT_ALLOWED', `It was ${request.method}.`);
  return keys.admit(request.key, deadline.at, request.keyProblem);
}

/** Requires a key that may send exposures or events. @throws RequestError `SLUICE_KEY_NOT_FOR_EVENTS` */
export function requireAllowed(key: AuthenticatedKey): void {
  if (key.kinds.length === 0) throw new RequestError('SLUICE_KEY_NOT_FOR_EVENTS');
}

/**
 * Ends a request: resolves when no read runs any more, as Lambda would freeze it after the answer, or at the deadline, and
 * stops the alarm that {@link receive} has set.
 */
export async function readsSettled({ deadline }: Received, ports: ReceivePorts): Promise<void> {
  const { keys, groups } = ports;
  await Promise.race([Promise.all([keys.settled(), groups.settled()]), deadline.passed]);
  deadline.clear();
}

/**
 * Milliseconds after its deadline in which a request can still answer by itself. Each step observes the deadline, except
 * work that cannot be stopped, such as compressing a record.
 */
const GRACE_MS = 100;

/** The time by which a sender must have its answer. */
class AnswerDeadline {
  readonly #request: SdkRequest;
  readonly #ports: ReceivePorts;
  readonly #receivedAt: number;
  readonly #late = Promise.withResolvers<void>();
  #at: number;
  #clear: () => void = () => {};

  constructor(request: SdkRequest, ports: ReceivePorts, receivedAt: number, latest: number) {
    this.#request = request;
    this.#ports = ports;
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

  /** Makes the deadline earlier if that SDK has a shorter timeout: some state their type only in the body. */
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

  /**
   * The deadline of an SDK. Its wait begins at the gateway's time of arrival if that is known, as a cold start may come between
   * it and ours; but the time of a clock that is behind takes at most half of the wait.
   */
  #atOf(sdkType: string | null, latest: number): number {
    const early = ANSWER_EARLY_MS.get(sdkType ?? '');
    if (early === undefined) return latest;
    const since = this.#request.gatewayTime ?? this.#receivedAt;
    const waited = Math.min(Math.max(0, this.#receivedAt - since), early / 2);
    return Math.min(latest, this.#receivedAt + early - waited);
  }

  /** Rings at the deadline, unless it is moved before. */
  #setAlarm(): void {
    const { alarm, clock } = this.#ports;
    this.#clear();
    this.#clear = alarm(Math.max(0, this.#at + GRACE_MS - clock.now()), this.#late.resolve);
  }
}
