import { type CanonicalJsonWriter, quoteEmbedded } from '../base/canonicalJson.ts';
import { isEmptyJson, type JsonObject } from '../base/json.ts';
import { flattenRope } from '../base/strings.ts';
import { scalarText } from '../tables/memberWriter.ts';
import type { Redaction } from '../wire/Redaction.ts';
import type { LogEvent } from '../wire/readEvent.ts';
import type { RowPlan } from './RowPlan.ts';
import type { BatchParts } from './sharedParts.ts';

/** Writes the rows of one batch's events that are not exposures. */
export class CustomEventWriter {
  readonly #plan: RowPlan;
  readonly #parts: BatchParts;

  constructor(plan: RowPlan, parts: BatchParts) {
    this.#plan = plan;
    this.#parts = parts;
  }

  /** @throws EventError `SLUICE_EVENT_BAD_TIME`, `SLUICE_EVENT_TOO_LARGE`; DepthError. */
  write(event: LogEvent): void {
    const { redaction } = this.#plan;
    const { own, metadata } = this.#plan.runs.events;
    const { json, users, senders, times, documents } = this.#parts;
    const metadataJson = event.metadata === null ? null : json.write(event.metadata);
    const valueJson = json.write(event.value);
    const stored = redaction === null ? null : storedDetails(event, redaction, json);
    const user = users.get(event.user);
    const sender = senders.get(event.statsigMetadata, customExtras(event));
    const time = times.read(event.time);
    let identity = quoteEmbedded(event.name);
    identity += time.identity;
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
    rest += time.times;
    rest += user.received.events;
    rest += metadata(
      stored === null ? (isEmptyJson(event.metadata) ? null : metadataJson) : stored.metadataJson,
    );
    rest += sender.members;
    rest += time.ds;
    documents.add('events', identity, rest);
  }
}

/** Value and metadata after redaction. */
function storedDetails({ value, metadata }: LogEvent, redaction: Redaction, json: CanonicalJsonWriter) {
  const kept = redaction.metadata(metadata, json) ?? null;
  return {
    value: redaction.member('value', value, json) ?? null,
    metadataJson: isEmptyJson(kept) ? null : flattenRope(json.write(kept)),
  };
}

/** The events table has no column for secondary exposures: SDKs do not send them with custom events. */
function customExtras({ extras, secondaryExposures }: LogEvent): JsonObject | null {
  return isEmptyJson(secondaryExposures) ? extras : { ...extras, secondaryExposures };
}

/**
 * A value as text: texts as they are, anything else as JSON. An empty text counts as none: the Go SDK writes it for an
 * event without a value.
 */
function valueText(value: unknown): string | null {
  return value === null || value === '' ? null : (scalarText(value) ?? JSON.stringify(value));
}
