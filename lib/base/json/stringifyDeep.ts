import { CostMeter } from '../jsonCost.ts';
import { LongText } from './flatten.ts';
import { isJsonObject } from './JsonObject.ts';

/** What a node and a member take, in units of {@link CostMeter}. */
const NODE_UNITS = 30;
const MEMBER_UNITS = 15;

/**
 * JSON.stringify of a parsed JSON value, be it nested deeper than the call stack is.
 *
 * @param meter Counts what that takes which is nested too deeply for JSON.stringify. Default no limit.
 */
export function stringifyDeep(value: unknown, meter = CostMeter.unlimited): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return deepJson(value, meter);
  }
}

/** JSON.stringify with a list of its own in place of the call stack. */
function deepJson(value: unknown, meter: CostMeter): string {
  const written = new LongText();
  const open: ({ readonly text: string } | { readonly value: unknown })[] = [{ value }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if ('text' in next) {
      written.add(next.text);
      continue;
    }
    const node = next.value;
    if (Array.isArray(node)) {
      meter.spend(NODE_UNITS + MEMBER_UNITS * node.length);
      written.add('[');
      open.push({ text: ']' });
      for (let i = node.length - 1; i >= 0; i -= 1) {
        open.push({ value: node[i] });
        if (i > 0) open.push({ text: ',' });
      }
    } else if (isJsonObject(node)) {
      written.add('{');
      open.push({ text: '}' });
      const members = Object.entries(node);
      meter.spend(NODE_UNITS + MEMBER_UNITS * members.length);
      for (let i = members.length - 1; i >= 0; i -= 1) {
        const [key, member] = members[i] ?? ['', null];
        open.push({ value: member }, { text: `${i > 0 ? ',' : ''}${JSON.stringify(key)}:` });
      }
    } else {
      written.add(JSON.stringify(node) ?? 'null');
    }
  }
  return written.end();
}
