import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { quoteText } from '../../lib/base/sql.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import type { EngineFile } from '../../lib/drops/engine/Engine.ts';
import type { MappingSubject } from '../../lib/drops/mapping/compileMapping.ts';
import type { ConfigInput } from '../../lib/schema/config.ts';
import { DAY } from './ingestData.ts';

type DatasetInput = NonNullable<ConfigInput['sources']>[number]['datasets'][number];

const ROWS_PER_FILE = 250_000;
/** With long rows, a row group of DuckDB's default size would be one page of 120 MB, which no other writer writes. */
const ROW_GROUP_ROWS = 16_384;

const TIME = '1795132800000 + (hash(i * 7) % 86400000)::BIGINT AS ts';
const numbers = Array.from({ length: 15 }, (_, n) => n);

/** Drops that differ in what their rows hold: SQL of the rows `i`, and the dataset that maps them. Every row is valid. */
const KINDS: Readonly<Record<string, { readonly rows: string; readonly dataset: DatasetInput }>> = {
  events: {
    rows: `SELECT ${TIME}, 'event_' || (hash(i) % 40) AS event_name, ((hash(i * 3) % 100000) / 100)::VARCHAR AS value,
      'user-' || (hash(i * 5) % 800000) AS uid, md5(i::VARCHAR) AS device, 'plan' || (i % 5) AS plan,
      ['US', 'DE', 'FR', 'GB'][1 + (i % 4)] AS country, (hash(i * 13) % 1000) / 10.0 AS price, '/p/' || (hash(i * 17) % 5000) AS path`,
    dataset: {
      name: 'events',
      kind: 'events',
      mapping: {
        timestamp: { column: 'ts', unit: 'ms' },
        eventValue: 'value',
        unitIds: { userID: 'uid', deviceID: 'device' },
        metadata: ['plan', 'country', 'price', 'path'],
      },
    },
  },
  metrics: {
    rows: `SELECT 'user-' || (hash(i * 5) % 8000000) AS unit_id, DATE '${DAY}' AS date, 'metric_' || (hash(i) % 60) AS metric_name,
      (hash(i * 3) % 1000000) / 100.0 AS metric_value`,
    dataset: { name: 'metrics', kind: 'metrics', mapping: { idType: { constant: 'userID' } } },
  },
  exposures: {
    rows: `SELECT make_timestamp(1795132800000000 + (hash(i * 7) % 86400000000)::BIGINT) AS "timestamp",
      'experiment_' || (hash(i) % 20) AS experiment, ['control', 'test'][1 + (hash(i * 3) % 2)::INTEGER] AS group_id,
      md5(i::VARCHAR) AS unit_id, 'checkout/v' || (i % 9) AS surface`,
    dataset: { name: 'exposures', kind: 'exposures', mapping: { metadata: ['surface'] } },
  },
  'many columns': {
    rows: `SELECT ${TIME}, 'event_' || (hash(i) % 40) AS event_name, 'user-' || (hash(i * 5) % 800000) AS uid,
      ${numbers.map((n) => `'value-' || (hash(i * ${n + 20}) % ${10 ** ((n % 6) + 1)}) AS text_${n}, (hash(i * ${n + 40}) % ${10 ** ((n % 6) + 1)})::BIGINT AS number_${n}`).join(', ')},
      ${numbers.slice(0, 5).map((n) => `md5((i + ${n})::VARCHAR) AS unmapped_${n}`)}`,
    dataset: {
      name: 'wide',
      kind: 'events',
      mapping: {
        timestamp: { column: 'ts', unit: 'ms' },
        unitIds: { userID: 'uid' },
        metadata: numbers.flatMap((n) => [`text_${n}`, `number_${n}`]),
      },
    },
  },
  'long JSON': {
    rows: `SELECT ${TIME}, 'event_' || (hash(i) % 40) AS event_name, 'user-' || (hash(i * 5) % 800000) AS uid,
      '{"session":"' || md5(i::VARCHAR) || '","items":[' || array_to_string(list_transform(range(12), lambda n:
        '{"sku":"sku-' || (hash(i * 31 + n) % 50000) || '","name":"A thing of some kind","quantity":' || (hash(i + n) % 9) || '}'), ',') || ']}' AS payload`,
    dataset: {
      name: 'long',
      kind: 'events',
      mapping: {
        timestamp: { column: 'ts', unit: 'ms' },
        unitIds: { userID: 'uid' },
        metadataJson: 'payload',
      },
    },
  },
};

/** Names of the kinds of drops. */
export const dropKinds: readonly string[] = Object.keys(KINDS);

function kindOf(name: string) {
  const kind = KINDS[name];
  if (kind === undefined) throw new RangeError(`${name} is no kind of drop.`);
  return kind;
}

/** Writes files with rows of a kind. @returns The files. */
export async function makeDropOf(kind: string, rows: number, directory: string): Promise<EngineFile[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const files: EngineFile[] = [];
  for (let first = 0; first < rows; first += ROWS_PER_FILE) {
    const name = `${kind.replaceAll(' ', '-')}-${rows}-${files.length}.parquet`;
    const path = join(directory, name);
    const end = Math.min(rows, first + ROWS_PER_FILE);
    await connection.run(
      `COPY (${kindOf(kind).rows} FROM range(${first}, ${end}) t(i)) TO ${quoteText(path)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${ROW_GROUP_ROWS})`,
    );
    files.push({ path, name: `events/${DAY}/${name}` });
  }
  connection.closeSync();
  instance.closeSync();
  return files;
}

/** The dataset of a kind of drop. */
export function subjectOf(kind: string): MappingSubject {
  const config = defineConfig({
    bucket: 'experiments',
    sources: [
      { name: 'acme', bucket: 'acme-drops', owner: '123456789012', datasets: [kindOf(kind).dataset] },
    ],
  });
  const [source] = config.sources;
  const dataset = source?.datasets[0];
  if (source === undefined || dataset === undefined) throw new RangeError('No dataset.');
  return { source, dataset, unitIds: config.unitIds };
}
