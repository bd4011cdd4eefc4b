import { stringifyDeep } from '../base/deepJson.ts';
import { tryParseExactJson } from '../base/exactJson.ts';
import { isJsonObject, type JsonObject } from '../base/json.ts';
import { type DecodedBody, encodeBody } from '../wire/decodeBody.ts';
import type { Redaction } from '../wire/Redaction.ts';
import { stripPrivateAttributes } from '../wire/stripPrivateAttributes.ts';

/** A body without what must not leave. */
export interface RedactedBody {
  /** The bytes, in the encoding of the body that was sent. */
  readonly body: Uint8Array;
  /** Events in it. */
  readonly events: number;
}

/**
 * Writes a body again without private attributes and what the configuration redacts.
 *
 * @param redaction Null without rules.
 * @returns Null for a body that cannot be read.
 */
export function redactBody(
  { text, encoding }: DecodedBody,
  redaction: Redaction | null,
): RedactedBody | null {
  const parsed = tryParseExactJson(text);
  if (!isJsonObject(parsed)) return null;
  stripPrivateAttributes(parsed, text);
  const shown = redaction === null ? parsed : redact(parsed, redaction);
  return {
    body: encodeBody(stringifyDeep(shown), encoding),
    events: lengthOf(shown['events']) + lengthOf(shown['exposures']),
  };
}

function lengthOf(list: unknown): number {
  return Array.isArray(list) ? list.length : 0;
}

function redact({ events, exposures, ...common }: JsonObject, redaction: Redaction): JsonObject {
  // Items that cannot be redacted are null, and are removed.
  const redactedItems = (list: unknown) =>
    Array.isArray(list)
      ? list.map((item) => redaction.event(item)).filter((item) => item !== null)
      : undefined;
  const redacted = redactedItems(events);
  const custom = redactedItems(exposures);
  const shared = redaction.event(common);
  return {
    ...(isJsonObject(shared) ? shared : null),
    ...(redacted === undefined ? null : { events: redacted }),
    ...(custom === undefined ? null : { exposures: custom }),
  };
}
