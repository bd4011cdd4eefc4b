import { createRequire } from 'node:module';
import type { EngineFile } from '../../lib/parquet/FileSchema.ts';

/** The part of parquetjs-lite that is used; the package has no types. */
interface ParquetModule {
  readonly ParquetReader: {
    openFile(path: string): Promise<{
      getCursor(): { next(): Promise<Readonly<Record<string, unknown>> | null> };
      close(): Promise<void>;
    }>;
  };
  readonly ParquetSchema: new (fields: Record<string, unknown>) => object;
  readonly ParquetWriter: {
    openFile(
      schema: object,
      path: string,
      options: { useDataPageV2: boolean },
    ): Promise<{ appendRow(row: Record<string, unknown>): Promise<void>; close(): Promise<void> }>;
  };
}

const { ParquetReader, ParquetSchema, ParquetWriter }: ParquetModule = createRequire(import.meta.url)(
  'parquetjs-lite',
);

const text = { type: 'UTF8', compression: 'SNAPPY', optional: true } as const;
const number = { type: 'INT64', compression: 'SNAPPY' } as const;
const time = { type: 'TIMESTAMP_MILLIS', compression: 'SNAPPY' } as const;

/** The mapping of {@link benchSubject} by hand in JavaScript, sorted by time. @returns The number of rows. */
export async function mapWithParquetjs(file: EngineFile, path: string): Promise<number> {
  const reader = await ParquetReader.openFile(file.path);
  const cursor = reader.getCursor();
  const rows: Record<string, unknown>[] = [];
  for (let row = await cursor.next(); row !== null; row = await cursor.next()) {
    const {
      ts,
      event_name,
      value,
      uid,
      company,
      device,
      plan,
      country,
      price,
      is_new,
      path: page,
      referrer,
    } = row;
    rows.push({
      timestamp: Number(ts),
      event_name,
      event_value: value,
      user_id: uid,
      company_id: company,
      unit_ids: JSON.stringify({ userID: uid, companyID: company, deviceID: device }),
      event_metadata: JSON.stringify({ plan, country, price, is_new, path: page, referrer }),
      source_file: file.name,
      row_number: rows.length,
      ingested_at: Date.UTC(2026, 10, 21),
    });
  }
  await reader.close();
  rows.sort((a, b) => Number(a['timestamp']) - Number(b['timestamp']));
  const schema = new ParquetSchema({
    timestamp: time,
    event_name: text,
    event_value: text,
    user_id: text,
    company_id: text,
    unit_ids: text,
    event_metadata: text,
    source_file: text,
    row_number: number,
    ingested_at: time,
  });
  const writer = await ParquetWriter.openFile(schema, path, { useDataPageV2: false });
  for (const row of rows) await writer.appendRow(row);
  await writer.close();
  return rows.length;
}
