import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from '@jest/globals';
import type { EngineFile } from '../../../lib/parquet/FileSchema.ts';
import { THRIFT } from '../../../lib/parquet/format/thriftCompact.ts';
import { type DatasetInput, MappingBench } from '../drops/engine/MappingBench.ts';
import {
  CHUNK,
  ELEMENT,
  editSchema,
  setChunk,
  setPages,
  setRows,
  structField,
  widen,
  withFields,
} from './format/editFooter.ts';
import { PAGE, plainPage, V2 } from './format/plainPage.ts';
import { intField, listField, longField } from './format/thriftWriter.ts';

const bench = await MappingBench.open();
afterAll(() => bench.close());

const events: DatasetInput = { kind: 'events' };
const NAMES = ['a', 'b', 'c'];
/** Places of columns of {@link write}: the mapping does not name the last. */
const NAME = 1;
const NOTE = 3;
/** Writes a file of an event of each of {@link NAMES}. */
const write = () =>
  bench.write(
    'events.parquet',
    `SELECT TIMESTAMP '2026-11-20 10:00:00' AS timestamp, name AS event_name, 'u' || name AS unit_id, 'n' || name AS note
     FROM unnest(['a', 'b', 'c']) t(name)`,
    'COMPRESSION snappy',
  );

/** The code of the file's error, or its rows. */
async function outcomeOf(file: EngineFile): Promise<unknown> {
  const [described] = await bench.describe([file]);
  if (described === undefined || 'problem' in described) return described?.problem.code;
  const { rows } = await bench.load(events, [file]);
  return rows.map(({ event_name }) => event_name);
}

const DAMAGED = 'SLUICE_INGEST_FILE_DAMAGED';
/** Bytes behind the values of a page. */
const more = Buffer.alloc(300, 'A');

describe('page headers', () => {
  it('of plain pages of version 2 are read', async () => {
    expect(await outcomeOf(setPages(await write(), NAME, plainPage(NAMES)))).toEqual(NAMES);
  });

  it.each([
    { what: 'with more bytes than it says to hold', pages: plainPage(NAMES, { more }) },
    { what: 'with fewer bytes than it says to hold', pages: plainPage(NAMES, { uncompressed: 2_000_000 }) },
    {
      what: 'with a size that its codec cannot reach',
      pages: plainPage(NAMES, { uncompressed: 2_000_000_000, isCompressed: true }),
    },
    { what: 'with levels beyond its end', pages: plainPage(NAMES, { levels: 400 }) },
    { what: 'with negative levels', pages: plainPage(NAMES, { levels: -1 }) },
    {
      what: 'with the other size again, of a type that DuckDB skips',
      pages: plainPage(NAMES, { more, after: [[PAGE.uncompressed, longField(317)]] }),
    },
    {
      what: 'with the other size twice',
      pages: plainPage(NAMES, { more, before: [[PAGE.uncompressed, intField(317)]] }),
    },
    {
      what: 'with its own size twice, which others could read as another',
      pages: plainPage(NAMES, { before: [[PAGE.uncompressed, intField(17)]] }),
    },
    {
      what: 'with its own mark of compression twice',
      pages: plainPage(NAMES, {
        ofPage: [[V2.isCompressed, { type: THRIFT.false, bytes: Buffer.alloc(0) }]],
      }),
    },
    {
      what: 'with the other size under an ID that DuckDB cuts to 16 bits',
      pages: plainPage(NAMES, {
        uncompressed: 317,
        more,
        after: [[65_536 + PAGE.uncompressed, intField(17)]],
      }),
    },
    {
      what: 'with the other size beyond 32 bits, which DuckDB cuts off',
      pages: plainPage(NAMES, { uncompressed: 2 ** 32 + 17, more }),
    },
    {
      what: 'with the mark of compression twice',
      pages: plainPage(NAMES, {
        more,
        isCompressed: true,
        ofPage: [[V2.isCompressed, { type: THRIFT.false, bytes: Buffer.alloc(0) }]],
      }),
    },
    {
      what: 'behind a page that counts all values and is no page of data',
      pages: Buffer.concat([
        plainPage([], { after: [[PAGE.dataV1, { type: THRIFT.struct, bytes: Buffer.of(0x15, 6, 0) }]] }),
        plainPage(NAMES, { more }),
      ]),
    },
    {
      what: 'inside a page of an index, which DuckDB does not skip',
      pages: Buffer.concat([
        // Type 1 with a header of an index, and as many bytes as the page in it has.
        Buffer.of(0x15, 2, 0x15, ...intField(plainPage(NAMES, { more }).length).bytes, 0x15),
        intField(plainPage(NAMES, { more }).length).bytes,
        Buffer.of(0x3c, 0, 0),
        plainPage(NAMES, { more }),
        plainPage(NAMES),
      ]),
    },
  ])('of a page $what are refused before DuckDB reads it', async ({ pages }) => {
    for (const column of [NAME, NOTE])
      expect(await outcomeOf(setPages(await write(), column, pages))).toBe(DAMAGED);
  });

  const hidden = plainPage(NAMES, { more });

  it('are judged until DuckDB has all rows, where the chunk states fewer values', async () => {
    const part = plainPage(NAMES.slice(0, 1));
    const short = setPages(await write(), NAME, Buffer.concat([part, hidden]), {
      [CHUNK.values]: longField(1),
    });
    expect(await outcomeOf(short)).toBe(DAMAGED);
  });

  it('are judged from the offset of a dictionary on, where DuckDB begins to read', async () => {
    const whole = plainPage(NAMES);
    const file = await write();
    const start = endOfPages(file);
    const behind = setPages(file, NAME, Buffer.concat([whole, hidden]), {
      [CHUNK.dictionaryPage]: longField(start + whole.length),
    });
    expect(await outcomeOf(behind)).toBe(DAMAGED);
  });

  it('of a field that is there twice in the footer are not found elsewhere than by DuckDB', async () => {
    const file = await write();
    const bytes = readFileSync(file.path);
    // The version is the first field. DuckDB takes the last.
    const end = bytes.length - 8;
    const start = endOfPages(file);
    writeFileSync(
      file.path,
      Buffer.concat([
        bytes.subarray(0, start),
        bytes.subarray(start, start + 2),
        Buffer.of(0x05, 2, 2),
        bytes.subarray(start + 2, end),
        tailOf(bytes.readUInt32LE(end) + 3),
      ]),
    );
    expect(await outcomeOf(file)).toBe(DAMAGED);
  });
});

describe('a list in the footer with items of another type', () => {
  it('hides no row groups that DuckDB finds: it does not ask for the type', async () => {
    const file = await write();
    const shown = footerOf(file);
    setPages(file, NAME, plainPage(NAMES, { more }));
    const found = footerOf(file);
    const bytes = readFileSync(file.path);
    // The version is their first field: with its ID in full.
    const fields = (footer: Buffer) => Buffer.concat([Buffer.of(0x05, 2), footer.subarray(1)]);
    const skipped = (id: number, length: number) =>
      Buffer.of(8, ...intField(id).bytes, (length & 0x7f) | 0x80, length >> 7);
    const judged = fields(shown.subarray(0, -1));
    const footer = Buffer.concat([
      // Metadata by key, one text of 24 bytes; as a struct it has 3: an empty key, and its end.
      Buffer.of(9, ...intField(5).bytes, 0x18, 24),
      Buffer.alloc(2),
      skipped(100, 17 + judged.length + 5),
      Buffer.alloc(17),
      judged,
      skipped(101, fields(found).length),
      fields(found),
      Buffer.of(0),
    ]);
    const pages = bytes.subarray(0, endOfPages(file));
    writeFileSync(file.path, Buffer.concat([pages, footer, tailOf(footer.length)]));
    expect(await outcomeOf(file)).toBe(DAMAGED);
  });

  it.each([
    { what: 'encodings', id: CHUNK.encodings },
    { what: 'the path', id: CHUNK.path },
  ])('is damaged: $what of a column', async ({ id }) => {
    const list = listField({ type: THRIFT.i64, items: [] });
    expect(await outcomeOf(setChunk(await write(), NAME, { [id]: list }))).toEqual(NAMES);
    const other = listField({ type: THRIFT.i64, items: [Buffer.of(0)] });
    expect(await outcomeOf(setChunk(await write(), NAME, { [id]: other }))).toBe(DAMAGED);
  });
});

describe('a file whose sizes lie', () => {
  const huge = 2 ** 62;
  it.each([
    {
      what: 'bytes of a column',
      lie: (file: EngineFile) => setChunk(file, NOTE, { [CHUNK.bytes]: longField(huge) }),
    },
    {
      what: 'negative bytes',
      lie: (file: EngineFile) => setChunk(file, NAME, { [CHUNK.bytes]: longField(-huge) }),
    },
    {
      what: 'bytes beyond the file',
      lie: (file: EngineFile) => setChunk(file, NAME, { [CHUNK.bytes]: longField(100_000) }),
    },
    {
      what: 'uncompressed bytes',
      lie: (file: EngineFile) => setChunk(file, NAME, { [CHUNK.uncompressed]: longField(huge) }),
    },
    {
      what: 'negative uncompressed bytes',
      lie: (file: EngineFile) => setChunk(file, NAME, { [CHUNK.uncompressed]: longField(-huge) }),
    },
    { what: 'values', lie: (file: EngineFile) => setChunk(file, NAME, { [CHUNK.values]: longField(huge) }) },
    {
      what: 'negative values',
      lie: (file: EngineFile) => setChunk(file, NAME, { [CHUNK.values]: longField(-3) }),
    },
    {
      what: 'an offset',
      lie: (file: EngineFile) => setChunk(file, NAME, { [CHUNK.dataPage]: longField(-huge) }),
    },
    {
      what: 'an offset beyond the file',
      lie: (file: EngineFile) =>
        setChunk(file, NAME, { [CHUNK.dataPage]: longField(huge), [CHUNK.dictionaryPage]: undefined }),
    },
    { what: 'rows', lie: (file: EngineFile) => setRows(file, longField(huge)) },
    {
      what: 'rows of row groups, too',
      lie: (file: EngineFile) => setRows(file, longField(huge), longField(huge)),
    },
    { what: 'negative rows', lie: (file: EngineFile) => setRows(file, longField(-3), longField(-3)) },
  ])('is damaged, by its footer alone: $what', async ({ lie }) => {
    const [described] = await bench.describe([{ ...lie(await write()), onlyFooter: true }]);
    expect(described).toMatchObject({ problem: { code: DAMAGED } });
  });

  it('is damaged if its pages are smaller, or have fewer values, than the footer says', async () => {
    expect(await outcomeOf(setChunk(await write(), NAME, { [CHUNK.uncompressed]: longField(100_000) }))).toBe(
      DAMAGED,
    );
    expect(await outcomeOf(setRows(await write(), longField(1_000_000), longField(1_000_000)))).toBe(DAMAGED);
  });

  it('is described if only the sum of its texts is wrong, which nobody needs', async () => {
    const sizes = structField(new Map([[1, longField(huge)]]));
    const [described] = await bench.describe([setChunk(await write(), NAME, { [CHUNK.sizes]: sizes })]);
    if (described === undefined || 'problem' in described) throw described?.problem;
    expect(described.rows).toBe(3);
  });
});

it('a column with large pages in two row groups has the size of the largest, and both groups', async () => {
  const text = 'repeat(md5(i::VARCHAR), CASE WHEN i < 2048 THEN 600 ELSE 300 END)';
  const sql = `SELECT ${text} AS t FROM range(4096) r(i)`;
  const file = await bench.write('large.parquet', sql, 'COMPRESSION zstd, ROW_GROUP_SIZE 2048');
  const [described] = await bench.describe([file]);
  if (described === undefined || 'problem' in described) throw described?.problem;
  const [large, ...others] = described.largePages;
  expect(others).toEqual([]);
  expect(large).toMatchObject({ leaf: 0, groups: 2 });
  // 2,048 texts of 32 * 600 bytes; those of the other row group have half of that.
  expect(large?.bytes).toBeGreaterThan(2_048 * 32 * 600);
  expect(large?.bytes).toBeLessThan(2_048 * 32 * 600 * 1.1);
});

describe('a file of too many columns', () => {
  const WIDE = 'SLUICE_INGEST_FILE_TOO_WIDE';
  const columns = (count: number) => Array.from({ length: count }, (_, i) => `1 AS c${i}`).join(', ');

  it.each([10_001, 200_000])('is refused by its own code, also by its footer alone: %i', async (count) => {
    const many = widen(await bench.write('wide.parquet', `SELECT ${columns(100)}`), count);
    expect(await outcomeOf(many)).toBe(WIDE);
    expect((await bench.describe([{ ...many, onlyFooter: true }]))[0]).toMatchObject({
      problem: { code: WIDE },
    });
  });

  it('is also one with few columns in many groups', async () => {
    const file = editSchema(await write(), ([root, ...columns]) => {
      const leaf = columns[NAME];
      if (root === undefined || leaf === undefined) throw new RangeError('No columns.');
      const group = withFields(leaf, {
        [ELEMENT.type]: undefined,
        [ELEMENT.children]: intField(1),
        [ELEMENT.convertedType]: undefined,
        [ELEMENT.logicalType]: undefined,
      });
      const deep = [...Array.from({ length: 90 }, () => group), leaf];
      return [
        withFields(root, { [ELEMENT.children]: intField(500) }),
        ...Array.from({ length: 500 }, () => deep).flat(),
      ];
    });
    expect(await outcomeOf(file)).toBe(WIDE);
  });

  // A footer of zeros is read, and is damaged.
  it.each([
    { footer: 33_554_433, code: WIDE },
    { footer: 33_554_432, code: DAMAGED },
  ])(
    'is also one with a footer beyond 32 MiB, which is not read: $footer bytes, $code',
    async ({ footer, code }) => {
      const file = await write();
      const bytes = readFileSync(file.path);
      writeFileSync(file.path, Buffer.concat([bytes, Buffer.alloc(33 * 1_024 * 1_024), tailOf(footer)]));
      expect(await outcomeOf(file)).toBe(code);
    },
  );

  it('is not one of 10,000 columns', async () => {
    const file = await bench.write('most.parquet', `SELECT ${columns(10_000)}`);
    expect((await bench.describe([file]))[0]).toMatchObject({ rows: 1 });
  });
});

/** What follows on a footer: its length, as it is stated, and the magic. */
function tailOf(length: number): Buffer {
  const tail = Buffer.from('....PAR1');
  tail.writeUInt32LE(length);
  return tail;
}

/** The footer, without its length and the magic. */
function footerOf(file: EngineFile): Buffer {
  return readFileSync(file.path).subarray(endOfPages(file), -8);
}

/** Where the footer begins. */
function endOfPages(file: EngineFile): number {
  const bytes = readFileSync(file.path);
  return bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8);
}
