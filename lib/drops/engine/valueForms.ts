/** The form of numbers that are 0. */
export const ZERO = 'zero';

/**
 * How values are written, in words that follow "values are". A value has the first form that its text matches; one that matches none has no
 * form.
 */
const FORMS: readonly (readonly [form: string, pattern: RegExp])[] = [
  [ZERO, /^[-+]?0*\.?0+(?:e[-+]?\d+)?$/i],
  ['whole numbers that end in .0', /^[-+]?\d+\.0+$/],
  ['words for no value', /^(?:null|none|nan|nil|undefined|n\/a)$/i],
  ['true or false', /^(?:true|false)$/i],
  ['times or dates as text', /^\d{4}-\d\d?-\d\d?(?:\D|$)/],
  ['UUIDs', /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/],
  ['e-mail addresses', /^[^\s@]+@[^\s@]+\.[^\s@]+$/],
  ['JSON', /^["{[]/],
  ['texts with a space at an end', /^\s|\s$/],
  ['in capital letters', /^[^\p{Ll}]*\p{Lu}[^\p{Ll}]*$/u],
  ['in small letters', /^[^\p{Lu}]*\p{Ll}[^\p{Lu}]*$/u],
];

/** The form of a value; null of one without. @param text The value as a text. */
export function valueForm(text: string): string | null {
  return FORMS.find(([, pattern]) => pattern.test(text))?.[0] ?? null;
}
