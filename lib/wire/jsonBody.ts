import { endsEarly } from '../base/endsEarly.ts';
import { parseExactJson } from '../base/exactJson.ts';
import { parseSentJson, type SentJson } from '../base/sentJson.ts';
import { MAX_EVENTS, MAX_PARTS, UNCOUNTED_LENGTH } from './limits.ts';
import { RequestError } from './RequestError.ts';
import { stripPrivateAttributes } from './stripPrivateAttributes.ts';

/** An escaped surrogate, whether or not it has its other half. */
const HALF_PAIR = /\\ud[89a-f]/i;

/** Every escape of a JSON text, a pair of surrogates as one. */
const ESCAPES = /\\(?:ud[89ab]..\\ud[c-f]..|ud[89a-f]..|.)/gis;

/** What V8 says of the first wrong character of a text, without what it quotes of the text, which can be anything. */
const FIRST_WRONG = /^(?:Unexpected token '.'|Unexpected end of JSON input|[A-Z][^"]* at position \d+)/su;

/** `{` */
const OPEN = 0x7b;
const OPEN_LIST = 0x5b;
const COLON = 0x3a;

/**
 * Parses a body's JSON as it was sent, without private attributes and half pairs of surrogates.
 *
 * @param exact Keep numbers that a double cannot hold; slower.
 * @param parse Parses without `exact`. Default JSON.parse.
 * @throws RequestError `SLUICE_BODY_NOT_JSON`, `SLUICE_BODY_TRUNCATED`, `SLUICE_BODY_WRONG_SHAPE`, `SLUICE_BODY_TOO_COSTLY`.
 */
export function parseJsonBody(
  text: string,
  exact: boolean,
  parse: (text: string) => unknown = JSON.parse,
): SentJson {
  requireFewParts(text);
  let parsed: SentJson;
  try {
    parsed = parseSentJson(withoutHalfPairs(text), exact ? parseExactJson : parse);
  } catch (error) {
    if (error instanceof RangeError) throw wrongShape('It is nested too deeply.');
    if (!(error instanceof SyntaxError)) throw error;
    if (endsEarly(text)) throw new RequestError('SLUICE_BODY_TRUNCATED', 'It is JSON.');
    const [detail] = FIRST_WRONG.exec(error.message) ?? [''];
    throw new RequestError('SLUICE_BODY_NOT_JSON', detail);
  }
  stripPrivateAttributes(parsed.value, text);
  return parsed;
}

/** The JSON with U+FFFD for half pairs of surrogates: nothing could write them as UTF-8. They occur as escapes only. */
function withoutHalfPairs(text: string): string {
  if (!text.includes('\\u') || !HALF_PAIR.test(text)) return text;
  return text.replace(ESCAPES, (found) => (/^\\ud[89a-f]..$/i.test(found) ? '\ufffd' : found));
}

/** JSON.parse cannot be stopped, and what it makes of an object or a member needs many times the bytes of the text. */
function requireFewParts(text: string): void {
  if (text.length <= UNCOUNTED_LENGTH) return;
  let parts = 0;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit === COLON || unit === OPEN || unit === OPEN_LIST) parts += 1;
  }
  if (parts > MAX_PARTS)
    throw new RequestError(
      'SLUICE_BODY_TOO_COSTLY',
      `${parts} objects, arrays and members, at most ${MAX_PARTS}.`,
    );
}

/** Requires at most {@link MAX_EVENTS} events. @throws RequestError `SLUICE_BODY_TOO_MANY_EVENTS` */
export function requireFewEvents(count: number): void {
  if (count > MAX_EVENTS)
    throw new RequestError('SLUICE_BODY_TOO_MANY_EVENTS', `${count} events, at most ${MAX_EVENTS}.`);
}

/**
 * Why a body that is JSON is refused as a whole.
 *
 * @param value What has the wrong shape: a text of an object or a list was encoded twice. Default: that is not asked.
 */
export function wrongShape(detail: string, value?: unknown): InstanceType<typeof RequestError> {
  const isJson = typeof value === 'string' && /^\s*[{[]/.test(value);
  return new RequestError(isJson ? 'SLUICE_BODY_JSON_IN_TEXT' : 'SLUICE_BODY_WRONG_SHAPE', detail);
}
