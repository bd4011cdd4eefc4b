import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { convertFiles } from '../../../src/athena/text/convertFiles.ts';
import { temporaryDirectory } from '../../harness/temporaryDirectory.ts';
import { openTexts } from './openTexts.ts';

let texts: Awaited<ReturnType<typeof openTexts>>;
beforeAll(async () => {
  texts = await openTexts();
});
afterAll(() => texts.close());

const COMMAS = "ROW FORMAT DELIMITED FIELDS TERMINATED BY ','";

/**
 * A file of compressed/: Python's bz2 with blocks of 100 KB, in two streams; Snappy and LZ4 by pyarrow 25.0.1, in
 * chunks of 64 KB in blocks of 256 KB, as Hadoop frames them.
 */
function compressed(ending: string): Buffer {
  return readFileSync(new URL(`compressed/rows.${ending}`, import.meta.url));
}

/** What the files have. */
const ROWS = `${Array.from({ length: 4_000 }, (_, index) => `${index},${'ab'.repeat(index % 89)}\n`).join('')}4000,${'z'.repeat(3_000)}\n`;

/** Bytes as a Snappy file with a chunk for each of the parts. */
function snappyChunks(parts: readonly Buffer[]): Buffer {
  return Buffer.concat(
    parts.flatMap((part) => {
      const head = Buffer.alloc(10);
      head.writeUInt32BE(part.length, 0);
      head.writeUInt32BE(part.length + 2, 4);
      head[8] = part.length;
      head[9] = (part.length - 1) << 2;
      return [head, part];
    }),
  );
}

describe('compressed text files', () => {
  it.each([
    ['bz2', compressed('bz2')],
    ['snappy', compressed('snappy')],
    ['lz4', compressed('lz4')],
    ['deflate', deflateSync(ROWS)],
  ])('are read by their ending: .%s', async (ending, content) => {
    const plain = await texts.table('a int, b string', COMMAS, { 'rows.csv': ROWS });
    const packed = await texts.table('a int, b string', COMMAS, { [`rows.${ending}`]: content });
    expect(await texts.rows(`SELECT count(*), sum(a), max(length(b)) FROM ${packed}`)).toEqual([
      ['4001', '8002000', '3000'],
    ]);
    expect(
      await texts.rows(
        `SELECT count(*) FROM ${plain} p JOIN ${packed} q ON p.a = q.a AND coalesce(p.b, '') = coalesce(q.b, '')`,
      ),
    ).toEqual([['4001']]);
  });

  it.each(['bz2', 'snappy', 'lz4', 'deflate'])(
    'fail where they are cut off or damaged: .%s',
    async (ending) => {
      const whole = ending === 'deflate' ? deflateSync(ROWS) : compressed(ending);
      const damaged = Buffer.from(whole);
      const middle = Math.floor(whole.length / 2);
      damaged.fill(0xff, middle, middle + 8);
      const contents = [whole.subarray(0, middle), whole.subarray(0, -1), Buffer.from('a,b\n')];
      // Snappy and LZ4 have no checksums.
      if (ending === 'bz2' || ending === 'deflate') contents.push(damaged);
      for (const content of contents) {
        const name = await texts.table('a int, b string', COMMAS, { [`x.${ending}`]: content });
        expect(await texts.failure(`SELECT count(*) FROM ${name}`)).toBe(
          `HIVE_CURSOR_ERROR: Failed to read file at s3://lake/${name}/x.${ending}`,
        );
      }
    },
  );

  it('have no rows when they are empty', async () => {
    const name = await texts.table('a int', COMMAS, {
      'x.bz2': Buffer.from('425a683917724538509000000000', 'hex'),
      'x.snappy': Buffer.alloc(4),
      'x.lz4': Buffer.alloc(8),
    });
    expect(await texts.rows(`SELECT count(*) FROM ${name}`)).toEqual([['0']]);
  });

  it('are refused by name where they are LZO', async () => {
    const name = await texts.table('a int', COMMAS, { '1.lzo': 'x' });
    expect(await texts.failure(`SELECT * FROM ${name}`)).toBe(
      `NOT_SUPPORTED: Reading files compressed with LZO, such as s3://lake/${name}/1.lzo, is not emulated by the local Athena`,
    );
  });

  it('have the same lines wherever a piece ends', async () => {
    const content = Buffer.from('a\r\n\r\n\n\r\rb\r\n\né€😀\r\nc\r');
    const files: Record<string, Buffer> = {};
    for (let at = 1; at < content.length; at += 1)
      files[`${at}.snappy`] = snappyChunks([content.subarray(0, at), content.subarray(at)]);
    files['each.snappy'] = snappyChunks([...content].map((byte) => Buffer.of(byte)));
    const name = await texts.table('a string', COMMAS, files);
    const rows = await texts.rows(
      `SELECT array_join(array_agg(if(a = '', '-', a)), ' ') FROM ${name} GROUP BY "$path"`,
    );
    expect(rows).toHaveLength(content.length);
    for (const row of rows)
      expect([...(row[0] ?? '').split(' ')].sort()).toEqual(
        ['-', '-', '-', '-', '-', 'a', 'b', 'c', 'é€😀'].sort(),
      );
  });
});

describe('text files that decompress to very much', () => {
  it('fail by name where a line is longer than a row of Athena', async () => {
    const bomb = gzipSync(Buffer.alloc(34 * 1_024 * 1_024, 'x'));
    const name = await texts.table('a string', COMMAS, { '1.gz': bomb });
    expect(await texts.failure(`SELECT count(*) FROM ${name}`)).toBe(
      `HIVE_BAD_DATA: Line too long in text file: s3://lake/${name}/1.gz. A row has at most 32 MB`,
    );
  });

  it('fail where their rows take more than the disk that a statement has', async () => {
    const name = await texts.table('a string', COMMAS, {});
    const directory = temporaryDirectory();
    const path = join(directory.path, '1.gz');
    writeFileSync(path, gzipSync('x\n'.repeat(1_000_000)));
    const file = { bucket: 'lake', key: '1.gz', path, size: 0, modifiedMs: 0 };
    const entry = texts.catalog.table('db', name);
    const { signal } = new AbortController();
    await expect(convertFiles(entry, [file], [], signal, 2_000_000)).rejects.toThrow(
      'Query exhausted resources at this scale factor',
    );
    directory.remove();
  });
});
