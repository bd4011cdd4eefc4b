import type { ComponentChildren } from 'preact';

/** How something is. styles.css gives each its colour; `lost` is that of requests that the collector never saw. */
export type Tone = 'good' | 'warning' | 'bad' | 'lost' | 'plain' | 'accent';

/** A figure with its name and its tone, by default plain. Null and undefined are not known. */
export type Figure = readonly [name: string, value: ComponentChildren, tone?: Tone];

/** A line of a chart. Dashes tell it from the others without its color. */
interface ChartLine {
  /** What the key beside it says. */
  readonly name: string;
  /** The color of the line. */
  readonly tone: Tone;
  /** Pixels of a dash and of the space after it. Default: no dashes. */
  readonly dash?: readonly number[];
  /** The values, one for each time; null if it is not known. */
  readonly values: readonly (number | null)[];
}

/** What a chart shows. */
export interface ChartProps {
  /** What its values are. */
  readonly title: string;
  /** Starts of periods of one length, epoch seconds, oldest first; the last one is not over. */
  readonly times: readonly number[];
  /** The lines, each with a value per period. */
  readonly lines: readonly ChartLine[];
  /**
   * The most and the least that are usual, with values as lines have. The first line is then what is usual, and the others are bars
   * upon each other. Default: no band, and all lines are lines.
   */
  readonly band?: readonly [most: ChartLine['values'], least: ChartLine['values']];
}
