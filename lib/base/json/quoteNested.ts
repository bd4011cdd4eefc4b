/** Longer texts are quicker to quote natively. */
const SHORT = 256;

/** Whether a text has nothing that JSON escapes: control characters, quotes, backslashes, half surrogate pairs. */
export function isPlain(text: string): boolean {
  if (text.length > SHORT) return false;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit < 0x20 || unit === 0x22 || unit === 0x5c || unit >= 0xd800) return false;
  }
  return true;
}

/** A string's JSON as it stands inside another JSON string: `\"text\"`. */
export function quoteNested(text: string): string {
  return isPlain(text) ? `\\"${text}\\"` : escapeJson(JSON.stringify(text));
}

/** JSON text as it stands inside a JSON string, without that string's own quotes. */
function escapeJson(json: string): string {
  return JSON.stringify(json).slice(1, -1);
}
