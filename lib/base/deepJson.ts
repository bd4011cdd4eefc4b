import { isJsonObject } from './json.ts';
import { CostMeter } from './jsonCost.ts';
import { TextBuilder } from './strings.ts';

/** Costs of a node and a member, in units of {@link CostMeter}. */
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
  const written = new TextBuilder();
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

/** Costs of a node, a member and a renamed member, in units of {@link CostMeter}. */
const CHECKED_NODE_UNITS = 10;
const CHECKED_MEMBER_UNITS = 10;
const RENAMED_UNITS = 100;

/**
 * Replaces half surrogate pairs by U+FFFD in every string and key of a parsed JSON value, in place where it
 * can. Walks with a list of its own: the value may be nested deeper than the call stack is.
 *
 * @param meter Counts the cost. Default: no limit.
 */
export function toWellFormed(value: unknown, meter = CostMeter.unlimited): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  const open: unknown[] = [value];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (Array.isArray(node)) {
      meter.spend(CHECKED_NODE_UNITS + CHECKED_MEMBER_UNITS * node.length);
      for (let i = 0; i < node.length; i += 1) {
        const item: unknown = node[i];
        if (typeof item === 'string') {
          if (!item.isWellFormed()) node[i] = item.toWellFormed();
        } else if (typeof item === 'object') open.push(item);
      }
    } else if (isJsonObject(node)) {
      const keys = Object.keys(node);
      meter.spend(CHECKED_NODE_UNITS + CHECKED_MEMBER_UNITS * keys.length);
      for (const key of keys) {
        const member = node[key];
        const kept = typeof member === 'string' ? member.toWellFormed() : member;
        if (!key.isWellFormed()) {
          meter.spend(RENAMED_UNITS);
          Reflect.deleteProperty(node, key);
          // It has U+FFFD in it, so that it is not a name of the prototype's.
          Reflect.set(node, key.toWellFormed(), kept);
        } else if (kept !== member) {
          // The member is the object's own, so that one named __proto__ is set as any other.
          Reflect.set(node, key, kept);
        }
        if (typeof member === 'object') open.push(member);
      }
    }
  }
  return value;
}
