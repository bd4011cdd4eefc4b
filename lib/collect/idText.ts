import { scalarText } from './scalarText.ts';

/** An ID as a column's text; an empty one identifies nobody, so it is null. */
export function idText(value: unknown): string | null {
  const text = scalarText(value);
  return text === '' ? null : text;
}
