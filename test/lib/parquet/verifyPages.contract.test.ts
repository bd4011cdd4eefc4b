import { readFileSync, writeFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { afterAll, describe, expect, it } from '@jest/globals';
import type { EngineFile } from '../../../lib/parquet/FileSchema.ts';
import { type DatasetInput, MappingBench } from '../drops/engine/MappingBench.ts';
import { setPages } from './format/editFooter.ts';
import { plainPage } from './format/plainPage.ts';
import { intField } from './format/thriftWriter.ts';

const bench = await MappingBench.open();
afterAll(() => bench.close());

const events: DatasetInput = { kind: 'events' };

/** Flips one bit of a file before its footer, another one for each step of so many bytes. Yields where it is. */
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

/** Loads a file. Answers its rows and those that were refused, or the code of its error. */
async function outcomeOf(file: EngineFile): Promise<unknown> {
  try {
    const { rows, refused } = await bench.load(events, [file]);
    return [rows, refused];
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error;
  }
}

/** Codes of a file with a flipped bit. */
const DAMAGED = /^SLUICE_INGEST_FILE_(CHECKSUM_WRONG|DAMAGED|TEXT_INVALID|ENCODING_UNSUPPORTED)$/;

/** Rows of events, and a last column that no mapping names. @param unit SQL of the unit ID. */
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
  it.each([
    { version: 1, codec: 'none' },
    { version: 1, codec: 'snappy' },
    { version: 1, codec: 'gzip' },
    { version: 2, codec: 'none' },
    { version: 2, codec: 'snappy' },
    { version: 2, codec: 'gzip' },
  ])(
    'of pages of version $version with the codec $codec detect flipped bits, one at a time',
    async ({ version, codec }) => {
      const fixture = () => bench.fixture(`checksums-${version}-${codec}.parquet`);
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

  it('are verified of mapped columns alone, or of all columns if a row is refused', async () => {
    // The damaged column is not mapped.
    const whole = damage(await bench.write('taken.parquet', query("'u'"), GZIP));
    expect((await bench.load(events, [whole])).rows).toHaveLength(9);
    const refused = damage(await bench.write('refused.parquet', query("''"), GZIP));
    await expect(bench.load(events, [refused])).rejects.toMatchObject({
      code: 'SLUICE_INGEST_FILE_CHECKSUM_WRONG',
      message: expect.stringContaining('refused.parquet: page at byte '),
    });
  });

  it('of pages are verified also if a page is larger than what is read at once, 4 MiB', async () => {
    const texts = Array(60).fill('x'.repeat(100_000));
    // Without its header: 60 texts, each behind 4 bytes of its length, behind 2 bytes of levels.
    const sum = crc32(plainPage(texts).subarray(-(60 * 100_004 + 2)));
    const load = async (crc: number) => {
      const page = plainPage(texts, { before: [[4, intField(crc)]] });
      return outcomeOf(setPages(await bench.write('crc.parquet', query("'u'", 60)), 2, page));
    };
    expect(await load(sum)).toEqual([expect.anything(), []]);
    expect(await load(sum ^ 1)).toBe('SLUICE_INGEST_FILE_CHECKSUM_WRONG');
  });

  it('of gzip blocks are verified also if a block is larger than what is read at once, 4 MiB', async () => {
    // 1,000 texts of 32 * 300 bytes, without compression.
    const rows = "1795169730 AS timestamp, 'e' AS event_name, repeat(md5(i::VARCHAR), 300) AS unit_id";
    const big = await bench.write('big.parquet', `SELECT ${rows} FROM range(1000) t(i)`, GZIP);
    expect(await outcomeOf(big)).toEqual([Array(1_000).fill(expect.anything()), []]);
    expect(await outcomeOf(damage(big))).toBe('SLUICE_INGEST_FILE_CHECKSUM_WRONG');
  });
});
