import { isJsonObject } from '../base/json.ts';

/** The member of a user that SDKs promise not to have stored. */
const PRIVATE = 'privateAttributes';

/**
 * A part of the name. Its first letter is rare in bodies, and V8 searches for fewer than 7 characters without building a
 * table first, so the search is quick.
 */
const PIECE = 'Attrib';

/** A letter written as an escape. No SDK does that, but the key could be spelled with it. */
const ESCAPED_LETTER = /\\u00[4-7]/;

/** Whether a body's text may contain the key. */
export function namesPrivateAttributes(text: string): boolean {
  if (text.includes(PIECE) && text.includes(PRIVATE)) return true;
  return text.includes('\\u') && ESCAPED_LETTER.test(text);
}

/**
 * Removes every `privateAttributes` from a body's parsed JSON, in place and at any depth: users stand beside events, in
 * events, and in js-client's bootstrap values. SDKs remove it themselves, but a hand-made request may not, and private
 * attributes must not be stored anywhere.
 *
 * The value is searched only when its text may contain the key, with a list instead of the call stack.
 *
 * @param text The body that was parsed.
 */
export function stripPrivateAttributes(parsed: unknown, text: string): void {
  if (!namesPrivateAttributes(text)) return;
  const open: unknown[] = [parsed];
  while (open.length > 0) {
    const node = open.pop();
    if (Array.isArray(node)) {
      for (const item of node) if (typeof item === 'object') open.push(item);
    } else if (isJsonObject(node)) {
      Reflect.deleteProperty(node, PRIVATE);
      for (const member of Object.values(node)) if (typeof member === 'object') open.push(member);
    }
  }
}
