/** A number as it is written: `unscaled` × 10^-`scale`. */
export interface ExactDecimal {
  readonly unscaled: bigint;
  readonly scale: number;
}

const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;
/** Beyond any column: larger ones are taken as this, so that nobody can ask for a number of a billion digits. */
const LARGEST_EXPONENT = 1000;
/** Digits that anyone could mean; arithmetic on a megabyte of them would take seconds. */
const LONGEST_TEXT = 1100;

/** Reads a JSON number, or the same in a string; undefined if it is none. */
export function readDecimal(text: string): ExactDecimal | undefined {
  const match = text.length > LONGEST_TEXT ? null : NUMBER.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = '', fraction = '', exponentText = '0'] = match;
  if (whole === '' && fraction === '') return undefined;
  const magnitude = BigInt(`${whole}${fraction}`);
  const exponent = Math.max(-LARGEST_EXPONENT, Math.min(LARGEST_EXPONENT, Number(exponentText)));
  return { unscaled: sign === '-' ? -magnitude : magnitude, scale: fraction.length - exponent };
}

/** The number × 10^`scale` as a whole number, halves rounded away from zero as Java's HALF_UP does. */
export function toScale(decimal: ExactDecimal, scale: number): bigint {
  const shift = scale - decimal.scale;
  if (shift >= 0) return decimal.unscaled * 10n ** BigInt(shift);
  const divisor = 10n ** BigInt(-shift);
  const half = decimal.unscaled < 0n ? -divisor / 2n : divisor / 2n;
  return (decimal.unscaled + half) / divisor;
}

/** Writes `unscaled` × 10^-`scale` without an exponent. */
export function writeDecimal(unscaled: bigint, scale: number): string {
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  const text = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
  return unscaled < 0n ? `-${text}` : text;
}
