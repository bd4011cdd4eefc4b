import { sum } from '../../base/sum.ts';
import { isExpected } from './daysBefore.ts';

// Whether the hours that a day lacks at one end lie beyond the other end, as of a time zone that is another.

/** What is compared of a day, by hours of the folder's day. */
interface ShiftedDay {
  /** The hours that are counted, in order. */
  readonly all: readonly number[];
  /** Rows of the day in an hour. */
  readonly rowsOf: (hour: number) => number;
  /** Mean of the shares that the days before had in an hour. */
  readonly usualOf: (hour: number) => number;
  /** Accepted rows of the day. */
  readonly out: number;
  /** Accepted rows of the days before. */
  readonly outBefore: readonly number[];
}

/** Times that are earlier or later than usual. */
export interface Shift {
  /** Hours by which they are later; negative of earlier ones. Whole or half. */
  readonly hours: number;
  /** Rows beyond the hours of the days before. */
  readonly beyond: number;
  /** The hour from which they lie, or until whose beginning. */
  readonly from: number;
}

/** A number of rows is usual from this share of the least of the days before to its inverse of the most. */
const NEAR = 0.75;
/** The rows beyond are those that are missing if they are this share of them at least, and its inverse at most. */
const ALIKE = 0.6;
/** Hours at an end of a day that have this share of its rows at most are not of it: a few come at night. */
const STRAYS = 0.01;

/**
 * By how many hours the times of a day are shifted; null unless the number of its rows is usual, and those of the hours
 * that are missing at one end lie beyond the other.
 *
 * @param missing The hours without rows, in a row, but for those in which a day before had none.
 */
export function shiftOf(missing: readonly number[], day: ShiftedDay): Shift | null {
  const { all, rowsOf, usualOf, out, outBefore } = day;
  const isUsualCount = out >= NEAR * Math.min(...outBefore) && out <= Math.max(...outBefore) / NEAR;
  if (!isUsualCount) return null;
  const later = laterBy(missing, day);
  if (later !== null) return later;
  // Earlier times are later ones of a day that is read backwards.
  const mirrored = {
    ...day,
    all: all.map((hour) => -hour).reverse(),
    rowsOf: (hour: number) => rowsOf(-hour),
    usualOf: (hour: number) => usualOf(-hour),
  };
  const shift = laterBy(missing.map((hour) => -hour).reverse(), mirrored);
  return shift === null ? null : { ...shift, hours: -shift.hours, from: 1 - shift.from };
}

/** {@link shiftOf} of a day that lacks hours at its beginning. */
function laterBy(missing: readonly number[], { all, rowsOf, usualOf, out }: ShiftedDay): Shift | null {
  const first = edgeOf(all, usualOf);
  const end = edgeOf(all.toReversed(), usualOf) + 1;
  const last = missing.at(-1) ?? first;
  if ((missing[0] ?? last) > first || last < first) return null;
  // A stray of the night that is missing, too, is not of the hours by which times are shifted.
  const count = missing.filter((hour, i) => last - hour === missing.length - 1 - i).length;
  // Hours with few rows at the ends of a day blur how many are missing: what fits all hours best is the shift.
  const distances = NEXT_TO.map((more) => {
    const shares = all.map((hour) =>
      Math.abs(rowsOf(hour) / out - shiftedShare(hour, count + more, usualOf)),
    );
    return sum(shares);
  });
  const hours = count + (NEXT_TO[distances.indexOf(Math.min(...distances))] ?? 0);
  const beyondEnd = all.filter((hour) => hour >= end);
  const usual = sum(beyondEnd.map(usualOf));
  const expected = sum(beyondEnd.map((hour) => shiftedShare(hour, hours, usualOf))) - usual;
  const beyond = sum(beyondEnd.map(rowsOf));
  const found = beyond / out - usual;
  const areAlike = found >= expected * ALIKE && found <= expected / ALIKE;
  return areAlike && isExpected(expected, out) ? { hours, beyond, from: end } : null;
}

/** Hours besides the missing ones by which times may be shifted. */
const NEXT_TO = [-1, -0.5, 0, 0.5, 1];

/** The share of an hour, if the usual times were so many hours later, whole or half. */
function shiftedShare(hour: number, by: number, usualOf: ShiftedDay['usualOf']): number {
  const whole = Math.floor(by);
  const rest = by - whole;
  return (1 - rest) * usualOf(hour - whole) + rest * usualOf(hour - whole - 1);
}

/** The first of some hours with which those before it have more than {@link STRAYS} of the rows. */
function edgeOf(hours: readonly number[], usualOf: (hour: number) => number): number {
  let share = 0;
  for (const hour of hours) {
    share += usualOf(hour);
    if (share > STRAYS) return hour;
  }
  return 0;
}
