import type { PolicyDocument } from '../../lib/access/PolicyDocument.ts';
import { sub } from './intrinsics.ts';
import type { Value } from './Resource.ts';

/** A document of lib/access as a template has it: every text with a `${…}` in `Fn::Sub`, nothing else changed. */
export function substituted(document: PolicyDocument): Value {
  return fill(JSON.parse(JSON.stringify(document)));
}

function fill(value: Value): Value {
  if (typeof value === 'string') return value.includes('${') ? sub(value) : value;
  if (typeof value !== 'object') return value;
  if (isList(value)) return value.map(fill);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, fill(member)]));
}

/** `Array.isArray` doesn't know a readonly list. */
function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}
