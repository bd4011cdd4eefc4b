import { isJsonObject } from '../base/json.ts';
import { CostMeter } from '../base/jsonCost.ts';

const PRIVATE = 'privateAttributes';

/**
 * A piece of it. Its first letter is rare in bodies, and V8 searches for 7 characters and more by a table that it has to
 * make first: together that makes the search quick.
 */
const PIECE = 'Attrib';

/** What a node, a member and one that is removed take, in units of {@link CostMeter}. */
const NODE_UNITS = 10;
const MEMBER_UNITS = 3;
const REMOVED_UNITS = 50;

/** A letter written as an escape, as no SDK does: the key may be spelled with it. */
const ESCAPED_LETTER = /\\u00[4-7]/;

/** Whether a body's text may have the key: only then is it looked through. */
export function namesPrivateAttributes(text: string): boolean {
  if (text.includes(PIECE) && text.includes(PRIVATE)) return true;
  return text.includes('\\u') && ESCAPED_LETTER.test(text);
}

/**
 * Takes every `privateAttributes` out of a body's parsed JSON, in place and at any depth: users stand beside events,
 * in them, and in what js-client was bootstrapped with. SDKs strip it themselves, a hand-made request may not, and
 * what is called private must not be stored anywhere.
 *
 * The value is looked through only when its text may have the key, with a list in place of the call stack.
 *
 * @param text The body that was parsed.
 * @param meter Counts what it takes. Default no limit.
 */
export function stripPrivateAttributes(parsed: unknown, text: string, meter = CostMeter.unlimited): void {
  if (!namesPrivateAttributes(text)) return;
  const open: unknown[] = [parsed];
  while (open.length > 0) {
    const node = open.pop();
    if (Array.isArray(node)) {
      meter.spend(NODE_UNITS + node.length);
      for (const item of node) if (typeof item === 'object') open.push(item);
    } else if (isJsonObject(node)) {
      if (Object.hasOwn(node, PRIVATE)) {
        Reflect.deleteProperty(node, PRIVATE);
        meter.spend(REMOVED_UNITS);
      }
      const members = Object.values(node);
      meter.spend(NODE_UNITS + MEMBER_UNITS * members.length);
      for (const member of members) if (typeof member === 'object') open.push(member);
    }
  }
}
