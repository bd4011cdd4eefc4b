import { isJsonObject, type JsonObject } from '../json/JsonObject.ts';

/**
 * Turns an item of the HTTP API's `/v1/log_custom_exposure` into the log event it stands for:
 * `{user, experimentName, group | ruleID}` or `{user, gateName, passes, group | ruleID}`, with `time` and
 * `secondaryExposures` at will. Metadata of its own is kept beside what these say, which counts more; any other member
 * stays one of the event. An item of another shape comes back as it is and is refused as any bad event.
 *
 * https://docs.statsig.com/http-api/overview (log_custom_exposure)
 */
export function fromCustomExposure(item: unknown): unknown {
  if (!isJsonObject(item)) return item;
  const { metadata, group, ruleID, ...others } = item;
  const own = metadata ?? {};
  if (!isJsonObject(own)) return item;
  const rule = { ruleID: ruleID ?? group ?? own['ruleID'] ?? '', isManualExposure: 'true' };
  const named = group === undefined ? rule : { ...rule, group };
  if (others['experimentName'] !== undefined) {
    const { experimentName, ...rest } = others;
    return eventOf('statsig::config_exposure', { ...own, config: experimentName, ...named }, rest);
  }
  if (others['gateName'] === undefined) return item;
  const { gateName, passes, ...rest } = others;
  const gateValue = passes === undefined ? {} : { gateValue: String(passes) };
  return eventOf('statsig::gate_exposure', { ...own, gate: gateName, ...gateValue, ...named }, rest);
}

function eventOf(eventName: string, metadata: JsonObject, others: JsonObject): JsonObject {
  return { ...others, eventName, metadata };
}
