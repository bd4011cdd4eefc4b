import { ExactNumber } from '../base/json.ts';

/** A JSON scalar as a column's text: strings as they are, numbers and booleans as JSON has them; else null. */
export function scalarText(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return value instanceof ExactNumber ? value.text : null;
}

/** An ID as a column's text; an empty one identifies nobody, so it is null. */
export function idText(value: unknown): string | null {
  const text = scalarText(value);
  return text === '' ? null : text;
}
