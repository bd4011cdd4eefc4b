import { TEXT_FORMS } from '../../base/textForms.ts';

/** The form of numbers that are 0. */
export const ZERO = 'zero';

/**
 * How values are written, in words that follow "values are". A value has the first form that its text matches; one that
 * matches none has no form.
 */
const FORMS: readonly (readonly [form: string, pattern: RegExp])[] = [
  [ZERO, /^[-+]?0*\.?0+(?:e[-+]?\d+)?$/i],
  // A sign says more than `.0` after it: columns of doubles have both.
  ['negative numbers', /^-(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i],
  ['whole numbers that end in .0', /^\+?\d+\.0+$/],
  // Three digits after a comma may be thousands.
  ['numbers with a decimal comma', /^[-+]?\d[\d.]*,(?:\d\d?|\d{4,})$/],
  ['words for no value', /^(?:null|none|nan|nil|undefined|n\/a)$/i],
  ['true or false', /^(?:true|false)$/i],
  [
    'dates, or times at midnight',
    /^\d{4}-\d\d?-\d\d?(?:[ T]00:00(?::00(?:\.0+)?)?\s?(?:Z|[-+]\d\d(?::?\d\d)?)?)?$/,
  ],
  ['times as text', /^\d{4}-\d\d?-\d\d?(?:\D|$)/],
  ['UUIDs', /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/],
  ['hexadecimal digests', /^[\da-f]{32,128}$/i],
  [TEXT_FORMS.mojibake.words, new RegExp(TEXT_FORMS.mojibake.pattern, 'u')],
  // The whole value: a text, a link or JSON that contains an address is none.
  [TEXT_FORMS.email.words, /^[^\s@"(),/:;<>[\\\]{}]+@(?:\p{L}|\d{3})[\p{L}\d.-]*\.\p{L}[\p{L}\d-]*\p{L}$/u],
  ['JSON', /^["{[]/],
  ['texts with a space at an end', /^\s|\s$/],
  ['in capital letters', /^[^\p{Ll}]*\p{Lu}[^\p{Ll}]*$/u],
  ['in small letters', /^[^\p{Lu}]*\p{Ll}[^\p{Lu}]*$/u],
];

/** The form of a value; null of one without. @param text The value as a text. */
export function valueForm(text: string): string | null {
  return FORMS.find(([, pattern]) => pattern.test(text))?.[0] ?? null;
}
