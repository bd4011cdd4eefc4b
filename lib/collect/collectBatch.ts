import { Counts } from '../base/Counts.ts';
import { CanonicalJsonWriter, DepthError } from '../base/canonicalJson.ts';
import { isEmptyJson, isJsonObject, type JsonObject } from '../base/json.ts';
import { CostError, CostMeter } from '../base/jsonCost.ts';
import { flattenRope } from '../base/strings.ts';
import type { RefusedEvent } from '../landing/quarantineWriter.ts';
import { type ForwardedKind, forwardedKinds } from '../schema/kinds.ts';
import { idText } from '../tables/memberWriter.ts';
import { EvaluationText } from '../wire/EvaluationText.ts';
import { type EventCode, EventError, eventRefusal } from '../wire/EventError.ts';
import { clockSkew } from '../wire/eventTime.ts';
import { HEAVY_UNITS, MAX_UNITS, maxRowsLength } from '../wire/limits.ts';
import { type Batch, measureBody, parseBatch } from '../wire/parseBatch.ts';
import { RequestError } from '../wire/RequestError.ts';
import { fromCustomExposure, type LogEvent, readEvent, TELEMETRY_EVENTS } from '../wire/readEvent.ts';
import { CollectError } from './CollectError.ts';
import type { CollectPlan } from './CollectPlan.ts';
import { CustomEventWriter } from './customEvents.ts';
import { BatchDocuments, EventIdentity } from './EventIdentity.ts';
import { EventTimes } from './EventTimes.ts';
import type { EventFilter, IgnoredReason } from './eventFilter.ts';
import { EXPOSURE_KINDS, ExposureWriter } from './exposures.ts';
import { RefusedEvents } from './refusals.ts';
import { type BatchParts, type BatchSender, batchSender, SenderParts, UserParts } from './sharedParts.ts';

/** The sender of a batch, as known without its body. */
export interface Sender {
  /** Lower-case hex SHA-256 of the SDK key. */
  readonly keyHash: string;
  /** The key's `environment`, for events without a tier. Default `production`. */
  readonly environment?: string | null;
  /** Kinds of events that the key may send. Default both. */
  readonly kinds?: readonly ForwardedKind[];
  /** The sender's clock when it sent the batch: header `STATSIG-CLIENT-TIME`, then query `t`; null where absent. */
  readonly clientTimes: readonly (string | null)[];
  /** From headers or query. Values in the body take precedence. */
  readonly sessionId: string | null;
  /** The session that a server states in a header of its own. Default null. */
  readonly serverSession?: string | null;
  readonly sdkType: string | null;
  readonly sdkVersion: string | null;
  /** When the collector received it, epoch milliseconds. */
  readonly receivedAt: number;
}

/** The outcome of a batch: every event is a document, refused or counted. */
export interface CollectedBatch {
  /** Events in the batch. */
  readonly events: number;
  /** One JSON document for each row, by table, in the order of the batch. */
  readonly documents: Record<ForwardedKind, string[]>;
  /** The refused events for quarantine: a row each, or one row for all if there are many. */
  readonly refused: readonly RefusedEvent[];
  /** How many events were refused, by code. */
  readonly refusedCounts: Readonly<Record<string, number>>;
  /** Events that the configuration does not land, by reason: `lib/collect/eventFilter.ts`. */
  readonly counted: Readonly<Record<string, number>>;
  /** Landed events worth a number, by reason: `clock_corrected`, `clock_ignored`, `outside_time_window`, `time_missing`, `name_unresolved`. */
  readonly noted: Readonly<Record<string, number>>;
  /** Events equal to one before them in the batch. */
  readonly duplicates: number;
  /** How far the sender's clock was behind the collector's, in milliseconds; null when it is not stated. */
  readonly clockSkewMs: number | null;
  readonly sdkType: string | null;
  readonly sdkVersion: string | null;
  /** The sender's part of the IDs of what names nobody. */
  readonly senderId: string;
}

/**
 * Turns a body's text into documents for the streams. An invalid event is refused under its code and does not affect the
 * others.
 *
 * @param outOfTime Checked regularly: whether to give up. Default never.
 * @throws RequestError `SLUICE_BODY_NOT_JSON`, `SLUICE_BODY_WRONG_SHAPE`, `SLUICE_BODY_TOO_MANY_EVENTS`,
 *   `SLUICE_BODY_TOO_COSTLY`: the body cannot be used, and sending it again does not help.
 * @throws CollectError `SLUICE_COLLECT_OUT_OF_TIME` when the machine is slow, not the body costly.
 *
 * @example
 * const plan = collectPlan(config);
 * const { documents, refused } = collectBatch('{"events":[{"eventName":"sign_up"}]}', sender, plan);
 */
export function collectBatch(
  text: string,
  sender: Sender,
  plan: CollectPlan,
  outOfTime: () => boolean = () => false,
): CollectedBatch {
  const meter = new CostMeter(MAX_UNITS, (spent) => {
    if (!outOfTime()) return;
    if (spent > HEAVY_UNITS)
      throw new RequestError('SLUICE_BODY_TOO_COSTLY', 'It could not be looked through in time.');
    throw new CollectError('SLUICE_COLLECT_OUT_OF_TIME');
  });
  try {
    const { units, inexact } = measureBody(text);
    meter.spend(units);
    const collector = (exact: boolean) =>
      new BatchCollector(parseBatch(text, exact, meter), sender, plan, meter, maxRowsLength(text.length));
    const walk = collector(inexact);
    const collected = walk.collect();
    if (inexact || !walk.inexact) return collected;
    // A number has more digits than JSON.parse keeps. That is rare and worth a second, slower parse.
    meter.spend(units);
    return collector(true).collect();
  } catch (error) {
    if (error instanceof CostError) throw new RequestError('SLUICE_BODY_TOO_COSTLY', `${error.message}.`);
    throw error;
  }
}

/** Base cost of an event in units of {@link CostMeter}. Each character of its row adds a quarter of a unit. */
const EVENT_UNITS = 60;

/** Events between two checks of the clock. The walk blocks timers, so it has to end itself. */
const EVENTS_PER_CLOCK_CHECK = 16;

/**
 * Collects one batch. The parts that its events share (user, sender) are written once and used in every document. JSON
 * columns have sorted keys, so the text that identifies an event is also the text that is stored, and equal values are
 * equal texts, which Parquet stores once.
 *
 * With redaction, these are two texts. The identity is made from the event as sent: events that differ only in redacted
 * values remain different, and a resend keeps its IDs even if the rules have changed. The salt is then part of the
 * identity, so that nobody can verify a guessed value by computing the ID.
 */
class BatchCollector {
  readonly #batch: Batch;
  readonly #sender: Sender;
  readonly #plan: CollectPlan;
  readonly #meter: CostMeter;
  readonly #kinds: readonly ForwardedKind[];
  readonly #json: CanonicalJsonWriter;
  readonly #batchSender: BatchSender;
  readonly #identity: EventIdentity;
  readonly #clockSkewMs: number | null;
  readonly #documents: BatchDocuments;
  readonly #exposures: ExposureWriter;
  readonly #customEvents: CustomEventWriter;
  readonly #refused: RefusedEvents;
  readonly #counted = new Counts();
  readonly #noted = new Counts();
  /** Length of the documents that the meter has counted. */
  #paidLength = 0;

  /**
   * @param meter Counts the work, and ends it at the limit.
   * @param mostRows Most UTF-16 units of its rows.
   * @throws RequestError `SLUICE_BODY_WRONG_SHAPE` when the batch's own metadata is nested too deeply.
   */
  constructor(batch: Batch, sender: Sender, plan: CollectPlan, meter: CostMeter, mostRows: number) {
    const { redaction } = plan;
    const { receivedAt, keyHash, environment = null } = sender;
    const json = new CanonicalJsonWriter(meter);
    this.#batch = batch;
    this.#sender = sender;
    this.#plan = plan;
    this.#meter = meter;
    this.#kinds = sender.kinds ?? forwardedKinds;
    this.#json = json;
    this.#batchSender = batchSender(batch.statsigMetadata, sender, redaction, json);
    const { serverId } = this.#batchSender;
    // A salted text is a secret for readers of the rows.
    this.#identity = new EventIdentity(keyHash, serverId, redaction === null ? null : serverId);
    this.#clockSkewMs = clockSkew([...sender.clientTimes, batch.clientTime], receivedAt);
    this.#documents = new BatchDocuments(this.#identity, meter, mostRows);
    const received = flattenRope(plan.runs.exposures.received({ received_at: receivedAt }));
    const parts: BatchParts = {
      json,
      users: new UserParts(json, plan, this.#identity, received, this.#batchSender, environment),
      senders: this.#senderParts(),
      times: new EventTimes(plan, json, receivedAt, this.#clockSkewMs, this.#noted),
      documents: this.#documents,
    };
    this.#exposures = new ExposureWriter(plan, parts, this.#noted);
    this.#customEvents = new CustomEventWriter(plan, parts);
    this.#refused = new RefusedEvents(() => this.#common(), redaction, meter, serverId);
  }

  #senderParts(): SenderParts {
    const { sessionId, sdkType, sdkVersion } = this.#batchSender;
    const columns = { session_id: sessionId, sdk_type: sdkType, sdk_version: sdkVersion };
    try {
      return new SenderParts(this.#json, this.#plan, this.#batch.statsigMetadata, columns);
    } catch (error) {
      if (!(error instanceof DepthError)) throw error;
      throw new RequestError('SLUICE_BODY_WRONG_SHAPE', 'statsigMetadata is nested too deeply.');
    }
  }

  /** Whether the batch has a number that JSON.parse could not hold, so that it has to be parsed exactly. */
  get inexact(): boolean {
    return this.#json.inexact || this.#refused.inexact;
  }

  /**
   * @throws RequestError `SLUICE_BODY_TOO_MANY_EVENTS` when the rows are too long in total.
   * @throws Errors of the meter.
   */
  collect(): CollectedBatch {
    const { events, exposures } = this.#batch;
    let i = 0;
    for (const event of events) {
      if (i++ % EVENTS_PER_CLOCK_CHECK === 0) this.#payForEvents();
      this.#take(event, 'events', event);
    }
    for (const item of exposures) {
      if (i++ % EVENTS_PER_CLOCK_CHECK === 0) this.#payForEvents();
      this.#take(fromCustomExposure(item), 'exposures', item);
    }
    const { sdkType, sdkVersion, senderId } = this.#batchSender;
    return {
      events: events.length + exposures.length,
      documents: this.#documents.settled(),
      refused: this.#refused.rows(),
      refusedCounts: this.#refused.counts(),
      counted: this.#counted.toObject(),
      noted: this.#noted.toObject(),
      duplicates: this.#identity.repeats,
      clockSkewMs: this.#clockSkewMs,
      sdkType,
      sdkVersion,
      senderId,
    };
  }

  /** Counts the events since the last call, and checks the clock. */
  #payForEvents(): void {
    const { length } = this.#documents;
    this.#meter.spend(EVENT_UNITS * EVENTS_PER_CLOCK_CHECK + ((length - this.#paidLength) >> 2));
    this.#paidLength = length;
    this.#meter.look();
  }

  /** The members that all events share, including values that only headers or query stated. */
  #common() {
    const { user, statsigMetadata } = this.#batch;
    const { sessionId, receivedAt } = this.#sender;
    return {
      ...(user === null ? null : { user }),
      ...withSession(statsigMetadata, sessionId),
      ...(this.#clockSkewMs === null ? null : { clientTime: receivedAt - this.#clockSkewMs }),
    };
  }

  /** @param sent The event as it was sent, for quarantine. */
  #take(event: unknown, list: 'events' | 'exposures', sent: unknown): void {
    const { filter } = this.#plan;
    try {
      const filtered = filter === null ? null : this.#filteredReason(event, filter);
      if (filtered === null) this.#collectEvent(readEvent(event, this.#batch.user));
      else this.#counted.add(filtered);
    } catch (error) {
      const { code, detail } = toRefusal(error);
      this.#refused.add(code, detail, list, parsedEvent(sent));
    }
  }

  /** Telemetry that does not land anyway is counted under its own name. */
  #filteredReason(event: unknown, filter: EventFilter): IgnoredReason | null {
    const name = isJsonObject(event) ? event['eventName'] : null;
    if (typeof name === 'string' && TELEMETRY_EVENTS.has(name) && !this.#plan.landTelemetry) return null;
    return filter(event);
  }

  #collectEvent(event: LogEvent): void {
    const exposure = EXPOSURE_KINDS.get(event.name);
    if (exposure !== undefined) {
      this.#assertAllowed('exposures');
      this.#exposures.write(event, exposure);
    } else if (TELEMETRY_EVENTS.has(event.name) && !this.#plan.landTelemetry) {
      this.#counted.add(event.name);
    } else {
      const { metadata } = event;
      const isUnparsed = metadata instanceof EvaluationText;
      this.#assertAllowed('events');
      this.#customEvents.write(isUnparsed ? { ...event, metadata: metadata.toObject() } : event);
    }
  }

  #assertAllowed(kind: ForwardedKind): void {
    if (!this.#kinds.includes(kind))
      throw eventRefusal('SLUICE_EVENT_KIND_NOT_ALLOWED', `It is one of ${kind}.`);
  }
}

/** The batch's metadata with a session that only a header or the query stated: it is part of the sender's identity. */
function withSession(statsigMetadata: JsonObject | null, sessionId: string | null) {
  const told = sessionId === null || idText(statsigMetadata?.['sessionID']) !== null;
  const all = told ? statsigMetadata : { ...statsigMetadata, sessionID: sessionId };
  return isEmptyJson(all) ? null : { statsigMetadata: all };
}

/** A raw event with its metadata parsed. */
function parsedEvent(event: unknown): unknown {
  if (!isJsonObject(event) || !(event['metadata'] instanceof EvaluationText)) return event;
  return { ...event, metadata: event['metadata'].toObject() };
}

function toRefusal(error: unknown): { readonly code: EventCode; readonly detail: string } {
  if (error instanceof EventError) return error;
  if (error instanceof DepthError) return eventRefusal('SLUICE_EVENT_TOO_DEEP');
  throw error;
}
