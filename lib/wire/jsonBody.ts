import { toWellFormed } from '../base/deepJson.ts';
import { parseExactJson } from '../base/exactJson.ts';
import { CostError, CostMeter, jsonCost } from '../base/jsonCost.ts';
import { MAX_EVENTS, MAX_NODES, MAX_PARSE_UNITS, MAX_UNITS, UNMEASURED_LENGTH } from './limits.ts';
import { RequestError } from './RequestError.ts';
import { stripPrivateAttributes } from './stripPrivateAttributes.ts';

/** An escaped surrogate, whether or not it has its other half. */
const HALF_PAIR = /\\ud[89a-f]/i;

/**
 * Measures the cost of parsing a body's JSON before it is parsed. Short bodies are not measured: they cannot cost much.
 *
 * @returns Units for the meter, and whether the body has numbers that only a parse with `exact` keeps; false for a body
 *   that was not measured.
 * @throws RequestError `SLUICE_BODY_TOO_MANY_EVENTS`, `SLUICE_BODY_TOO_COSTLY`.
 */
export function measureBody(text: string): { readonly units: number; readonly inexact: boolean } {
  if (text.length <= UNMEASURED_LENGTH) return { units: 0, inexact: false };
  const { nodes, units, inexact } = jsonCost(text, { nodes: MAX_NODES, units: MAX_PARSE_UNITS });
  if (nodes > MAX_NODES) {
    throw new RequestError('SLUICE_BODY_TOO_MANY_EVENTS', `More than ${MAX_NODES} objects and arrays.`);
  }
  if (units > MAX_PARSE_UNITS) {
    throw new RequestError('SLUICE_BODY_TOO_COSTLY', 'It has too many numbers, texts and names of members.');
  }
  return { units, inexact };
}

/**
 * Parses what anybody may have sent, with its numbers as they were sent, for no more than the collector spends on a body.
 *
 * @returns Undefined for no JSON, and for what costs more.
 */
export function parseCostly(text: string): unknown {
  const meter = new CostMeter(MAX_UNITS, () => {});
  try {
    meter.spend(measureBody(text).units);
    return parseExactJson(text, meter);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof CostError || error instanceof RequestError)
      return undefined;
    throw error;
  }
}

/**
 * Parses a body's JSON, without private attributes and half pairs of surrogates.
 *
 * @param exact Keep numbers that a double cannot hold; slower.
 * @param meter Counts the work besides JSON.parse, which {@link measureBody} measures.
 * @param parse Parses without `exact`. Default JSON.parse.
 * @throws RequestError `SLUICE_BODY_NOT_JSON`; what the meter throws.
 */
export function parseJsonBody(
  text: string,
  exact: boolean,
  meter: CostMeter,
  parse: (text: string) => unknown = JSON.parse,
): unknown {
  let parsed: unknown;
  try {
    parsed = exact ? parseExactJson(text, meter) : parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // V8's message quotes the text, which can contain anything, so it is not passed on.
    throw new RequestError('SLUICE_BODY_NOT_JSON', '', { cause: error });
  }
  // An unpaired surrogate can occur only as an escape; Firehose could not write it as UTF-8.
  if (text.includes('\\u') && HALF_PAIR.test(text)) parsed = toWellFormed(parsed, meter);
  stripPrivateAttributes(parsed, text, meter);
  return parsed;
}

/** @throws RequestError `SLUICE_BODY_TOO_MANY_EVENTS`. */
export function requireFewEvents(count: number): void {
  if (count > MAX_EVENTS)
    throw new RequestError('SLUICE_BODY_TOO_MANY_EVENTS', `${count} events, at most ${MAX_EVENTS}.`);
}

/** Why a body that is JSON is refused as a whole. */
export function wrongShape(detail: string) {
  return new RequestError('SLUICE_BODY_WRONG_SHAPE', detail);
}
