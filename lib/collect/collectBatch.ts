import { CanonicalJsonWriter, DepthError, quoteEmbedded, SortedMembers } from '../base/canonicalJson.ts';
import { isEmptyJson, isJsonObject, type JsonObject } from '../base/json.ts';
import { CostError, CostMeter } from '../base/jsonCost.ts';
import { flattenRope } from '../base/strings.ts';
import { isoDay, isoTimestamp, type UtcDay } from '../base/time.ts';
import type { RefusedEvent } from '../landing/quarantineWriter.ts';
import { MAX_RECORD_BYTES } from '../schema/deliveryLimits.ts';
import { type ForwardedKind, forwardedKinds } from '../schema/kinds.ts';
import { idText, scalarText } from '../tables/memberWriter.ts';
import { EvaluationText } from '../wire/EvaluationText.ts';
import { type EventCode, EventError, eventRefusal } from '../wire/EventError.ts';
import { clockCorrection, clockSkew, readTime } from '../wire/eventTime.ts';
import { HEAVY_UNITS, MAX_ROWS_LENGTH, MAX_UNITS } from '../wire/limits.ts';
import { type Batch, measureBody, parseBatch } from '../wire/parseBatch.ts';
import type { Redaction } from '../wire/Redaction.ts';
import { RequestError } from '../wire/RequestError.ts';
import { fromCustomExposure, type LogEvent, readEvent, TELEMETRY_EVENTS } from '../wire/readEvent.ts';
import { CollectError } from './CollectError.ts';
import type { CollectPlan } from './CollectPlan.ts';
import { EVENT_ID_LENGTH, EventIdentity } from './EventIdentity.ts';
import type { EventFilter, IgnoredReason } from './eventFilter.ts';
import { EVALUATION_MEMBERS, EXPOSURE_KINDS } from './exposures.ts';
import { RefusedEvents } from './refusals.ts';
import { SenderParts, UserParts } from './sharedParts.ts';

/** Who sent a batch, as far as the request tells without its body. */
export interface Sender {
  /** Lower-case hex SHA-256 of the SDK key. */
  readonly keyHash: string;
  /** `environment` of events without a tier, as the key has it. Default `production`. */
  readonly environment?: string | null;
  /** What the key may send. Default both. */
  readonly kinds?: readonly ForwardedKind[];
  /** The sender's clock when it sent: header `STATSIG-CLIENT-TIME`, then query `t`; null where absent. */
  readonly clientTimes: readonly (string | null)[];
  /** From headers or query; what the body says of itself counts more. */
  readonly sessionId: string | null;
  readonly sdkType: string | null;
  readonly sdkVersion: string | null;
  /** When the collector received it, epoch milliseconds. */
  readonly receivedAt: number;
}

/** What became of a batch: every event is a document, refused or counted. */
export interface Collected {
  /** Events in the batch. */
  readonly events: number;
  /** A JSON document for each row, by table, in the order of the batch. */
  readonly documents: Record<ForwardedKind, string[]>;
  /** What quarantine keeps of the refused events: a row each, or one for all where they are many. */
  readonly refused: readonly RefusedEvent[];
  /** How many events were refused, by code. */
  readonly refusedCounts: Readonly<Record<string, number>>;
  /** Events that the configuration doesn't land, by reason: `lib/collect/eventFilter.ts`. */
  readonly counted: Readonly<Record<string, number>>;
  /** Landed events worth a number, by reason: `clock_corrected`, `clock_ignored`, `outside_time_window`, `time_missing`, `name_unresolved`. */
  readonly noted: Readonly<Record<string, number>>;
  /** Events equal to one before them in the batch. */
  readonly duplicates: number;
  /** How far the sender's clock was behind ours, in milliseconds; null when it told no time. */
  readonly clockSkewMs: number | null;
  readonly sdkType: string | null;
  readonly sdkVersion: string | null;
  /** The sender as event IDs have it: stays the same when a batch is sent again. */
  readonly senderId: string;
}

/**
 * Turns a body's text into documents for the streams. One bad event never spoils the others: it is refused
 * under its code and the rest goes on.
 *
 * @param outOfTime Asked now and then: whether to give up. Default never.
 * @throws RequestError `SLUICE_BODY_NOT_JSON`, `SLUICE_BODY_WRONG_SHAPE`, `SLUICE_BODY_TOO_MANY_EVENTS`,
 *   `SLUICE_BODY_TOO_COSTLY`: nothing of it can be used, now or when it is sent again.
 * @throws CollectError `SLUICE_COLLECT_OUT_OF_TIME` when it is not the body that takes so long.
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
): Collected {
  const meter = new CostMeter(MAX_UNITS, (spent) => {
    if (!outOfTime()) return;
    if (spent > HEAVY_UNITS)
      throw new RequestError('SLUICE_BODY_TOO_COSTLY', 'It could not be looked through in time.');
    throw new CollectError('SLUICE_COLLECT_OUT_OF_TIME');
  });
  try {
    const { units, inexact } = measureBody(text);
    meter.spend(units);
    const walk = new BatchCollector(parseBatch(text, inexact, meter), sender, plan, meter);
    const collected = walk.collect();
    if (inexact || !walk.inexact) return collected;
    // Some number has more digits than JSON.parse keeps; rare, and then worth a second, slower reading.
    meter.spend(units);
    return new BatchCollector(parseBatch(text, true, meter), sender, plan, meter).collect();
  } catch (error) {
    if (error instanceof CostError) throw new RequestError('SLUICE_BODY_TOO_COSTLY', `${error.message}.`);
    throw error;
  }
}

/** A document is measured exactly only when its UTF-16 units, at 3 bytes each, might be too many. */
const SURELY_FITS = Math.floor(MAX_RECORD_BYTES / 3) - 64;

/** How a document begins. */
const ID_OPENING = '{"event_id":"';

/** What an event takes in any case, in units of {@link CostMeter}; and each character of its row a quarter. */
const EVENT_UNITS = 60;

/** Events between two looks at the clock. A walk blocks everything else, timers too: nobody else can end it. */
const CLOCK_EVERY = 16;

/**
 * One walk over a batch. What its events share (user, sender) is written once and used in every document.
 * JSON columns are written with sorted keys: the text that identifies an event is then the text that is
 * stored, and equal values are equal texts, which Parquet stores once.
 *
 * With redaction configured they are two texts. Identity is that of the event as sent: events that differ only in
 * what is redacted stay different, and a resend keeps its IDs though the rules have changed in between. So that
 * nobody can confirm a guess at what was redacted by making the ID again, the salt is then part of it.
 */
class BatchCollector {
  readonly #batch: Batch;
  readonly #meter: CostMeter;
  readonly #receivedAt: number;
  readonly #plan: CollectPlan;
  readonly #kinds: readonly ForwardedKind[];
  readonly #json: CanonicalJsonWriter;
  readonly #identity: EventIdentity;
  readonly #users: UserParts;
  readonly #senders: SenderParts;
  readonly #clockSkewMs: number | null;
  /** Documents that still lack their IDs, in order. */
  readonly #unsettled: { readonly kind: ForwardedKind; readonly rest: string }[] = [];
  readonly #documents: Record<ForwardedKind, string[]> = { exposures: [], events: [] };
  /** Of all documents. */
  #length = 0;
  /** What of that length the meter has counted. */
  #paidLength = 0;
  readonly #refused: RefusedEvents;
  readonly #counted = new Map<string, number>();
  readonly #noted = new Map<string, number>();
  readonly #about: Pick<Collected, 'sdkType' | 'sdkVersion' | 'senderId'>;

  /**
   * @param meter Counts what the walk takes, and ends it.
   * @throws RequestError `SLUICE_BODY_WRONG_SHAPE` when the batch's own metadata is nested too deeply.
   */
  constructor(batch: Batch, sender: Sender, plan: CollectPlan, meter: CostMeter) {
    this.#batch = batch;
    this.#meter = meter;
    this.#json = new CanonicalJsonWriter(meter);
    this.#receivedAt = sender.receivedAt;
    this.#plan = plan;
    this.#kinds = sender.kinds ?? forwardedKinds;
    const { statsigMetadata } = batch;
    const stableId = idText(statsigMetadata?.['stableID']);
    const sessionId = idText(statsigMetadata?.['sessionID']) ?? sender.sessionId;
    const sdkType = idText(statsigMetadata?.['sdkType']) ?? sender.sdkType;
    const sdkVersion = idText(statsigMetadata?.['sdkVersion']) ?? sender.sdkVersion;
    const { redaction } = plan;
    const sentBy = stableId ?? sessionId ?? '';
    const senderId = redaction === null ? sentBy : redaction.hash(sentBy);
    const stored = (name: string, value: string | null) =>
      redaction === null ? value : storedText(redaction, name, value, this.#json);
    this.#about = {
      sdkType: stored('sdkType', sdkType),
      sdkVersion: stored('sdkVersion', sdkVersion),
      senderId,
    };
    // Salted, it is a secret to who has only the rows.
    this.#identity = new EventIdentity(sender.keyHash, senderId, redaction === null ? null : senderId);
    const received = flattenRope(plan.runs.exposures.received({ received_at: sender.receivedAt }));
    this.#users = new UserParts(
      this.#json,
      plan,
      this.#identity,
      received,
      stored('stableID', stableId),
      sender.environment ?? null,
    );
    try {
      this.#senders = new SenderParts(this.#json, plan, statsigMetadata, {
        session_id: stored('sessionID', sessionId),
        sdk_type: this.#about.sdkType,
        sdk_version: this.#about.sdkVersion,
      });
    } catch (error) {
      if (!(error instanceof DepthError)) throw error;
      throw new RequestError('SLUICE_BODY_WRONG_SHAPE', 'statsigMetadata is nested too deeply.');
    }
    const clientTimes = [...sender.clientTimes, batch.clientTime];
    this.#clockSkewMs = clockSkew(clientTimes, sender.receivedAt);
    this.#refused = new RefusedEvents(() => this.#common(sender.sessionId), redaction, meter);
  }

  /** Whether a number was met that JSON.parse could not hold: the batch is worth parsing exactly. */
  get inexact(): boolean {
    return this.#json.inexact || this.#refused.inexact;
  }

  /**
   * @throws RequestError `SLUICE_BODY_TOO_MANY_EVENTS` when its rows are too long, all together.
   * @throws What the meter throws.
   */
  collect(): Collected {
    const { events, exposures } = this.#batch;
    let i = 0;
    for (const event of events) {
      if (i++ % CLOCK_EVERY === 0) this.#payForEvents();
      this.#take(event, 'events', event);
    }
    for (const item of exposures) {
      if (i++ % CLOCK_EVERY === 0) this.#payForEvents();
      this.#take(fromCustomExposure(item), 'exposures', item);
    }
    this.#settle();
    return {
      events: events.length + exposures.length,
      documents: this.#documents,
      refused: this.#refused.rows(),
      refusedCounts: this.#refused.counts(),
      counted: Object.fromEntries(this.#counted),
      noted: Object.fromEntries(this.#noted),
      duplicates: this.#identity.repeats,
      clockSkewMs: this.#clockSkewMs,
      ...this.#about,
    };
  }

  /** Counts the events since the last time, and asks the clock. */
  #payForEvents(): void {
    this.#meter.spend(EVENT_UNITS * CLOCK_EVERY + ((this.#length - this.#paidLength) >> 2));
    this.#paidLength = this.#length;
    this.#meter.look();
  }

  /** What its events share, with what of it only headers or query told. */
  #common(sessionId: string | null) {
    const { user, statsigMetadata } = this.#batch;
    return {
      ...(user === null ? null : { user }),
      ...withSession(statsigMetadata, sessionId),
      ...(this.#clockSkewMs === null ? null : { clientTime: this.#receivedAt - this.#clockSkewMs }),
    };
  }

  /** @param sent The event as it came, for quarantine. */
  #take(event: unknown, list: 'events' | 'exposures', sent: unknown): void {
    const { filter } = this.#plan;
    try {
      const filtered = filter === null ? null : this.#filteredReason(event, filter);
      if (filtered === null) this.#collectEvent(readEvent(event, this.#batch.user));
      else count(this.#counted, filtered);
    } catch (error) {
      const { code, detail } = refusal(error);
      this.#refused.add(code, detail, list, asSent(sent));
    }
  }

  /** Telemetry that isn't landed anyway is counted as what it is. */
  #filteredReason(event: unknown, filter: EventFilter): IgnoredReason | null {
    const name = isJsonObject(event) ? event['eventName'] : null;
    if (typeof name === 'string' && TELEMETRY_EVENTS.has(name) && !this.#plan.landTelemetry) return null;
    return filter(event);
  }

  #collectEvent(event: LogEvent): void {
    const exposure = EXPOSURE_KINDS.get(event.name);
    if (exposure !== undefined) this.#collectExposure(event, exposure);
    else if (TELEMETRY_EVENTS.has(event.name) && !this.#plan.landTelemetry) count(this.#counted, event.name);
    else if (!(event.metadata instanceof EvaluationText)) this.#collectCustom(event);
    else this.#collectCustom({ ...event, metadata: event.metadata.toObject() });
  }

  #demand(kind: ForwardedKind): void {
    if (!this.#kinds.includes(kind))
      throw eventRefusal('SLUICE_EVENT_KIND_NOT_ALLOWED', `It is one of ${kind}.`);
  }

  #collectExposure(event: LogEvent, kind: 'gate' | 'config' | 'layer'): void {
    this.#demand('exposures');
    const { secondary, metadata } = this.#plan.runs.exposures;
    if (!isJsonObject(event.metadata)) throw eventRefusal('SLUICE_EVENT_BAD_EXPOSURE');
    const gates = event.secondaryExposures;
    const heldOut = this.#plan.isHeldOut?.(gates) ?? false;
    const evaluation = this.#plan.evaluations.get(kind, event.metadata, this.#json, heldOut);
    const evaluatedJson = evaluation.metadata;
    const storedJson =
      this.#plan.redaction === null
        ? evaluatedJson
        : this.#storedEvaluation(
            new SortedMembers(EvaluationText.parsed(event.metadata)),
            this.#plan.redaction,
          );
    const gatesJson = isEmptyJson(gates) ? null : this.#json.write(gates);
    // An exposure has no value by definition; one that was sent with a value keeps it among the extras. The Go SDK writes
    // "" for none: it is part of the identity alone, which is made of what was sent.
    const extras = event.value === null ? event.extras : { ...event.extras, value: event.value };
    const user = this.#users.get(event.user);
    const { added, members } = this.#senders.get(event.statsigMetadata, extras);
    const sender =
      event.value === '' ? this.#senders.get(event.statsigMetadata, event.extras).members : members;
    const { when, times, day } = this.#times(event.time);
    let identity: string = kind;
    identity += when;
    identity += user.identity;
    identity += evaluatedJson;
    if (gatesJson !== null) identity += gatesJson;
    identity += added;
    // Not a template: V8 converts each part of one to a text by a call, texts too.
    let rest = evaluation.own;
    rest += user.units;
    rest += times;
    rest += user.received.exposures;
    rest += secondary(gatesJson);
    rest += metadata(storedJson);
    rest += sender;
    rest += dsMember(day);
    this.#add('exposures', identity, rest);
    if (evaluation.unresolved) count(this.#noted, 'name_unresolved');
  }

  #collectCustom(event: LogEvent): void {
    this.#demand('events');
    const { own, metadata } = this.#plan.runs.events;
    const metadataJson = event.metadata === null ? null : this.#json.write(event.metadata);
    const valueJson = this.#json.write(event.value);
    const stored = this.#plan.redaction === null ? null : this.#storedDetails(event, this.#plan.redaction);
    const user = this.#users.get(event.user);
    const sender = this.#senders.get(event.statsigMetadata, customExtras(event));
    const { when, times, day } = this.#times(event.time);
    let identity = quoteEmbedded(event.name);
    identity += when;
    identity += user.identity;
    if (metadataJson !== null) identity += metadataJson;
    identity += ',';
    identity += valueJson;
    identity += sender.added;
    let rest = own({
      event_name: event.name,
      event_value: valueText(stored === null ? event.value : stored.value),
    });
    rest += user.units;
    rest += times;
    rest += user.received.events;
    rest += metadata(
      stored === null ? (isEmptyJson(event.metadata) ? null : metadataJson) : stored.metadataJson,
    );
    rest += sender.members;
    rest += dsMember(day);
    this.#add('events', identity, rest);
  }

  #storedDetails({ value, metadata }: LogEvent, redaction: Redaction) {
    const kept = redaction.metadata(metadata, this.#json) ?? null;
    return {
      value: redaction.member('value', value, this.#json) ?? null,
      metadataJson: isEmptyJson(kept) ? null : flattenRope(this.#json.write(kept)),
    };
  }

  /** An exposure's metadata as it may be stored: what the columns say can't be taken out of the JSON beside them. */
  #storedEvaluation({ keys, values }: SortedMembers, redaction: Redaction): string {
    const members = keys.map((key, i): [string, unknown] => [key, values[i]]);
    const kept = redaction.metadata(Object.fromEntries(members), this.#json);
    const evaluation = Object.fromEntries(members.filter(([key]) => EVALUATION_MEMBERS.has(key)));
    return flattenRope(this.#json.write({ ...(isJsonObject(kept) ? kept : null), ...evaluation }));
  }

  /**
   * @param identity What the event's ID is made of.
   * @param rest The document from behind the ID.
   */
  #add(kind: ForwardedKind, identity: string, rest: string): void {
    if (rest.length > SURELY_FITS) {
      this.#meter.spend(rest.length >> 2);
      const bytes = ID_OPENING.length + EVENT_ID_LENGTH + Buffer.byteLength(rest, 'utf8');
      if (bytes > MAX_RECORD_BYTES) throw new EventError('SLUICE_EVENT_TOO_LARGE', `${bytes} bytes.`);
    }
    this.#length += ID_OPENING.length + EVENT_ID_LENGTH + rest.length;
    if (this.#length > MAX_ROWS_LENGTH) {
      throw new RequestError(
        'SLUICE_BODY_TOO_MANY_EVENTS',
        `Their rows have more than ${MAX_ROWS_LENGTH} units.`,
      );
    }
    this.#unsettled.push({ kind, rest });
    if (this.#identity.add(identity)) this.#settle();
  }

  /** Puts the IDs into the documents that wait for theirs. */
  #settle(): void {
    const ids = this.#identity.settle();
    for (let i = 0; i < ids.length; i += 1) {
      const waiting = this.#unsettled[i];
      if (waiting !== undefined) this.#documents[waiting.kind].push(ID_OPENING + ids[i] + waiting.rest);
    }
    this.#unsettled.length = 0;
  }

  /** An event's times from the text of the first to that of the last, its day, and its time as part of its identity. */
  #times(time: unknown) {
    const receivedAt = this.#receivedAt;
    if (time === null) {
      count(this.#noted, 'time_missing');
      // It happened when it was received, as its row says, also for its identity: two purchases that an HTTP client
      // without a clock reports must not become one, though its resend then counts twice.
      return {
        times: isoTimestamp(receivedAt),
        day: isoDay(receivedAt),
        when: `received:${receivedAt}`,
      };
    }
    const sent = readTime(time);
    if (sent === null) throw eventRefusal('SLUICE_EVENT_BAD_TIME');
    const correction = clockCorrection(sent, this.#clockSkewMs, receivedAt);
    const timestamp = sent + (correction ?? 0);
    if (correction !== 0) count(this.#noted, correction === null ? 'clock_ignored' : 'clock_corrected');
    const sentText = isoTimestamp(sent);
    let times = timestamp === sent ? sentText : isoTimestamp(timestamp);
    // Both tables have the two beside each other.
    times += this.#plan.runs.exposures.clientTimestamp;
    times += sentText;
    // What its columns say: writing the number out would take ten times as long.
    const when = sent === time ? sentText : this.#json.write(time);
    const { pastMs, futureMs } = this.#plan;
    if (timestamp >= receivedAt - pastMs && timestamp <= receivedAt + futureMs) {
      return { times, day: isoDay(timestamp), when };
    }
    count(this.#noted, 'outside_time_window');
    return { times, day: isoDay(receivedAt), when };
  }
}

/** What the sender says of itself, be it in the body, in headers or in the query, goes by its name in the body. */
function storedText(
  redaction: Redaction,
  name: string,
  value: string | null,
  json: CanonicalJsonWriter,
): string | null {
  const stored = redaction.member('statsigMetadata', { [name]: value }, json);
  return isJsonObject(stored) ? idText(stored[name]) : null;
}

/** The batch's metadata with the session that only a header or the query told: without it another sender's. */
function withSession(statsigMetadata: JsonObject | null, sessionId: string | null) {
  const told = sessionId === null || idText(statsigMetadata?.['sessionID']) !== null;
  const all = told ? statsigMetadata : { ...statsigMetadata, sessionID: sessionId };
  return isEmptyJson(all) ? null : { statsigMetadata: all };
}

/** A raw event as it came, without anything that was left unparsed. */
function asSent(event: unknown): unknown {
  if (!isJsonObject(event) || !(event['metadata'] instanceof EvaluationText)) return event;
  return { ...event, metadata: event['metadata'].toObject() };
}

function refusal(error: unknown): { readonly code: EventCode; readonly detail: string } {
  if (error instanceof EventError) return error;
  if (error instanceof DepthError) return eventRefusal('SLUICE_EVENT_TOO_DEEP');
  throw error;
}

/** The events table has no column for secondary exposures: an event has them only if somebody put them there. */
function customExtras({ extras, secondaryExposures }: LogEvent): JsonObject | null {
  return isEmptyJson(secondaryExposures) ? extras : { ...extras, secondaryExposures };
}

/**
 * A value as text: numbers as JSON has them, anything else that is no text as JSON. An empty text is none: the Go SDK
 * writes that for an event without a value.
 */
function valueText(value: unknown): string | null {
  return value === null || value === '' ? null : (scalarText(value) ?? JSON.stringify(value));
}

function count(counts: Map<string, number>, reason: string): void {
  counts.set(reason, (counts.get(reason) ?? 0) + 1);
}

let lastDay: UtcDay = '';
let lastMember = '';

/** The end of a document: the day that its folder is chosen by. The same for most documents of a batch. */
function dsMember(day: UtcDay): string {
  if (day !== lastDay) {
    lastDay = day;
    lastMember = flattenRope(`,"ds":"${day}"}`);
  }
  return lastMember;
}
