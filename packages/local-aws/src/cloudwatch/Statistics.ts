/** The values of one metric in one period, in numbers from which every emulated statistic follows. */
export class Statistics {
  /** How many values there are. */
  count = 0;
  /** The sum of the values. */
  sum = 0;
  /** The least value; infinite without values. */
  minimum = Number.POSITIVE_INFINITY;
  /** The greatest value; minus infinity without values. */
  maximum = Number.NEGATIVE_INFINITY;

  /** Counts a value. */
  add(value: number): void {
    this.merge({ count: 1, sum: value, minimum: value, maximum: value });
  }

  /** Adds another period's values. */
  merge({ count, sum, minimum, maximum }: StatisticNumbers): void {
    this.count += count;
    this.sum += sum;
    this.minimum = Math.min(this.minimum, minimum);
    this.maximum = Math.max(this.maximum, maximum);
  }

  /** The form that is stored. */
  toJson(): StoredStatistics {
    return [this.count, this.sum, this.minimum, this.maximum];
  }

  /** Reads the stored form. */
  static fromJson([count, sum, minimum, maximum]: StoredStatistics): Statistics {
    return Object.assign(new Statistics(), { count, sum, minimum, maximum });
  }
}

/** What is kept of the values of a period. */
type StatisticNumbers = Pick<Statistics, 'count' | 'sum' | 'minimum' | 'maximum'>;

/** Statistics as a file has them. */
export type StoredStatistics = readonly [count: number, sum: number, minimum: number, maximum: number];

/** The statistics of CloudWatch by their names. Each is for at least one value. */
export const statistics = {
  SampleCount: ({ count }) => count,
  Sum: ({ sum }) => sum,
  Average: ({ sum, count }) => sum / count,
  Minimum: ({ minimum }) => minimum,
  Maximum: ({ maximum }) => maximum,
} as const satisfies Readonly<Record<string, (values: Statistics) => number>>;

/** Whether a text is the name of one of {@link statistics}. */
export function isStatistic(name: string): name is keyof typeof statistics {
  return Object.hasOwn(statistics, name);
}
