// Runs the benchmarks: node bench/run.ts [name …] [--json]. Prints a table, or with --json one object per line.
import { Console } from 'node:console';
import { readdirSync } from 'node:fs';
import { arch, cpus, platform, totalmem } from 'node:os';

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
  /** Says on stderr what is measured next, with the seconds so far. */
  at(name: string): void;
}

/** The default export of a `bench/<name>.bench.ts`. */
export interface Bench {
  /** The name of its file without `.bench.ts`. */
  readonly name: string;
  /** Measures, which takes two minutes at most on two cores. @returns What was measured. */
  run(options: BenchOptions): Promise<readonly BenchRow[]>;
}

const folder = new URL('./', import.meta.url);
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.bench.ts'))
  .map((file) => file.slice(0, -'.bench.ts'.length))
  .sort();
const given = process.argv.slice(2);
const unknown = given.filter((argument) => !names.includes(argument) && argument !== '--json');
if (unknown.length > 0) {
  process.stderr.write(
    `No such benchmark or option: ${unknown.join(', ')}. There are: ${[...names, '--json'].join(', ')}.\n`,
  );
  process.exit(2);
}
const json = given.includes('--json');
const wanted = given.filter((argument) => names.includes(argument));

const machine = {
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memory_gb: Math.round(totalmem() / 2 ** 30),
  platform: `${platform()} ${arch()}`,
  node: process.version,
};
if (!json) process.stdout.write(`${Object.values(machine).join(', ')}\n`);

for (const name of wanted.length > 0 ? wanted : names) {
  const { default: bench }: { default: Bench } = await import(new URL(`${name}.bench.ts`, folder).href);
  const start = performance.now();
  const seconds = () => Math.round((performance.now() - start) / 1_000);
  const at = (what: string) => void process.stderr.write(`${name}, ${seconds()} s: ${what}\n`);
  const rows = await bench.run({ at });
  at('done');
  if (json) process.stdout.write(`${JSON.stringify({ bench: bench.name, machine, rows })}\n`);
  else table(rows);
}

/** One line per case, one column per metric. */
function table(rows: readonly BenchRow[]): void {
  const lines: Record<string, Record<string, number>> = {};
  for (const { case: name, metric, unit, value } of rows) {
    const line = lines[name] ?? {};
    line[unit === 'ratio' ? metric : `${metric} (${unit})`] = Number(value.toPrecision(4));
    lines[name] = line;
  }
  new Console(process.stdout).table(lines);
}
