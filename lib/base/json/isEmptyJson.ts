import { isJsonObject } from './JsonObject.ts';

/** Whether a parsed JSON value says nothing: null, `{}` or `[]`. */
export function isEmptyJson(value: unknown): boolean {
  if (value === null || value === undefined) return true;
  if (Array.isArray(value)) return value.length === 0;
  if (!isJsonObject(value)) return false;
  for (const _ in value) return false;
  return true;
}
