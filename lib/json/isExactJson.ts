import { isExact } from './ExactNumber.ts';
import { isJsonObject } from './JsonObject.ts';

/** Whether JSON.parse held every number of a value it made, however deep. */
export function isExactJson(value: unknown): boolean {
  const open: unknown[] = [value];
  while (open.length > 0) {
    const node = open.pop();
    if (typeof node === 'number' && !isExact(node)) return false;
    if (Array.isArray(node)) for (const item of node) open.push(item);
    else if (isJsonObject(node)) for (const member of Object.values(node)) open.push(member);
  }
  return true;
}
