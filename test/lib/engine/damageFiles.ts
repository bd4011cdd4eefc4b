// Loads damaged files, one after the other, and prints what became of them: `node damageFiles.ts <count> <seed>`. A
// process of its own, as a crash of DuckDB would take any other down with it.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { duckDbEngine } from '../../../lib/engine/duckDbEngine.ts';
import { SluiceError } from '../../../lib/errors/SluiceError.ts';
import { compileMapping } from '../../../lib/ingest/mapping/compileMapping.ts';
import { seededRandom } from '../../../lib/random/seededRandom.ts';

const DAY = '2026-11-19';
const CODECS = ['snappy', 'zstd', 'gzip', 'uncompressed'] as const;
/** A file that takes longer hangs, ms: the whole ones take some ten. */
const DEADLINE_MS = 20_000;

const [count = 100, seed = 1] = process.argv.slice(2).map(Number);
const random = seededRandom(seed);
const pick = (below: number) => Math.floor(random() * below);
const directory = mkdtempSync(join(tmpdir(), 'sluice-damage-'));
const limits = { memoryMegabytes: 512, threads: 1, temporaryDirectory: join(directory, 'spilled') };
mkdirSync(limits.temporaryDirectory);
const engine = duckDbEngine(limits);
const { sources } = defineConfig({
  bucket: 'own',
  sources: [
    { name: 'a', bucket: 'drops', owner: '111122223333', datasets: [{ name: 'events', kind: 'events' }] },
  ],
});
const [source] = sources;
const [dataset] = source?.datasets ?? [];
if (source === undefined || dataset === undefined) throw new Error('no dataset');
const subject = { source, dataset, unitIds: {} };

async function wholeFiles(): Promise<Buffer[]> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  const files: Buffer[] = [];
  for (const codec of CODECS) {
    const path = join(directory, `${codec}.parquet`);
    await connection.run(
      `COPY (SELECT TIMESTAMP '${DAY} 10:00:00' + INTERVAL (i) SECOND AS timestamp, 'name ' || i % 7 AS event_name,
        'u' || i AS unit_id, i / 3.0 AS amount, [i, i + 1] AS list FROM range(500) t(i))
       TO '${path}' (FORMAT parquet, COMPRESSION ${codec}, ROW_GROUP_SIZE 200)`,
    );
    files.push(readFileSync(path));
  }
  connection.closeSync();
  return files;
}

/** Cut off anywhere, or up to eight bits of it flipped, half of the times in the footer. */
function damage(whole: Buffer): Buffer {
  if (random() < 0.3) return whole.subarray(0, pick(whole.byteLength));
  const bytes = Buffer.from(whole);
  const footer = Math.min(bytes.byteLength, bytes.readUInt32LE(bytes.byteLength - 8) + 8);
  for (let flips = 1 + pick(8); flips > 0; flips -= 1) {
    const at = random() < 0.5 ? bytes.byteLength - 1 - pick(footer) : pick(bytes.byteLength);
    bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << pick(8)), at);
  }
  return bytes;
}

async function load(bytes: Buffer): Promise<string> {
  const folder = mkdtempSync(join(directory, 'one-'));
  const file = { path: join(folder, 'in.parquet'), name: 'in.parquet' };
  const outputDirectory = join(folder, 'out');
  mkdirSync(outputDirectory);
  writeFileSync(file.path, bytes);
  const signal = AbortSignal.timeout(DEADLINE_MS);
  try {
    const [schema] = await engine.describe([file], signal);
    if (schema === undefined) return 'not described';
    if ('problem' in schema) return schema.problem.code;
    const { rows } = await engine.load({
      files: [file],
      mapping: compileMapping(subject, [schema]),
      day: DAY,
      outputDirectory,
      refusedPath: join(folder, 'refused.parquet'),
      loadedAt: 0,
      limits,
      signal,
    });
    return rows.in === rows.out + rows.refused ? 'loaded' : 'rows lost';
  } catch (error) {
    if (signal.aborted) return 'hung';
    return error instanceof SluiceError ? error.code : `unknown: ${String(error).slice(0, 200)}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const whole = await wholeFiles();
const outcomes: Record<string, number> = {};
for (let i = 0; i < count; i += 1) {
  const outcome = await load(damage(whole[i % whole.length] ?? Buffer.alloc(0)));
  outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
}
rmSync(directory, { recursive: true, force: true });
process.stdout.write(`${JSON.stringify(outcomes)}\n`);
