import { numbered } from '../../base/text.ts';
import type { FieldContent } from '../engine/mappedRows.ts';
import { FEWEST_DAYS, FEWEST_VALUES } from './daysBefore.ts';
import { areNumbers, type FieldBefore, isUnitId, type KeptField } from './fieldBefore.ts';

// Whether the numbers of a field are as large as those of the days before.

/**
 * Powers of ten by which the numbers of a day differ from those of each day before, as after a change of their unit or of
 * a decimal point: 1 is ten times.
 */
const OTHER_SIZE = 0.8;
/** Powers of ten from the largest number of the days before to one that stands out: a thousand times. */
const OUTLIER = 3;
/** Fields that are times in each dataset with a time of its own. */
const TIMES: readonly string[] = ['timestamp', 'date'];
/** Numbers since 1970 that are times of today, by the power of ten that is nearest to them. */
const UNITS: Readonly<Record<number, string>> = {
  9: 'seconds',
  12: 'milliseconds',
  15: 'microseconds',
  18: 'nanoseconds',
};

/** What is kept of the numbers of a field. @param rows Rows of the day for which its counts stand. */
export function keptSizes(
  field: string,
  content: FieldContent,
  rows: number,
): Pick<KeptField, 'size' | 'largest'> {
  const size = sizeOf(field, content, rows);
  const largest = largestOf(field, content, rows);
  return {
    ...(size === null ? {} : { size: rounded(size) }),
    ...(largest === null ? {} : { largest: rounded(largest) }),
  };
}

/** A number to two digits after the point. */
function rounded(number: number): number {
  return Math.round(number * 100) / 100;
}

/** How the numbers of a field differ in size from those of the days before, in words. */
interface SizeWords {
  /** How much larger or smaller they are, or which unit times have; null if they do not differ. */
  readonly size: string | null;
  /** How much larger the largest one is; null if it is not, or if all are told as larger or smaller. */
  readonly largest: string | null;
}

/** Compares the numbers of a field with those of the days before. @param rows As of {@link keptSizes}. */
export function sizeWords(
  field: string,
  content: FieldContent,
  rows: number,
  usual: readonly FieldBefore[],
): SizeWords {
  const size = allWords(field, sizeOf(field, content, rows), usual);
  return { size, largest: size === null ? largestWords(largestOf(field, content, rows), usual) : null };
}

/** How much larger the largest number is than that of each of enough days, if it is {@link OUTLIER}; null if not. */
function largestWords(largest: number | null, usual: readonly FieldBefore[]): string | null {
  const days = usual.flatMap((day) => day.largest ?? []);
  const most = Math.max(...days);
  if (largest === null || days.length < FEWEST_DAYS || largest - most < OUTLIER) return null;
  return `its largest number is about ${timesText(largest - most)}`;
}

/**
 * How much larger or smaller numbers are than on the last day, if they differ from each day by {@link OTHER_SIZE}; null
 * if not. One day is enough to say that times have another unit.
 */
function allWords(field: string, size: number | null, usual: readonly FieldBefore[]): string | null {
  const sizes = usual.flatMap((day) => day.size ?? []);
  const [last] = sizes;
  if (size === null || last === undefined) return null;
  const unit = unitOf(field, size);
  const unitBefore = unitOf(field, last);
  const isOtherUnit = unit !== undefined && unitBefore !== undefined && unit !== unitBefore;
  if (isOtherUnit) return `its times are ${unit}, before ${unitBefore}`;
  const isOther = sizes.every((sizeBefore) => Math.abs(size - sizeBefore) >= OTHER_SIZE);
  return isOther && sizes.length >= FEWEST_DAYS ? `its numbers are about ${timesText(size - last)}` : null;
}

/**
 * The unit of a field's times; undefined of other fields, and of numbers that are no times of today.
 *
 * @param size As {@link sizeOf}.
 */
function unitOf(field: string, size: number): string | undefined {
  return TIMES.includes(field) ? UNITS[Math.round(size - 0.2)] : undefined;
}

/**
 * How large the numbers of a field are: the mean of their logarithms to base 10. Null of few, of IDs of units, and of a
 * field that holds texts, too: there a few numbers say nothing of it.
 */
function sizeOf(
  field: string,
  { size, none, numbers }: Pick<FieldContent, 'size' | 'none' | 'numbers'>,
  rows: number,
): number | null {
  if (size === undefined || size.values < FEWEST_VALUES || isUnitId(field)) return null;
  return areNumbers(numbers, rows - none) ? size.logs / size.values : null;
}

/** How large the largest number is, as of {@link sizeOf}. */
function largestOf(field: string, content: FieldContent, rows: number): number | null {
  return sizeOf(field, content, rows) === null ? null : (content.size?.largest ?? null);
}

/** `100 times as large as before`, `1/100 of those before` @param logarithm To base 10. */
function timesText(logarithm: number): string {
  const times = numbered(Number((10 ** Math.abs(logarithm)).toPrecision(2)));
  return logarithm > 0 ? `${times} times as large as before` : `1/${times} of those before`;
}
