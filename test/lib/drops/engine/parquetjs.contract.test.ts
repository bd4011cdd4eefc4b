import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import type { EngineFile } from '../../../../lib/parquet/FileSchema.ts';
import { columnOf, type DatasetInput, MappingBench } from './MappingBench.ts';

/** The part of parquetjs-lite that is used; the package has no types of its own. */
interface ParquetModule {
  readonly ParquetSchema: new (fields: Record<string, unknown>) => object;
  readonly ParquetWriter: {
    openFile(
      schema: object,
      path: string,
      options: { readonly useDataPageV2: boolean },
    ): Promise<{ appendRow(row: Record<string, unknown>): Promise<void>; close(): Promise<void> }>;
  };
}

const { ParquetSchema, ParquetWriter }: ParquetModule = createRequire(import.meta.url)('parquetjs-lite');

const bench = await MappingBench.open();
afterAll(() => bench.close());

const AT = new Date('2026-11-20T10:15:30.123Z');

async function write(
  name: string,
  { compression = 'UNCOMPRESSED', useDataPageV2 = false },
): Promise<EngineFile> {
  const text = { type: 'UTF8', compression };
  const schema = new ParquetSchema({
    timestamp: { type: 'TIMESTAMP_MILLIS', compression },
    event_name: text,
    unit_id: { ...text, optional: true },
    json: { type: 'JSON', compression },
    tags: { ...text, repeated: true },
    count: { type: 'INT_64', compression },
    amount: { type: 'DOUBLE', compression },
    isNew: { type: 'BOOLEAN', compression },
    bytes: { type: 'BYTE_ARRAY', compression },
    day: { type: 'DATE', compression },
    deep: { fields: { at: { type: 'TIMESTAMP_MICROS', compression }, name: text } },
  });
  const path = join(bench.directory, name);
  const writer = await ParquetWriter.openFile(schema, path, { useDataPageV2 });
  for (let i = 0; i < 3; i += 1) {
    await writer.appendRow({
      timestamp: AT,
      event_name: `é${i}`,
      ...(i === 1 ? {} : { unit_id: `u${i}` }),
      json: { a: i },
      tags: ['x', 'y'].slice(0, i),
      count: i,
      amount: i / 2,
      isNew: i === 0,
      bytes: Buffer.from('ü'),
      day: new Date('2026-11-20'),
      deep: { at: AT.getTime() * 1_000, name: `d${i}` },
    });
  }
  await writer.close();
  return { path, name };
}

const dataset = (timestamp: string): DatasetInput => ({
  kind: 'events',
  // Of another zone than its times, which are in UTC by the format’s word.
  timezone: 'America/New_York',
  mapping: {
    timestamp,
    metadata: ['tags', 'count', 'amount', 'isNew', 'bytes', 'day', 'deep.name'],
    metadataJson: 'json',
  },
});

describe('files of parquetjs-lite', () => {
  it.each([
    { compression: 'UNCOMPRESSED', useDataPageV2: false },
    { compression: 'GZIP', useDataPageV2: true },
    { compression: 'SNAPPY', useDataPageV2: false },
  ])('are read with $compression and version 2 pages: $useDataPageV2', async (options) => {
    const file = await write(`${options.compression}-${options.useDataPageV2}.parquet`, options);
    const { rows, raws, reasons } = await bench.load(dataset('timestamp'), [file]);
    expect(rows.map((row) => [row['timestamp'], row['event_name'], row['user_id']])).toEqual([
      ['2026-11-20 10:15:30.123', 'é0', 'u0'],
      ['2026-11-20 10:15:30.123', 'é2', 'u2'],
    ]);
    expect(rows[1]?.['event_metadata']).toBe(
      '{"tags":["x","y"],"count":2,"amount":1,"isNew":false,"bytes":"ü","day":"2026-11-20","deep.name":"d2","a":2}',
    );
    expect(reasons).toEqual(['SLUICE_INGEST_ROW_UNIT_MISSING']);
    expect(raws[0]).toMatchObject({ event_name: 'é1', json: { a: 1 } });
  });

  it('have times in UTC inside structs, too', async () => {
    const { rows } = await bench.load(dataset('deep.at'), [await write('deep.parquet', {})]);
    expect(new Set(columnOf(rows, 'timestamp'))).toEqual(new Set(['2026-11-20 10:15:30.123']));
  });
});
