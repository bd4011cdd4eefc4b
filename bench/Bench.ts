/** One measured number, in the form of every benchmark. */
export interface BenchRow {
  /** The size that was measured, e.g. `20 events`. */
  readonly case: string;
  /** e.g. `events_per_s`. */
  readonly metric: string;
  /** The number, in the unit of the row. */
  readonly value: number;
  /** e.g. `1/s`, `ratio`. */
  readonly unit: string;
}

/** Options of a benchmark. */
export interface BenchOptions {
  /** Says on stderr what begins or has ended, with the seconds so far. */
  at(name: string): void;
}

/** The default export of a `bench/<name>.bench.ts`. */
export interface Bench {
  /** Measures, which should take two minutes at most on two cores. @returns What was measured. */
  run(options: BenchOptions): Promise<readonly BenchRow[]>;
}
