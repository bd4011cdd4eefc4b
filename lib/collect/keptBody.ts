import { hash } from 'node:crypto';
import { stringifyDeep } from '../base/deepJson.ts';
import { parseExactJson } from '../base/exactJson.ts';
import { CostError, CostMeter } from '../base/jsonCost.ts';
import { MAX_UNITS } from '../wire/limits.ts';
import { measureBody } from '../wire/parseBatch.ts';
import type { Redaction } from '../wire/Redaction.ts';
import { RequestError } from '../wire/RequestError.ts';
import { namesPrivateAttributes, stripPrivateAttributes } from '../wire/stripPrivateAttributes.ts';

/**
 * What quarantine keeps of a body that is refused whole: the body as it was sent, if nothing in it is private. Private
 * attributes are taken out of what parses as JSON. Where they are named and can't be found, and always while redaction
 * is configured, only what {@link withheldBody} tells is kept.
 *
 * @param body As it was sent.
 * @param text As it was decoded; null when it could not be. Nobody has looked into what is compressed then.
 * @param keyHash Of the SDK key: salts the hash of what is withheld where no salt is configured.
 * @param outOfTime Asked now and then: whether to give up looking for private attributes. Default never.
 */
export function keptBody(
  body: Uint8Array,
  text: string | null,
  redaction: Redaction | null,
  keyHash: string,
  outOfTime: () => boolean = () => false,
): string | Uint8Array {
  if (redaction !== null) return withheldBody(body, (sent) => redaction.hash(sent));
  if (!namesPrivateAttributes(text ?? Buffer.from(body).toString('latin1'))) return body;
  return (
    (text === null ? null : stripped(text, outOfTime)) ??
    withheldBody(body, (sent) => hash('sha256', keyHash + sent))
  );
}

/** The JSON without private attributes; null when it is none, or takes too much work or time. */
function stripped(text: string, outOfTime: () => boolean): string | null {
  const meter = new CostMeter(MAX_UNITS, () => {
    if (outOfTime()) throw new CostError();
  });
  try {
    meter.look();
    meter.spend(measureBody(text).units);
    const parsed = parseExactJson(text, meter);
    stripPrivateAttributes(parsed, text, meter);
    return stringifyDeep(parsed, meter);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof CostError || error instanceof RequestError)
      return null;
    throw error;
  }
}

/**
 * What quarantine keeps of a body that may hold what must be taken out, where nobody can tell where: its length and a
 * salted hash, by which a resend is known.
 *
 * @param hashOf Salts and hashes a text.
 */
function withheldBody(body: Uint8Array, hashOf: (text: string) => string): string {
  return `withheld: ${body.length} bytes, ${hashOf(Buffer.from(body).toString('base64'))}`;
}
