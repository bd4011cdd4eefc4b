/** How something is. */
export type Tone = 'good' | 'warning' | 'bad' | 'lost' | 'plain' | 'accent';

/** A line of a chart; `dash` tells it from the others without its color. */
export interface ChartLine {
  readonly name: string;
  readonly tone: Tone;
  readonly dash?: readonly number[];
  /** The values, one for each time; null if it is not known. */
  readonly values: readonly (number | null)[];
}

/** What a chart shows. */
export interface ChartProps {
  readonly title: string;
  /** Starts of periods of one length, epoch seconds, oldest first; the last one is not over. */
  readonly times: readonly number[];
  readonly lines: readonly ChartLine[];
  /** The most and the least that are usual. Then the first line is what is usual, and the others are bars. */
  readonly band?: readonly ChartLine['values'][];
}
