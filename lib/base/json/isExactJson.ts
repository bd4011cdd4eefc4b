import { CostMeter } from '../jsonCost.ts';
import { isExact } from './ExactNumber.ts';
import { isJsonObject } from './JsonObject.ts';

/**
 * Whether JSON.parse held every number of a value it made, however deep.
 *
 * @param meter Counts what it takes. Default no limit.
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

/** What a node takes, in units of {@link CostMeter}. */
const CHECKED_NODE_UNITS = 10;
