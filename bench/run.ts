// Runs the benchmarks: node bench/run.ts [name …] [--json]. Prints a table, of numbers with four digits, or with --json one
// object a line, with all digits. Ends with 2 for a name that there is not, and with 1 at the first benchmark that fails.
import { Console } from 'node:console';
import { readdirSync } from 'node:fs';
import { arch, cpus, platform, totalmem } from 'node:os';
import type { Bench, BenchRow } from './Bench.ts';

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
  memory_gib: Math.round(totalmem() / 2 ** 30),
  platform: `${platform()} ${arch()}`,
  node: process.version,
};
if (!json) process.stdout.write(`${Object.values(machine).join(', ')}\n`);

for (const name of wanted.length > 0 ? wanted : names) {
  const { default: bench }: { default?: Bench } = await import(new URL(`${name}.bench.ts`, folder).href);
  if (bench === undefined) throw new TypeError(`${name}.bench.ts has no default export.`);
  const start = performance.now();
  const seconds = () => Math.round((performance.now() - start) / 1_000);
  const at = (what: string) => void process.stderr.write(`${name}, ${seconds()} s: ${what}\n`);
  const rows = await bench.run({ at });
  at('done');
  if (json) process.stdout.write(`${JSON.stringify({ bench: name, machine, rows })}\n`);
  else table(rows);
}

/** Prints a line for each case and a column for each metric, of numbers with four digits. */
function table(rows: readonly BenchRow[]): void {
  const lines: Record<string, Record<string, number>> = {};
  for (const { case: name, metric, unit, value } of rows) {
    const line = lines[name] ?? {};
    line[unit === 'ratio' ? metric : `${metric} (${unit})`] = Number(value.toPrecision(4));
    lines[name] = line;
  }
  new Console(process.stdout).table(lines);
}
