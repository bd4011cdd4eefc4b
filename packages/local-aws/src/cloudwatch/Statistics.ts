/** Distinct values that a period keeps exactly. Beyond that, values are rounded to three significant digits. */
const EXACT_VALUES = 256;

/** The values of one metric in one period: enough for every statistic. */
export class Statistics {
  count = 0;
  sum = 0;
  minimum = Number.POSITIVE_INFINITY;
  maximum = Number.NEGATIVE_INFINITY;
  /** How often each value occurred, for percentiles. */
  readonly #values = new Map<number, number>();
  /** Whether there are too many different values to keep them exactly. */
  #isRounded = false;

  /** Counts a value, or several equal ones. */
  add(value: number, times = 1): void {
    this.count += times;
    this.sum += value * times;
    this.minimum = Math.min(this.minimum, value);
    this.maximum = Math.max(this.maximum, value);
    this.#keep(value, times);
  }

  /** Adds another period's values. */
  merge(added: Statistics): void {
    this.count += added.count;
    this.sum += added.sum;
    this.minimum = Math.min(this.minimum, added.minimum);
    this.maximum = Math.max(this.maximum, added.maximum);
    for (const [value, times] of added.#values) this.#keep(value, times);
  }

  /**
   * The least value that is not below a share of all values, by nearest rank. Where a period has very many different
   * values, it is off by at most half a percent.
   *
   * @param share From 0 to 1.
   */
  percentile(share: number): number {
    const rank = Math.max(1, Math.ceil(share * this.count));
    let seen = 0;
    for (const [value, times] of [...this.#values].sort(([a], [b]) => a - b)) {
      seen += times;
      if (seen >= rank) return Math.min(this.maximum, Math.max(this.minimum, value));
    }
    return this.maximum;
  }

  /** The form that is stored. */
  toJson(): StoredStatistics {
    return [this.count, this.sum, this.minimum, this.maximum, [...this.#values]];
  }

  /** Reads the stored form. */
  static fromJson([count, sum, minimum, maximum, values]: StoredStatistics): Statistics {
    const read = new Statistics();
    Object.assign(read, { count, sum, minimum, maximum });
    for (const [value, times] of values) read.#keep(value, times);
    return read;
  }

  /** Counts a value. From a number of different values on, they are rounded, so that memory stays bounded. */
  #keep(value: number, times: number): void {
    const kept = this.#isRounded ? rounded(value) : value;
    this.#values.set(kept, (this.#values.get(kept) ?? 0) + times);
    if (this.#isRounded || this.#values.size <= EXACT_VALUES) return;
    this.#isRounded = true;
    const exact = [...this.#values];
    this.#values.clear();
    for (const [value, count] of exact) this.#keep(value, count);
  }
}

/** Count, sum, minimum, maximum, and how often each value occurred. */
export type StoredStatistics = readonly [
  count: number,
  sum: number,
  minimum: number,
  maximum: number,
  values: readonly (readonly [value: number, times: number])[],
];

/** A value with three significant digits. */
function rounded(value: number): number {
  return Number(value.toPrecision(3));
}

/** The statistics of CloudWatch by their names, apart from percentiles. Each is for at least one value. */
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
