import { randomBytes } from 'node:crypto';
import { ExactNumber, isExact, isJsonObject } from './json.ts';
import { CostMeter, isDigit, isNumberUnit } from './jsonCost.ts';
import { TextBuilder } from './strings.ts';

/** Random bytes of a mark: nobody can send a text that begins with it. */
const MARK_BYTES = 6;

/**
 * JSON.parse that keeps numbers which a double can't hold, as {@link ExactNumber}. A snowflake ID sent as a
 * number must not become its neighbour's. Slower than JSON.parse: only for batches that need it.
 *
 * Each such number is parsed as a text with a random mark, then put in that text's place. A reviver would do, but
 * V8 runs it by recursion, and JSON nested a few thousand deep overflows its stack.
 *
 * @param text JSON that JSON.parse takes.
 * @param meter Counts the cost. Default: no limit.
 * @throws SyntaxError as JSON.parse does; what the meter throws.
 */
export function parseExactJson(text: string, meter = CostMeter.unlimited): unknown {
  const mark = randomBytes(MARK_BYTES).toString('base64');
  const exactOf = (value: unknown): unknown =>
    typeof value === 'string' && value.startsWith(mark) ? new ExactNumber(value.slice(mark.length)) : value;
  const parsed: unknown = JSON.parse(markInexact(text, mark, meter));
  const open: unknown[] = [parsed];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (Array.isArray(node)) {
      meter.spend(NODE_UNITS + node.length);
      for (let i = 0; i < node.length; i += 1) {
        const item: unknown = node[i];
        if (typeof item === 'object') open.push(item);
        else if (typeof item === 'string') node[i] = exactOf(item);
      }
    } else if (isJsonObject(node)) {
      const keys = Object.keys(node);
      meter.spend(NODE_UNITS + MEMBER_UNITS * keys.length);
      for (const key of keys) {
        const member = node[key];
        if (typeof member === 'object') open.push(member);
        else {
          const exact = exactOf(member);
          // The member is the object's own, so that one named __proto__ is set as any other.
          if (exact !== member) Reflect.set(node, key, exact);
        }
      }
    }
  }
  return exactOf(parsed);
}

/** Costs of a walk, in units of {@link CostMeter}. */
const NODE_UNITS = 10;
const MEMBER_UNITS = 6;
const NUMBER_UNITS = 20;

/** The JSON with every number that a double can't hold made a text that begins with the mark. */
function markInexact(text: string, mark: string, meter: CostMeter): string {
  const marked = new TextBuilder();
  let copied = 0;
  let paid = 0;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit === QUOTE) i = endOfText(text, i);
    else if (unit === MINUS || isDigit(unit)) {
      const start = i;
      while (isNumberUnit(text.charCodeAt(i + 1))) i += 1;
      const number = text.slice(start, i + 1);
      if (isExact(Number(number))) continue;
      meter.spend(NUMBER_UNITS + ((i - paid) >> 3));
      paid = i;
      marked.add(text.slice(copied, start));
      marked.add(`"${mark}${number}"`);
      copied = i + 1;
    }
  }
  marked.add(text.slice(copied));
  return marked.end();
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;

/** Where the text that begins with a quote ends: its closing quote. */
function endOfText(text: string, quote: number): number {
  let i = quote + 1;
  for (let unit = text.charCodeAt(i); unit !== QUOTE && i < text.length; unit = text.charCodeAt(i)) {
    i += unit === BACKSLASH ? 2 : 1;
  }
  return i;
}

/**
 * Whether JSON.parse held every number of a value it made, however deep.
 *
 * @param meter Counts the cost. Default: no limit.
 */
export function isExactJson(value: unknown, meter = CostMeter.unlimited): boolean {
  const open: unknown[] = [];
  const isHeld = (member: unknown): boolean => {
    if (typeof member === 'object') open.push(member);
    return typeof member !== 'number' || isExact(member);
  };
  if (!isHeld(value)) return false;
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    const members = Array.isArray(node) ? node : isJsonObject(node) ? Object.values(node) : [];
    meter.spend(CHECKED_NODE_UNITS + members.length);
    for (const member of members) if (!isHeld(member)) return false;
  }
  return true;
}

/** Cost of a node, in units of {@link CostMeter}. */
const CHECKED_NODE_UNITS = 10;
