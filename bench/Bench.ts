/** One measured number. Every benchmark keeps this shape. */
export interface BenchRow {
  /** What was measured on, e.g. `20 events`. */
  readonly case: string;
  /** e.g. `events_per_s`. */
  readonly metric: string;
  readonly value: number;
  /** e.g. `1/s`, `ratio`. */
  readonly unit: string;
}

/** What a `bench/<name>.bench.ts` exports by default. */
export interface Bench {
  readonly name: string;
  run(): Promise<readonly BenchRow[]>;
}
