import { readFileSync, writeFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { afterAll, describe, expect, it } from '@jest/globals';
import type { EngineFile } from '../../../lib/parquet/FileSchema.ts';
import { type DatasetInput, MappingBench } from '../drops/engine/MappingBench.ts';
import { plainPage, setPages } from './editFooter.ts';
import { intField } from './thriftWriter.ts';

const bench = await MappingBench.open();
afterAll(() => bench.close());

const events: DatasetInput = { kind: 'events' };

/** Files that come of a flip of one bit before the footer, one in so many bytes. */
function* flipped(file: EngineFile, step: number): Generator<number> {
  const whole = readFileSync(file.path);
  const end = whole.length - 8 - whole.readUInt32LE(whole.length - 8);
  for (let at = 4; at < end; at += step) {
    const bytes = Buffer.from(whole);
    bytes.writeUInt8(whole.readUInt8(at) ^ (1 << (at % 8)), at);
    writeFileSync(file.path, bytes);
    yield at;
  }
}

/** Loads a file. Returns its rows, or the code of its error. */
async function outcomeOf(file: EngineFile): Promise<unknown> {
  try {
    const { rows, refused } = await bench.load(events, [file]);
    return [rows, refused];
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error;
  }
}

const DAMAGED = /^SLUICE_INGEST_FILE_(CHECKSUM_WRONG|DAMAGED|TEXT_INVALID|ENCODING_UNSUPPORTED)$/;

const query = (unit: string, count = 9) =>
  `SELECT 1795169730 + i AS timestamp, 'e' AS event_name, ${unit} AS unit_id, 'not mapped ' || i AS more FROM range(${count}) t(i)`;

/** Pages of gzip blocks alone. */
const GZIP = 'COMPRESSION gzip, DICTIONARY_SIZE_LIMIT 1, WRITE_BLOOM_FILTER false';

/** Damages the last page before the footer, of the last column: its block ends in a checksum and a length. */
function damage(file: EngineFile): EngineFile {
  const bytes = readFileSync(file.path);
  const end = bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8);
  bytes.writeUInt8(bytes.readUInt8(end - 6) ^ 1, end - 6);
  writeFileSync(file.path, bytes);
  return file;
}

describe('checksums', () => {
  it.each(['1-none', '1-snappy', '1-gzip', '2-none', '2-snappy', '2-gzip'])(
    'of pages detect flipped bits, one at a time: version and codec %s',
    async (name) => {
      const fixture = () => bench.fixture(`checksums-${name}.parquet`);
      const honest = await outcomeOf(fixture());
      expect(honest).toEqual([Array(3).fill(expect.anything()), []]);
      const file = fixture();
      const codes = new Set<unknown>();
      for (const at of flipped(file, 47)) {
        const outcome = await outcomeOf(file);
        // Some bytes of a page's header do not describe the page's contents.
        if (typeof outcome === 'string') expect(outcome).toMatch(DAMAGED);
        else expect({ at, outcome }).toEqual({ at, outcome: honest });
        codes.add(outcome);
      }
      expect(codes).toContain('SLUICE_INGEST_FILE_CHECKSUM_WRONG');
    },
  );

  it('of gzip blocks detect flipped bits in pages without checksums', async () => {
    const write = () => bench.write('gzip.parquet', query("'u' || i", 3), 'COMPRESSION gzip');
    const honest = await outcomeOf(await write());
    const file = await write();
    const codes = new Set<unknown>();
    for (const at of flipped(file, 29)) {
      const outcome = await outcomeOf(file);
      if (typeof outcome === 'string') expect(outcome).toMatch(DAMAGED);
      else expect({ at, outcome }).toEqual({ at, outcome: honest });
      codes.add(outcome);
    }
    expect(codes).toContain('SLUICE_INGEST_FILE_CHECKSUM_WRONG');
  });

  it('are verified for mapped columns, and for whole rows when some rows are refused', async () => {
    const whole = damage(await bench.write('taken.parquet', query("'u'"), GZIP));
    expect((await bench.load(events, [whole])).rows).toHaveLength(9);
    const refused = damage(await bench.write('refused.parquet', query("''"), GZIP));
    await expect(bench.load(events, [refused])).rejects.toMatchObject({
      code: 'SLUICE_INGEST_FILE_CHECKSUM_WRONG',
      message: expect.stringContaining('refused.parquet: page at byte '),
    });
  });

  it('of large pages are verified piece by piece', async () => {
    const texts = Array(60).fill('x'.repeat(100_000));
    const sum = crc32(plainPage(texts).subarray(-6_000_242));
    const load = async (crc: number) => {
      const page = plainPage(texts, { before: [[4, intField(crc)]] });
      return outcomeOf(setPages(await bench.write('crc.parquet', query("'u'", 60)), 2, page));
    };
    expect(await load(sum)).toEqual([expect.anything(), []]);
    expect(await load(sum ^ 1)).toBe('SLUICE_INGEST_FILE_CHECKSUM_WRONG');
  });

  it('of large gzip blocks are verified piece by piece', async () => {
    const rows = "1795169730 AS timestamp, 'e' AS event_name, repeat(md5(i::VARCHAR), 300) AS unit_id";
    const big = await bench.write('big.parquet', `SELECT ${rows} FROM range(1000) t(i)`, GZIP);
    expect(await outcomeOf(big)).toEqual([Array(1_000).fill(expect.anything()), []]);
    expect(await outcomeOf(damage(big))).toBe('SLUICE_INGEST_FILE_CHECKSUM_WRONG');
  });
});
