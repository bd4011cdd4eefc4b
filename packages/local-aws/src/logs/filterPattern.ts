import { parseJson, valueAt } from '../base/json.ts';
import { AwsError, notImplemented } from '../protocol/AwsError.ts';

/** Whether a log line matches. */
type LineFilter = (line: string) => boolean;

/** A pattern for JSON lines, in braces. */
const JSON_PATTERN = /^\{([\s\S]*)\}$/;
/** A comparison of a member with a text, a number or a truth value. */
const COMPARISON = /^\s*\$\.([A-Za-z0-9_.-]+)\s*(=|!=)\s*(?:"([^"*]*)"|(-?\d+(?:\.\d+)?)|(TRUE|FALSE))\s*$/;
/** A term in quotes, or a word. */
const TERM = /\s*(?:"((?:[^"\\]|\\["\\])*)"|([A-Za-z0-9_]+))(?=\s|$)/y;

/**
 * Reads a filter pattern: words and texts in quotes, all of which a line must contain; or comparisons of a JSON line's
 * members with `=` and `!=`, joined by `&&`, and by `||`, which is weaker. Everything else is refused by name.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
 *
 * @throws AwsError
 */
export function readFilterPattern(pattern: string): LineFilter {
  const text = pattern.trim();
  const json = JSON_PATTERN.exec(text)?.[1];
  return json === undefined ? readTerms(text) : readComparisons(json);
}

/** The filter of a JSON pattern: `{ $.level = "error" && $.count != 1 }`. `&&` binds more tightly than `||`. */
function readComparisons(text: string): LineFilter {
  const alternatives = text.split('||').map((alternative) =>
    alternative.split('&&').map((part) => {
      const [, path = '', operator, quoted, number, truth] = COMPARISON.exec(part) ?? [];
      if (operator === undefined) throw notImplemented(`logs FilterLogEvents filterPattern ${part.trim()}`);
      const value = quoted ?? (number === undefined ? truth === 'TRUE' : Number(number));
      return { path: path.split('.'), isEqual: operator === '=', value };
    }),
  );
  return (line) => {
    const parsed = line.startsWith('{') ? parseJson(line) : undefined;
    if (parsed === undefined) return false;
    return alternatives.some((comparisons) =>
      comparisons.every(({ path, isEqual, value }) => {
        const actual = valueAt(parsed, path);
        return actual !== undefined && (actual === value) === isEqual;
      }),
    );
  };
}

/** The filter of a pattern of words and texts in quotes, all of which a line must contain. */
function readTerms(text: string): LineFilter {
  const terms: string[] = [];
  TERM.lastIndex = 0;
  while (TERM.lastIndex < text.length) {
    const at = TERM.lastIndex;
    const [, quoted, word] = TERM.exec(text) ?? [];
    const term = quoted?.replace(/\\(["\\])/g, '$1') ?? word;
    if (term === undefined) {
      const unread = text.slice(at).trim();
      if (/^[?\-%[]/.test(unread)) throw notImplemented(`logs FilterLogEvents filterPattern ${unread}`);
      throw new AwsError('InvalidParameterException', 400, `Invalid character(s) in term '${unread}'`);
    }
    terms.push(term);
  }
  return (line) => terms.every((term) => line.includes(term));
}
