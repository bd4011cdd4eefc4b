import { type Counted, Counts } from '../base/Counts.ts';
import { CanonicalJsonWriter, DepthError, quoteEmbedded, SortedMembers } from '../base/canonicalJson.ts';
import { MAX_EXACT_LENGTH } from '../base/exactJson.ts';
import { isEmptyJson, isJsonObject, type JsonObject } from '../base/json.ts';
import type { RefusedEvent, RefusedItem } from '../landing/quarantineWriter.ts';
import type { LandedRow } from '../landing/store/encodeLines.ts';
import { type ForwardedKind, forwardedKinds } from '../schema/kinds.ts';
import { idText, scalarText } from '../tables/memberWriter.ts';
import { EvaluationText } from '../wire/EvaluationText.ts';
import { type EventCode, EventError, eventRefusal } from '../wire/EventError.ts';
import { clockSkew } from '../wire/eventTime.ts';
import { HEAVY_LENGTH, maxRowsLength } from '../wire/limits.ts';
import { type Batch, type ItemList, parseBatch } from '../wire/parseBatch.ts';
import type { Redaction } from '../wire/Redaction.ts';
import { RequestError } from '../wire/RequestError.ts';
import {
  type ExposureKind,
  fromCustomExposure,
  type LogEvent,
  readEvent,
  TELEMETRY_EVENTS,
} from '../wire/readEvent.ts';
import { CollectError } from './CollectError.ts';
import { type SenderParts, senderParts, UserParts } from './rows/batchParts.ts';
import { EventIdentity, IdentifiedRows } from './rows/eventIds.ts';
import { type EventTime, EventTimes, type TimeNote } from './rows/eventTimes.ts';
import { storedEvaluation } from './rows/exposures.ts';
import type { CollectPlan } from './rows/plan.ts';
import { RefusedEvents } from './rows/refusedEvents.ts';
import { type BatchSender, batchSender, type Sender } from './rows/sender.ts';

/** Rows to store for a request. */
export interface RequestRows {
  /** Rows of both tables, in the order of the batch. */
  readonly rows: Readonly<Record<ForwardedKind, readonly LandedRow[]>>;
  /** Items for quarantine: one for each refused event, or one for all if there are many; or the whole body. */
  readonly refused: readonly RefusedItem[];
  /** How many events were refused, by code. */
  readonly refusedCounts: Readonly<Record<string, number>>;
  /** Type of the SDK, as it states it: `js-client`; null when it states none. */
  readonly sdkType: string | null;
  /** Version of the SDK, as it states it; null when it states none. */
  readonly sdkVersion: string | null;
  /** The sender's part of the IDs of events and items that name no user. */
  readonly senderId: string;
}

/**
 * Why an event that lands is noted: its time; `name_unresolved`, an experiment of which only a hash is known; or
 * `not_a_number`, which counts values of the whole body.
 */
type NoteReason = TimeNote | 'name_unresolved' | 'not_a_number';

/** The outcome of a batch: every event is a row, refused or counted. */
export interface CollectedBatch extends RequestRows {
  /** Items for quarantine: one for each refused event, or one for all if there are many. */
  readonly refused: readonly RefusedEvent[];
  /** Events in the batch. */
  readonly events: number;
  /** Events that the configuration does not land, by reason: `eventFilter.ts`. */
  readonly counted: Readonly<Record<string, number>>;
  /** How many events were noted, by reason; a reason without events is absent. All these events land. */
  readonly noted: Readonly<Counted<NoteReason>>;
  /** Events that are equal to an earlier event in the batch. */
  readonly duplicates: number;
  /** How far the sender's clock was behind the collector's, in milliseconds; null when it is not stated. */
  readonly clockSkewMs: number | null;
  /** How far the event that is noted as `clock_ahead` is ahead of its receipt at most, in milliseconds; 0 without any. */
  readonly aheadMs: number;
}

/**
 * Makes rows of a body's text. An invalid event is refused under its code and does not affect the others.
 *
 * @param outOfTime Checked regularly: whether to give up. Default never.
 * @throws RequestError `SLUICE_BODY_NOT_JSON`, `SLUICE_BODY_TRUNCATED`, `SLUICE_BODY_JSON_IN_TEXT`,
 *   `SLUICE_BODY_WRONG_SHAPE`, `SLUICE_BODY_TOO_MANY_EVENTS`, `SLUICE_BODY_TOO_COSTLY`: the body cannot be used, and
 *   sending it again does not help.
 * @throws CollectError `SLUICE_COLLECT_OUT_OF_TIME` when the machine is slow, not the body costly.
 *
 * @example
 * const plan = collectPlan(config);
 * const { rows, refused } = collectBatch('{"events":[{"eventName":"sign_up"}]}', sender, plan);
 */
export function collectBatch(
  text: string,
  sender: Sender,
  plan: CollectPlan,
  outOfTime: () => boolean = () => false,
): CollectedBatch {
  const requireTime = () => {
    if (!outOfTime()) return;
    if (text.length > HEAVY_LENGTH)
      throw new RequestError('SLUICE_BODY_TOO_COSTLY', 'It could not be looked through in time.');
    throw new CollectError('SLUICE_COLLECT_OUT_OF_TIME');
  };
  const collector = (exact: boolean) =>
    new BatchCollector(parseBatch(text, exact), sender, plan, requireTime, maxRowsLength(text.length));
  const walk = collector(false);
  const collected = walk.collect();
  if (!walk.inexact) return collected;
  // A number has more digits than JSON.parse keeps. That is rare and worth a second, slower parse.
  if (text.length > MAX_EXACT_LENGTH)
    throw new RequestError('SLUICE_BODY_TOO_COSTLY', 'It has numbers that a double cannot hold.');
  requireTime();
  return collector(true).collect();
}

/** The row to store for a request whose body is refused as a whole. */
export function rowOfBody(
  refused: RefusedItem,
  { sdkType, sdkVersion }: Pick<Sender, 'sdkType' | 'sdkVersion'>,
): RequestRows {
  return {
    rows: { exposures: [], events: [] },
    refused: [refused],
    refusedCounts: { [refused.code]: 1 },
    sdkType,
    sdkVersion,
    senderId: '',
  };
}

/** Events between two checks of the clock. The walk blocks timers, so it has to end itself. */
const EVENTS_PER_CLOCK_CHECK = 16;

/**
 * Collects one batch. The parts that its events share (user, sender) are written once and used in every row. JSON columns
 * have sorted keys, so the text that identifies an event is also the text that is stored, and equal values are equal texts,
 * which Parquet stores once.
 *
 * With redaction, these are two texts. The identity is made from the event as sent: events that differ only in redacted
 * values remain different, and a resend keeps its IDs even if the rules have changed. The salt is then part of the
 * identity, so that nobody can verify a guessed value by computing the ID.
 *
 * Texts are put together by `+=`: for a template V8 calls a conversion for each part, even for strings.
 */
class BatchCollector {
  readonly #batch: Batch;
  readonly #sender: Sender;
  readonly #plan: CollectPlan;
  readonly #requireTime: () => void;
  readonly #kinds: readonly ForwardedKind[];
  readonly #json: CanonicalJsonWriter;
  readonly #batchSender: BatchSender;
  readonly #identity: EventIdentity;
  readonly #clockSkewMs: number | null;
  readonly #times: EventTimes;
  readonly #rows: IdentifiedRows;
  readonly #users: UserParts;
  readonly #senders: SenderParts;
  readonly #refused: RefusedEvents;
  readonly #counted = new Counts();
  readonly #noted = new Counts<NoteReason>();
  #aheadMs = 0;

  /**
   * @param requireTime Throws when there is no time left.
   * @param mostRows Most UTF-16 units of its rows.
   * @throws RequestError `SLUICE_BODY_WRONG_SHAPE` when the batch's own metadata is nested too deeply.
   */
  constructor(batch: Batch, sender: Sender, plan: CollectPlan, requireTime: () => void, mostRows: number) {
    const { redaction } = plan;
    const { receivedAt, keyHash } = sender;
    const json = new CanonicalJsonWriter();
    this.#batch = batch;
    this.#sender = sender;
    this.#plan = plan;
    this.#requireTime = requireTime;
    this.#kinds = sender.kinds ?? forwardedKinds;
    this.#json = json;
    this.#batchSender = batchSender(batch.senderMetadata, sender, redaction, json);
    const { serverId } = this.#batchSender;
    // Readers of the rows do not have the server's ID, so a salt of it is a secret.
    this.#identity = new EventIdentity(keyHash, serverId, redaction === null ? null : serverId);
    this.#clockSkewMs = clockSkew([...sender.clientTimes, batch.clientTime], receivedAt);
    this.#times = new EventTimes(json, plan, sender, this.#clockSkewMs);
    this.#rows = new IdentifiedRows(this.#identity, mostRows);
    this.#users = new UserParts(json, plan, this.#identity, sender, this.#batchSender);
    this.#senders = senderParts(json, plan, batch.senderMetadata, this.#batchSender);
    this.#refused = new RefusedEvents(() => this.#common(), redaction, serverId);
    if (batch.notANumbers > 0) this.#noted.add('not_a_number', batch.notANumbers);
  }

  /** Whether the batch has a number that JSON.parse could not hold, so that it has to be parsed exactly. */
  get inexact(): boolean {
    return this.#json.inexact || this.#refused.inexact;
  }

  /**
   * Makes the rows of the batch, or refuses or counts what is no row.
   *
   * @throws RequestError `SLUICE_BODY_TOO_MANY_EVENTS` when the rows are too long in total.
   * @throws What `requireTime` throws.
   */
  collect(): CollectedBatch {
    const { events, exposures } = this.#batch;
    let i = 0;
    for (const event of events) {
      if (i++ % EVENTS_PER_CLOCK_CHECK === 0) this.#requireTime();
      this.#take(event, 'events');
    }
    for (const item of exposures) {
      if (i++ % EVENTS_PER_CLOCK_CHECK === 0) this.#requireTime();
      this.#take(item, 'exposures');
    }
    const { sdkType, sdkVersion, senderId } = this.#batchSender;
    return {
      events: events.length + exposures.length,
      rows: this.#rows.rows,
      refused: this.#refused.rows(),
      refusedCounts: this.#refused.counts(),
      counted: this.#counted.toObject(),
      noted: this.#noted.toObject(),
      duplicates: this.#identity.repeats,
      clockSkewMs: this.#clockSkewMs,
      aheadMs: this.#aheadMs,
      sdkType,
      sdkVersion,
      senderId,
    };
  }

  /** The members that all events share, including values that only headers or query stated. */
  #common(): JsonObject {
    const { sessionId, receivedAt } = this.#sender;
    const { user, senderMetadata } = this.#batch;
    return {
      ...(user === null ? null : { user }),
      ...withSession(senderMetadata, sessionId),
      ...(this.#clockSkewMs === null ? null : { clientTime: receivedAt - this.#clockSkewMs }),
    };
  }

  /** Collects an item of the batch: a row, a count, or a refusal. */
  #take(item: unknown, list: ItemList): void {
    const { landTelemetry } = this.#plan;
    const raw = list === 'events' ? item : fromCustomExposure(item);
    try {
      const filtered = this.#filtered(raw);
      if (filtered === null) this.#collectEvent(readEvent(raw, this.#batch.user, landTelemetry));
      else this.#counted.add(filtered);
    } catch (error) {
      const { code, detail } = toRefusal(error);
      this.#refused.add(code, detail, list, item);
    }
  }

  /** Why the configuration leaves an event out; null if it is not the configuration that does. */
  #filtered(raw: unknown): string | null {
    const { filter, landTelemetry } = this.#plan;
    if (filter === null) return null;
    // Telemetry that does not land anyway is counted under its own name.
    const isCounted = !landTelemetry && isJsonObject(raw) && isTelemetry(raw['eventName']);
    return isCounted ? null : filter(raw);
  }

  /**
   * Adds the row of an event, or its count.
   *
   * @throws as of {@link #addExposure}; EventError `SLUICE_EVENT_KIND_NOT_ALLOWED`.
   */
  #collectEvent(event: LogEvent): void {
    if (event.exposure !== null) {
      this.#assertAllowed('exposures');
      this.#addExposure(event, event.exposure);
    } else if (event.countedAs !== null) {
      this.#counted.add(event.countedAs);
    } else {
      this.#assertAllowed('events');
      this.#addEvent(event);
    }
  }

  /** Refuses a kind that the key may not send. @throws EventError `SLUICE_EVENT_KIND_NOT_ALLOWED`. */
  #assertAllowed(kind: ForwardedKind): void {
    if (!this.#kinds.includes(kind))
      throw eventRefusal('SLUICE_EVENT_KIND_NOT_ALLOWED', `It is one of ${kind}.`);
  }

  /**
   * Adds the row of an exposure.
   *
   * @throws EventError `SLUICE_EVENT_BAD_EXPOSURE`, `SLUICE_EVENT_TOO_LARGE`, those of {@link EventTimes.of}; DepthError.
   */
  #addExposure(event: LogEvent, kind: ExposureKind): void {
    const json = this.#json;
    const { redaction, columns, evaluations, isHeldOut } = this.#plan;
    const gates = event.secondaryExposures;
    if (!isJsonObject(event.metadata)) throw eventRefusal('SLUICE_EVENT_BAD_EXPOSURE');
    const evaluation = evaluations.get(kind, event.metadata, json, isHeldOut?.(gates) ?? false);
    const evaluatedJson = evaluation.metadata;
    const storedJson =
      redaction === null
        ? evaluatedJson
        : storedEvaluation(new SortedMembers(EvaluationText.parsed(event.metadata)), redaction, json);
    const gatesJson = isEmptyJson(gates) ? null : json.write(gates);
    // Exposures have no value by definition. If one is sent with a value, it is kept among the extras. The Go SDK writes
    // "" for none, which is only part of the identity, because that is made from the event as sent.
    const extras = event.value === null ? event.extras : { ...event.extras, value: event.value };
    const user = this.#users.get(event.user);
    const { senderMetadata } = event;
    const { added, members } = this.#senders.get(senderMetadata, extras);
    const sender = event.value === '' ? this.#senders.get(senderMetadata, event.extras).members : members;
    const time = this.#times.of(event.time);
    let identity: string = kind;
    identity += time.identity;
    identity += user.identity;
    identity += evaluatedJson;
    if (gatesJson !== null) identity += gatesJson;
    identity += added;
    let row = evaluation.own;
    row += user.units;
    row += time.members;
    row += user.exposures;
    row += columns.exposures.details({ secondary_exposures: gatesJson, metadata: storedJson });
    row += sender;
    this.#rows.add('exposures', identity, row, time.day);
    this.#note(time);
    if (evaluation.unresolved) this.#noted.add('name_unresolved');
  }

  /** Adds the row of an event. @throws EventError `SLUICE_EVENT_TOO_LARGE`, those of {@link EventTimes.of}; DepthError. */
  #addEvent(event: LogEvent): void {
    const json = this.#json;
    const { redaction, columns } = this.#plan;
    const { own, details } = columns.events;
    const metadataJson = event.metadata === null ? null : json.write(event.metadata);
    const valueJson = json.write(event.value);
    const stored = redaction === null ? null : storedDetails(event, redaction, json);
    const user = this.#users.get(event.user);
    // The table has no column for secondary exposures: SDKs do not send them with custom events.
    const { extras, secondaryExposures } = event;
    const others = isEmptyJson(secondaryExposures) ? extras : { ...extras, secondaryExposures };
    const sender = this.#senders.get(event.senderMetadata, others);
    const time = this.#times.of(event.time);
    let identity = quoteEmbedded(event.name);
    identity += time.identity;
    identity += user.identity;
    if (metadataJson !== null) identity += metadataJson;
    identity += ',';
    identity += valueJson;
    identity += sender.added;
    let row = own({
      event_name: event.name,
      event_value: valueText(stored === null ? event.value : stored.value),
    });
    row += user.units;
    row += time.members;
    row += user.events;
    const shownJson = isEmptyJson(event.metadata) ? null : metadataJson;
    row += details({ company_metadata: stored === null ? shownJson : stored.metadataJson });
    row += sender.members;
    this.#rows.add('events', identity, row, time.day);
    this.#note(time);
  }

  /** Counts what is told of the time of an event that lands: of one that is refused, the refusal is told. */
  #note({ notes, aheadMs }: EventTime): void {
    for (const note of notes) this.#noted.add(note);
    this.#aheadMs = Math.max(this.#aheadMs, aheadMs);
  }
}

/** Whether an event's name is one by which SDKs report on themselves. */
function isTelemetry(name: unknown): boolean {
  return typeof name === 'string' && TELEMETRY_EVENTS.has(name);
}

/** The batch's metadata with a session that only a header or the query stated: it is part of the sender's identity. */
function withSession(
  metadata: JsonObject | null,
  sessionId: string | null,
): { readonly statsigMetadata: JsonObject | null } | null {
  const isAdded = sessionId !== null && idText(metadata?.['sessionID']) === null;
  const all = isAdded ? { ...metadata, sessionID: sessionId } : metadata;
  return isEmptyJson(all) ? null : { statsigMetadata: all };
}

/** Why an event is refused. @throws Any error that is not about the event. */
function toRefusal(error: unknown): { readonly code: EventCode; readonly detail: string } {
  if (error instanceof EventError) return error;
  if (error instanceof DepthError) return eventRefusal('SLUICE_EVENT_TOO_DEEP');
  throw error;
}

/** Value and metadata after redaction. */
function storedDetails(
  { value, metadata }: LogEvent,
  redaction: Redaction,
  json: CanonicalJsonWriter,
): { readonly value: unknown; readonly metadataJson: string | null } {
  const kept = redaction.metadata(metadata, json) ?? null;
  return {
    value: redaction.member('value', value, json) ?? null,
    metadataJson: isEmptyJson(kept) ? null : json.write(kept),
  };
}

/**
 * A value as text: texts as they are, anything else as JSON. An empty text counts as none: the Go SDK writes it for an
 * event without a value.
 */
function valueText(value: unknown): string | null {
  return value === null || value === '' ? null : (scalarText(value) ?? JSON.stringify(value));
}
