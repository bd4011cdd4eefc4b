import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { encodeRecord } from '../../../../lib/landing/frames/encodeRecord.ts';
import { temporaryDirectory } from '../../../harness/temporaryDirectory.ts';

const RECORDS = 200;
const days = ['2026-11-22', '2026-11-23'];

/** A record of three events and two exposures; a probe is in front of every tenth. */
function recordsOf(index: number): Uint8Array[] {
  const row = (table: string, n: number) => {
    const event_id = `${table}-${index}-${n}`;
    return { day: days[n % 2] ?? '', json: JSON.stringify({ event_id, text: 'größer 😀 \n' }) };
  };
  const request = { id: '0'.repeat(32), request: null, receivedAt: index };
  const exposures = [0, 1].map((n) => row('exposures', n));
  const events = [0, 1, 2].map((n) => row('events', n));
  const { bytes } = encodeRecord({ ...request, rows: { exposures, events } });
  return index % 10 === 0 ? [encodeRecord({ ...request, rows: {} }).bytes, bytes] : [bytes];
}

describe('records of the landing in DuckDB', () => {
  const directory = temporaryDirectory();
  let duckDb: DuckDBInstance;
  beforeAll(async () => {
    duckDb = await DuckDBInstance.create(':memory:', { threads: '1' });
  });
  afterAll(() => {
    duckDb.closeSync();
    directory.remove();
  });

  /** Reads an object as one file. */
  async function read(bytes: Uint8Array): Promise<{ readonly rows: number; readonly ids: number }> {
    const file = join(directory.path, 'object.zst');
    writeFileSync(file, bytes);
    const connection = await duckDb.connect();
    try {
      const reader = await connection.runAndReadAll(
        `SELECT count(*)::INT AS rows, count(DISTINCT event_id)::INT AS ids FROM read_json('${file}',
         format = 'newline_delimited', compression = 'zstd', columns = {event_id: 'VARCHAR', text: 'VARCHAR'})
         WHERE text = 'größer 😀 \n'`,
      );
      const [{ rows, ids } = {}] = reader.getRowObjectsJson();
      return { rows: Number(rows), ids: Number(ids) };
    } finally {
      connection.closeSync();
    }
  }

  const parts = Array.from({ length: RECORDS }, (_, i) => recordsOf(i)).flat();
  const object = Buffer.concat(parts);

  it('are one file whose headers it skips', async () => {
    expect(await read(object)).toEqual({ rows: 5 * RECORDS, ids: 5 * RECORDS });
  });

  // Why an object is walked by its headers before DuckDB reads it.
  it('are read without an error up to a cut', async () => {
    const { rows } = await read(object.subarray(0, -20));
    expect(rows).toBeLessThan(5 * RECORDS);
  });

  it('are refused by it, too, when the content of a frame is not what its checksum says', async () => {
    const flipped = Buffer.from(object);
    flipped.writeUInt8(flipped.readUInt8(object.length - 1) ^ 1, object.length - 1);
    await expect(read(flipped)).rejects.toThrow(/checksum/i);
  });
});
