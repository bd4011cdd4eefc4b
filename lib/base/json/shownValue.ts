/** Characters of a value that a message shows. */
const MOST = 80;

/** A value as messages show what came: as JSON, its beginning where it is long; `nothing` for none. */
export function shownValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > MOST ? `${text.slice(0, MOST - 3)}…` : text;
}
