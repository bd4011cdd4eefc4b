// Loads damaged files, one after the other, and prints the outcome of each: `node damageFiles.ts <count> <seed>`. Files
// that load with other rows than before are counted by kind: files with the format's checksums should not be among
// them. A process of its own, as a crash of DuckDB would take any other down with it.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { seededRandom } from '../../../bench/collect/seededRandom.ts';
import { SluiceError } from '../../../lib/base/errors.ts';
import { duckDbEngine } from '../../../lib/drops/engine/duckDbEngine.ts';
import { compileMapping } from '../../../lib/drops/mapping/compileMapping.ts';
import { definedDataset } from '../../harness/configInput.ts';

const DAY = '2026-11-19';
const LOADED = 'loaded';
const CODECS = ['snappy', 'zstd', 'gzip', 'uncompressed'] as const;
/** Files whose pages have checksums. */
const CHECKED = ['checksums-1-snappy', 'checksums-2-gzip'] as const;
const fixtures = join(import.meta.dirname, '..', '..', 'fixtures', 'parquet');
/** A file that takes longer hangs, ms: the whole ones take some ten. */
const DEADLINE_MS = 20_000;

const [count = 100, seed = 1] = process.argv.slice(2).map(Number);
const random = seededRandom(seed);
const pick = (below: number) => Math.floor(random() * below);
const directory = mkdtempSync(join(tmpdir(), 'sluice-damage-'));
const limits = { memoryMegabytes: 512, threads: 1, temporaryDirectory: join(directory, 'spilled') };
mkdirSync(limits.temporaryDirectory);
const engine = duckDbEngine(limits);
const subject = { ...definedDataset({}), unitIds: {} };

interface WholeFile {
  readonly kind: string;
  readonly bytes: Buffer;
}

const connection = await (await DuckDBInstance.create(':memory:')).connect();

async function wholeFiles(): Promise<WholeFile[]> {
  const files: WholeFile[] = CHECKED.map((kind) => ({
    kind,
    bytes: readFileSync(join(fixtures, `${kind}.parquet`)),
  }));
  for (const codec of CODECS) {
    const path = join(directory, `${codec}.parquet`);
    await connection.run(
      `COPY (SELECT TIMESTAMP '${DAY} 10:00:00' + INTERVAL (i) SECOND AS timestamp, 'name ' || i % 7 AS event_name,
        'u' || i AS unit_id, i / 3.0 AS amount, [i, i + 1] AS list FROM range(500) t(i))
       TO '${path}' (FORMAT parquet, COMPRESSION ${codec}, ROW_GROUP_SIZE 200)`,
    );
    files.push({ kind: codec, bytes: readFileSync(path) });
  }
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

/** A digest of the rows that are taken of a file, or the code of its error. */
async function load(bytes: Buffer): Promise<string> {
  const folder = mkdtempSync(join(directory, 'one-'));
  const file = { path: join(folder, 'in.parquet'), name: 'in.parquet' };
  writeFileSync(file.path, bytes);
  const signal = AbortSignal.timeout(DEADLINE_MS);
  try {
    const [schema] = await engine.describe([file], signal);
    if (schema === undefined) return 'not described';
    if ('problem' in schema) return schema.problem.code;
    const rowsPath = join(folder, 'rows.parquet');
    const { rows } = await engine.load({
      files: [schema],
      mapping: compileMapping(subject, [schema]),
      rowsPath,
      refusedPath: join(folder, 'refused.parquet'),
      loadedAt: 0,
      limits,
      signal,
    });
    if (rows.in !== rows.out + rows.refused) return 'rows lost';
    return rows.out === 0 ? LOADED : `${LOADED} ${await digestOf(rowsPath)}`;
  } catch (error) {
    if (signal.aborted) return 'hung';
    return error instanceof SluiceError ? error.code : `unknown: ${String(error).slice(0, 200)}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function digestOf(path: string): Promise<string> {
  const reader = await connection.runAndReadAll(
    `SELECT CAST(sum(CAST(hash(t) AS HUGEINT)) AS VARCHAR) AS digest FROM read_parquet('${path}') t`,
  );
  return String(reader.getRowObjectsJson()[0]?.['digest']);
}

const whole = await wholeFiles();
const digests = new Map<string, string>();
for (const { kind, bytes } of whole) digests.set(kind, await load(bytes));
const outcomes: Record<string, number> = {};
for (let i = 0; i < count; i += 1) {
  const one = whole[i % whole.length];
  if (one === undefined) throw new Error('no file');
  const result = await load(damage(one.bytes));
  const isOther = result.startsWith(LOADED) && result !== digests.get(one.kind);
  const outcome = isOther ? `other rows: ${one.kind}` : result.replace(/^(loaded) .*/, '$1');
  outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
}
connection.closeSync();
rmSync(directory, { recursive: true, force: true });
process.stdout.write(`${JSON.stringify(outcomes)}\n`);
