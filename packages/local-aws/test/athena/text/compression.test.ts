import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { convertFiles } from '../../../src/athena/text/convertFiles.ts';
import { temporaryDirectory } from '../../../src/testing/temporaryDirectory.ts';
import { openTexts } from './openTexts.ts';

let texts: Awaited<ReturnType<typeof openTexts>>;
beforeAll(async () => {
  texts = await openTexts();
});
afterAll(() => texts.close());

const COMMAS = "ROW FORMAT DELIMITED FIELDS TERMINATED BY ','";

describe('compressed text files', () => {
  it('are read by their ending, also where it is .deflate', async () => {
    const name = await texts.table('a int, b string', COMMAS, { 'rows.deflate': deflateSync('1,x\n2,y\n') });
    expect(await texts.rows(`SELECT count(*), sum(a), max(b) FROM ${name}`)).toEqual([['2', '3', 'y']]);
  });

  it.each(['bz2', 'lz4', 'lzo', 'snappy'])('are refused by name where they are .%s', async (ending) => {
    const name = await texts.table('a int', COMMAS, { [`1.${ending}`]: 'x' });
    expect(await texts.failure(`SELECT * FROM ${name}`)).toBe(
      `NOT_SUPPORTED: Reading text files that are compressed as .${ending}, such as s3://lake/${name}/1.${ending}, is not emulated by the local Athena: try it in Trino or on AWS`,
    );
  });

  it('have the same lines wherever a piece ends', async () => {
    // The line break is cut in two: files are read in pieces of 1 MiB.
    const long = 'x'.repeat(1_024 * 1_024 - 1);
    const name = await texts.table('a string', COMMAS, { data: `${long}\r\né€😀\r\n\n\rc\r` });
    expect(await texts.rows(`SELECT if(length(a) > 9, 'long', a) FROM ${name}`)).toEqual([
      ['long'],
      ['é€😀'],
      [''],
      [''],
      ['c'],
    ]);
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
