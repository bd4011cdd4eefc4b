import { isJsonObject } from '../json/JsonObject.ts';

/**
 * Turns an item of the HTTP API's `/v1/log_custom_exposure` into the log event it stands for:
 * `{user, experimentName, group | ruleID}` or `{user, gateName, passes, group | ruleID}`, with `time` and
 * `secondaryExposures` at will. An item of another shape comes back as it is and is refused as any bad event.
 *
 * https://docs.statsig.com/http-api/overview (log_custom_exposure)
 */
export function fromCustomExposure(item: unknown): unknown {
  if (!isJsonObject(item)) return item;
  const { experimentName, gateName, passes, group, ruleID, ...others } = item;
  const rule = { ruleID: ruleID ?? group ?? '', isManualExposure: 'true' };
  const named = group === undefined ? rule : { ...rule, group };
  if (experimentName !== undefined) {
    return {
      ...others,
      eventName: 'statsig::config_exposure',
      metadata: { config: experimentName, ...named },
    };
  }
  if (gateName === undefined) return item;
  return {
    ...others,
    eventName: 'statsig::gate_exposure',
    metadata: { gate: gateName, ...(passes === undefined ? {} : { gateValue: String(passes) }), ...named },
  };
}
