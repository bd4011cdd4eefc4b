import { hash } from 'node:crypto';
import { parseExactJson } from '../json/parseExactJson.ts';
import { stringifyDeep } from '../json/stringifyDeep.ts';
import type { Redaction } from '../privacy/Redaction.ts';
import { withheldBody } from '../privacy/withheldBody.ts';
import { hasTooManyNodes } from '../statsig/hasTooManyNodes.ts';
import { namesPrivateAttributes, stripPrivateAttributes } from '../statsig/stripPrivateAttributes.ts';

/**
 * What quarantine keeps of a body that is refused whole: the body as it was sent, if nothing in it is private. Private
 * attributes are taken out of what parses as JSON. Where they are named and can't be found, and always while redaction
 * is configured, only what {@link withheldBody} tells is kept.
 *
 * @param body As it was sent.
 * @param text As it was decoded; null when it could not be. Nobody has looked into what is compressed then.
 * @param keyHash Of the SDK key: salts the hash of what is withheld where no salt is configured.
 */
export function keptBody(
  body: Uint8Array,
  text: string | null,
  redaction: Redaction | null,
  keyHash: string,
): string | Uint8Array {
  if (redaction !== null) return withheldBody(body, (sent) => redaction.hash(sent));
  if (!namesPrivateAttributes(text ?? Buffer.from(body).toString('latin1'))) return body;
  return (
    (text === null ? null : stripped(text)) ?? withheldBody(body, (sent) => hash('sha256', keyHash + sent))
  );
}

/** The JSON without private attributes; null when it is none, or too much to be parsed. */
function stripped(text: string): string | null {
  if (hasTooManyNodes(text)) return null;
  try {
    const parsed = parseExactJson(text);
    stripPrivateAttributes(parsed, text);
    return stringifyDeep(parsed);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
