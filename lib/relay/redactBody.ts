import { stringifyDeep } from '../base/deepJson.ts';
import { parseExactJson } from '../base/exactJson.ts';
import { isJsonObject, type JsonObject } from '../base/json.ts';
import { CostError, CostMeter } from '../base/jsonCost.ts';
import { type DecodedBody, encodeBody } from '../wire/decodeBody.ts';
import { measureBody } from '../wire/jsonBody.ts';
import { MAX_UNITS } from '../wire/limits.ts';
import type { Redaction } from '../wire/Redaction.ts';
import { RequestError } from '../wire/RequestError.ts';
import { stripPrivateAttributes } from '../wire/stripPrivateAttributes.ts';

/** A body without what must not leave. */
export interface RedactedBody {
  /** In the encoding of the one that was sent. */
  readonly body: Uint8Array;
  /** Events in it. */
  readonly events: number;
}

/**
 * Writes a body again without private attributes and what the configuration redacts.
 *
 * @param redaction Null without rules.
 * @param outOfTime Checked regularly: whether to give up.
 * @returns Null for a body that cannot be read, or takes too much work or time.
 */
export function redactBody(
  { text, encoding }: DecodedBody,
  redaction: Redaction | null,
  outOfTime: () => boolean,
): RedactedBody | null {
  const meter = new CostMeter(MAX_UNITS, () => {
    if (outOfTime()) throw new CostError();
  });
  try {
    meter.look();
    meter.spend(measureBody(text).units);
    const parsed = parseExactJson(text, meter);
    if (!isJsonObject(parsed)) return null;
    stripPrivateAttributes(parsed, text, meter);
    const shown = redaction === null ? parsed : redact(parsed, redaction, meter);
    return {
      body: encodeBody(stringifyDeep(shown, meter), encoding),
      events: lengthOf(shown['events']) + lengthOf(shown['exposures']),
    };
  } catch (error) {
    if (error instanceof CostError || error instanceof SyntaxError || error instanceof RequestError)
      return null;
    throw error;
  }
}

function lengthOf(list: unknown): number {
  return Array.isArray(list) ? list.length : 0;
}

function redact(
  { events, exposures, ...common }: JsonObject,
  redaction: Redaction,
  meter: CostMeter,
): JsonObject {
  // Items that cannot be redacted are null, and are removed.
  const each = (list: unknown) =>
    Array.isArray(list)
      ? list.map((item) => redaction.event(item, meter)).filter((item) => item !== null)
      : undefined;
  const [redacted, custom] = [each(events), each(exposures)];
  const shared = redaction.event(common, meter);
  return {
    ...(isJsonObject(shared) ? shared : null),
    ...(redacted === undefined ? null : { events: redacted }),
    ...(custom === undefined ? null : { exposures: custom }),
  };
}
