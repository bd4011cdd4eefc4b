/** The values of a line of a chart, one for each time; null and undefined are not known. */
type Values = ArrayLike<number | null | undefined>;

/** The lowest top of an axis: bars of one or two things are not as high as the chart. */
const LEAST_TOP = 4;
/** The part of all values that are not above the usual one. */
const USUAL_PART = 0.9;
/** How far the top is above the largest value. */
const ROOM_ABOVE = 1.05;
/** A bar of more than this many times the usual value is broken, so that the others are not flat. */
const SPIKE_FACTOR = 4;
/** Bars that are broken at most: each has room for its number. */
const MOST_BROKEN = 4;

/**
 * The top of a chart's axis: 5 % above the largest value; with a few spikes, twice the value that nine of ten values do
 * not exceed, so that usual values fill half of the chart. Zeros do not count: on a quiet day most values are zero, and
 * any other value would be a spike.
 */
export function axisTop(series: readonly Values[]): number {
  const values = series
    .flatMap((line) => Array.from(line))
    .filter((value): value is number => (value ?? 0) > 0);
  values.sort((a, b) => a - b);
  const largest = values.at(-1) ?? 0;
  const usual = values[Math.floor(values.length * USUAL_PART)] ?? 0;
  const top = Math.max(LEAST_TOP, 2 * usual);
  const isSpike = largest > SPIKE_FACTOR * usual && beyond(series, top).length <= MOST_BROKEN;
  return isSpike ? top : Math.max(LEAST_TOP, largest * ROOM_ABOVE);
}

/** Indexes at which a value of any line is above the top of the axis, ascending. */
export function beyond(series: readonly Values[], top: number): readonly number[] {
  const longest = Math.max(0, ...series.map(({ length }) => length));
  return [...Array(longest).keys()].filter((at) => series.some((line) => (line[at] ?? 0) > top));
}
