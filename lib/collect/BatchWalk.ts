import { MAX_RECORD_BYTES } from '../delivery/limits.ts';
import { CanonicalJson } from '../statsig/CanonicalJson.ts';
import { clockCorrection } from '../statsig/clockCorrection.ts';
import { EventError } from '../statsig/EventError.ts';
import { fromCustomExposure } from '../statsig/fromCustomExposure.ts';
import { isJsonObject, type JsonObject } from '../statsig/JsonObject.ts';
import { MAX_TIME_MS, MIN_TIME_MS } from '../statsig/limits.ts';
import type { Batch } from '../statsig/parseBatch.ts';
import { type LogEvent, readEvent } from '../statsig/readEvent.ts';
import { readTime } from '../statsig/readTime.ts';
import { TELEMETRY_EVENTS } from '../statsig/telemetryEvents.ts';
import type { PartialRow } from '../tables/memberWriter.ts';
import type { TableKind } from '../tables/Table.ts';
import { isoTimestamp } from '../time/isoTimestamp.ts';
import type { Collected, Refused, Sender } from './Collected.ts';
import type { CollectPlan } from './CollectPlan.ts';
import { EventIdentity } from './EventIdentity.ts';
import { EXPOSURE_KINDS, exposureRow } from './exposureRow.ts';
import { JsonParts } from './JsonPart.ts';
import { rawEvent } from './rawEvent.ts';
import { scalarText } from './scalarText.ts';
import {
  environmentOf,
  id,
  userColumns,
  withoutPrivateAttributes,
  withoutPrivateBootstrap,
} from './userColumns.ts';

/** A document is measured exactly only when its UTF-16 units, at 3 bytes each, might be too many. */
const SURELY_FITS = Math.floor(MAX_RECORD_BYTES / 3);

/** Members of a document that its user decides. */
interface UserMembers {
  readonly units: string;
  readonly user: string;
}

/** Members of an exposure that its metadata decides. */
interface ExposureMembers {
  readonly own: string;
  readonly metadata: string;
  readonly unresolved: boolean;
}

/**
 * One walk over a batch. What its events share (user, metadata, sender) is written once and used in every
 * document, which is most of the speed: events of a batch come from few users and few evaluations.
 */
export class BatchWalk {
  readonly #batch: Batch;
  readonly #sender: Sender;
  readonly #plan: CollectPlan;
  readonly #canonical = new CanonicalJson();
  readonly #identity: EventIdentity;
  readonly #senderId: string;
  readonly #correction: number;
  readonly #session: string | null;
  readonly #sdkType: string | null;
  readonly #sdkVersion: string | null;
  readonly #received: Record<TableKind, string>;
  readonly #plainSender: Record<TableKind, string>;
  readonly #users: Record<TableKind, JsonParts<JsonObject | null, UserMembers>>;
  readonly #evaluations: Record<'gate' | 'config' | 'layer', JsonParts<unknown, ExposureMembers>>;
  readonly #eventMetadata: JsonParts<unknown, string>;
  readonly #secondary: JsonParts<unknown, string>;
  readonly #senders: Record<TableKind, JsonParts<readonly [unknown, JsonObject | null], string>>;
  readonly #documents: Record<TableKind, string[]> = { exposures: [], events: [] };
  readonly #refused: Refused[] = [];
  readonly #counted = new Map<string, number>();
  readonly #noted = new Map<string, number>();
  #lastTime: { readonly sent: number; readonly members: string; readonly day: string } | undefined;

  constructor(batch: Batch, sender: Sender, plan: CollectPlan) {
    this.#batch = batch;
    this.#sender = sender;
    this.#plan = plan;
    const { statsigMetadata } = batch;
    const stableId = id(statsigMetadata?.['stableID']);
    this.#session = id(statsigMetadata?.['sessionID']) ?? sender.sessionId;
    this.#sdkType = id(statsigMetadata?.['sdkType']) ?? sender.sdkType;
    this.#sdkVersion = id(statsigMetadata?.['sdkVersion']) ?? sender.sdkVersion;
    this.#senderId = stableId ?? this.#session ?? '';
    this.#identity = new EventIdentity(sender.keyHash, this.#senderId);
    this.#correction = clockCorrection([...sender.clientTimes, batch.clientTime], sender.receivedAt);
    const byKind = <T>(make: (kind: TableKind) => T): Record<TableKind, T> => ({
      exposures: make('exposures'),
      events: make('events'),
    });
    this.#received = byKind((kind) => plan.runs[kind].received({ received_at: sender.receivedAt }));
    this.#plainSender = byKind((kind) => this.#senderMembers(kind, null, null));
    this.#users = byKind(
      (kind) => new JsonParts(this.#canonical, (user, text) => this.#userMembers(kind, user, text, stableId)),
    );
    this.#senders = byKind(
      (kind) =>
        new JsonParts(this.#canonical, ([metadata, extras]) => this.#senderMembers(kind, metadata, extras)),
    );
    const evaluations = (kind: 'gate' | 'config' | 'layer') =>
      new JsonParts<unknown, ExposureMembers>(this.#canonical, (metadata, text) => {
        const { columns, unresolved } = exposureRow(kind, metadata, plan.resolveExperiment);
        const { own, metadata: member } = plan.runs.exposures;
        return { own: own(columns), metadata: member({ metadata: text }), unresolved };
      });
    this.#evaluations = {
      gate: evaluations('gate'),
      config: evaluations('config'),
      layer: evaluations('layer'),
    };
    this.#eventMetadata = new JsonParts(this.#canonical, (_, text) =>
      plan.runs.events.metadata({ company_metadata: text }),
    );
    this.#secondary = new JsonParts(this.#canonical, (_, text) =>
      plan.runs.exposures.secondary({ secondary_exposures: text }),
    );
  }

  /** Whether a number was met that JSON.parse could not hold: the batch is worth parsing exactly. */
  get inexact(): boolean {
    return this.#canonical.inexact;
  }

  collect(): Collected {
    for (const sent of this.#batch.events) {
      const raw = this.#batch.customExposures ? fromCustomExposure(sent) : sent;
      try {
        this.#collectEvent(readEvent(raw, this.#batch.user));
      } catch (error) {
        this.#refuse(refusal(error), sent);
      }
    }
    return {
      events: this.#batch.events.length,
      documents: this.#documents,
      refused: this.#refused,
      counted: Object.fromEntries(this.#counted),
      noted: Object.fromEntries(this.#noted),
      sdkType: this.#sdkType,
      sdkVersion: this.#sdkVersion,
      senderId: this.#senderId,
    };
  }

  #collectEvent(event: LogEvent): void {
    if (TELEMETRY_EVENTS.has(event.name) && !this.#plan.landTelemetry) {
      count(this.#counted, event.name);
      return;
    }
    const exposure = EXPOSURE_KINDS.get(event.name);
    if (exposure === undefined) this.#collectCustom(event);
    else this.#collectExposure(event, exposure);
  }

  #collectExposure(event: LogEvent, exposure: 'gate' | 'config' | 'layer'): void {
    const evaluation = this.#evaluations[exposure].get(withoutPrivateBootstrap(event.metadata));
    const user = this.#users.exposures.get(withoutPrivateAttributes(event.user));
    const secondary = isEmpty(event.secondaryExposures)
      ? null
      : this.#secondary.get(event.secondaryExposures);
    // An exposure has no value by definition; one that came with a value keeps it among the extras.
    const extras = event.value === null ? event.extras : { ...event.extras, value: event.value };
    const sender = this.#senderOf('exposures', event.statsigMetadata, extras);
    const times = this.#times('exposures', event.time);
    const identity = `[${JSON.stringify(event.name)},${this.#canonical.write(event.time)},${user.canonical},${evaluation.canonical},${secondary?.canonical ?? 'null'},${sender.canonical}]`;
    const { own, metadata, unresolved } = evaluation.extra;
    this.#add(
      'exposures',
      `{"event_id":"${this.#identity.next(identity)}"${own}${user.extra.units}${times.members}${this.#received.exposures}${user.extra.user}${secondary?.extra ?? ''}${metadata}${sender.extra},"ds":"${times.day}"}`,
    );
    if (unresolved) count(this.#noted, 'name_unresolved');
  }

  #collectCustom(event: LogEvent): void {
    const user = this.#users.events.get(withoutPrivateAttributes(event.user));
    const metadata = event.metadata === null ? null : this.#eventMetadata.get(event.metadata);
    // The events table has no column for them; they come with an event only when somebody has put them there.
    const extras = isEmpty(event.secondaryExposures)
      ? event.extras
      : { ...event.extras, secondaryExposures: event.secondaryExposures };
    const sender = this.#senderOf('events', event.statsigMetadata, extras);
    const times = this.#times('events', event.time);
    const own = this.#plan.runs.events.own({
      event_name: event.name,
      event_value: event.value === null ? null : (scalarText(event.value) ?? JSON.stringify(event.value)),
    });
    const identity = `[${JSON.stringify(event.name)},${this.#canonical.write(event.time)},${user.canonical},${metadata?.canonical ?? 'null'},${this.#canonical.write(event.value)},${sender.canonical}]`;
    this.#add(
      'events',
      `{"event_id":"${this.#identity.next(identity)}"${own}${user.extra.units}${times.members}${this.#received.events}${user.extra.user}${metadata?.extra ?? ''}${sender.extra},"ds":"${times.day}"}`,
    );
  }

  #add(kind: TableKind, document: string): void {
    if (document.length > SURELY_FITS) {
      const bytes = Buffer.byteLength(document, 'utf8');
      if (bytes > MAX_RECORD_BYTES) throw new EventError('SLUICE_EVENT_TOO_LARGE', `${bytes} bytes.`);
    }
    this.#documents[kind].push(document);
  }

  #times(kind: TableKind, time: unknown): { readonly members: string; readonly day: string } {
    const { receivedAt } = this.#sender;
    if (time === null) {
      count(this.#noted, 'time_missing');
      const members = this.#plan.runs[kind].times({ timestamp: receivedAt });
      return { members, day: isoTimestamp(receivedAt).slice(0, 10) };
    }
    const sent = readTime(time);
    if (sent === null) throw new EventError('SLUICE_EVENT_BAD_TIME');
    if (this.#correction !== 0) count(this.#noted, 'clock_corrected');
    if (this.#lastTime?.sent === sent) return this.#lastTime;
    const timestamp = sent + this.#correction;
    if (timestamp < MIN_TIME_MS || timestamp > MAX_TIME_MS) {
      throw new EventError('SLUICE_EVENT_BAD_TIME', "It is none by the corrected sender's clock.");
    }
    const within =
      timestamp >= receivedAt - this.#plan.pastMs && timestamp <= receivedAt + this.#plan.futureMs;
    if (!within) count(this.#noted, 'outside_time_window');
    const members = this.#plan.runs[kind].times({ timestamp, client_timestamp: sent });
    const day = isoTimestamp(within ? timestamp : receivedAt).slice(0, 10);
    const times = { sent, members, day };
    if (within) this.#lastTime = times;
    return times;
  }

  #userMembers(kind: TableKind, user: JsonObject | null, text: string, stableId: string | null): UserMembers {
    const json = user === null ? null : text;
    return {
      units: this.#plan.runs[kind].units(userColumns(user, this.#plan.unitIds, stableId)),
      user: this.#plan.runs[kind].user({
        environment: environmentOf(user),
        [kind === 'exposures' ? 'user_dimensions' : 'user_object']: json,
      }),
    };
  }

  #senderOf(
    kind: TableKind,
    metadata: unknown,
    extras: JsonObject | null,
  ): { readonly canonical: string; readonly extra: string } {
    if (extras === null && isEmpty(metadata)) return { canonical: 'null', extra: this.#plainSender[kind] };
    return this.#senders[kind].get([metadata, extras]);
  }

  /** `statsig_metadata` is the batch's, overlaid by the event's; members that nobody documents go in `event`. */
  #senderMembers(kind: TableKind, metadata: unknown, extras: JsonObject | null): string {
    const undocumented =
      isEmpty(metadata) || isJsonObject(metadata) ? extras : { ...extras, statsigMetadata: metadata };
    const all = {
      ...this.#batch.statsigMetadata,
      ...(isJsonObject(metadata) ? metadata : null),
      ...(undocumented === null ? null : { event: undocumented }),
    };
    const row: PartialRow = {
      statsig_metadata: isEmpty(all) ? null : JSON.stringify(all),
      session_id: this.#session,
      sdk_type: this.#sdkType,
      sdk_version: this.#sdkVersion,
    };
    return this.#plan.runs[kind].sender(row);
  }

  #refuse({ code, detail }: EventErrorFacts, sent: unknown): void {
    this.#refused.push({ code, detail, raw: rawEvent(sent) });
  }
}

interface EventErrorFacts {
  readonly code: string;
  readonly detail: string;
}

function refusal(error: unknown): EventErrorFacts {
  if (error instanceof EventError) return error;
  // JSON.stringify's way of saying that a value is nested deeper than its stack.
  if (error instanceof RangeError) return new EventError('SLUICE_EVENT_TOO_DEEP');
  throw error;
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined) return true;
  if (Array.isArray(value)) return value.length === 0;
  if (!isJsonObject(value)) return false;
  for (const _ in value) return false;
  return true;
}

function count(counts: Map<string, number>, reason: string): void {
  counts.set(reason, (counts.get(reason) ?? 0) + 1);
}
