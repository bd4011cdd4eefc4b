/** One measured number, in the form of every benchmark. */
export interface BenchRow {
  /** What was measured on, e.g. `20 events`. */
  readonly case: string;
  /** e.g. `events_per_s`. */
  readonly metric: string;
  readonly value: number;
  /** e.g. `1/s`, `ratio`. */
  readonly unit: string;
}

/** The default export of a `bench/<name>.bench.ts`. */
export interface Bench {
  readonly name: string;
  run(): Promise<readonly BenchRow[]>;
}
