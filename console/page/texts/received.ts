import { visibleText } from '../../../lib/base/text.ts';

/** Spaces that indenting may add: they grow with the product of a text's length and depth. */
const MAX_INDENT_SPACES = 1_000_000;

/** Received text to show: JSON is indented, unless that adds too many spaces; hidden characters are escapes. */
export function formatReceived(text: string): string {
  return visibleText(isJson(text) ? indentJson(text) : text);
}

/** Whether a text is JSON. */
export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Tokens of JSON: an empty array or object, a string, a punctuator, or a number, true, false or null. */
const JSON_TOKENS = /\[\s*\]|\{\s*\}|"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{},:]|[^\s[\]{},:"]+/g;

/**
 * Valid JSON, indented by two spaces; as it is if that adds more than {@link MAX_INDENT_SPACES}. Only the space between
 * tokens changes. Values are not written anew, because JavaScript rounds long integers and keeps only the last of equal
 * keys.
 */
function indentJson(json: string): string {
  const written: string[] = [];
  let depth = 0;
  let spaces = 0;
  const breakLine = () => {
    spaces += 2 * depth;
    written.push('\n', ' '.repeat(2 * depth));
  };
  for (const [token] of json.matchAll(JSON_TOKENS)) {
    const isClosing = token === ']' || token === '}';
    if (isClosing) {
      depth -= 1;
      breakLine();
    }
    written.push(token === ':' ? ': ' : token);
    const isOpening = token === '[' || token === '{';
    if (isOpening) depth += 1;
    if (isOpening || token === ',') breakLine();
    if (spaces > MAX_INDENT_SPACES) return json;
  }
  return written.join('');
}
