import { CostMeter } from '../jsonCost.ts';
import { isJsonObject } from './JsonObject.ts';

/** What a node, a member and a renamed one take, in units of {@link CostMeter}. */
const CHECKED_NODE_UNITS = 10;
const CHECKED_MEMBER_UNITS = 10;
const RENAMED_UNITS = 100;

/**
 * Replaces half surrogate pairs by U+FFFD in every string and key of a parsed JSON value, in place where it
 * can. Walks with a list of its own: the value may be nested deeper than the call stack is.
 *
 * @param meter Counts what it takes. Default no limit.
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
          // It has U+FFFD in it, so that it is no name of the prototype's.
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
