import { spawnSync } from 'node:child_process';
import { expect, it } from '@jest/globals';
import { temporaryDirectory } from '../../src/testing/temporaryDirectory.ts';

const source = (file: string) => JSON.stringify(new URL(`../../src/firehose/${file}`, import.meta.url).href);

/** Prints the megabytes of a process of its own after each of five files of 60 MB, which it converts to Parquet. */
const CONVERSIONS = `
  import { appendFileSync } from 'node:fs';
  import { columnFormat } from ${source('convert/ColumnFormat.ts')};
  import { ParquetWriter } from ${source('convert/ParquetWriter.ts')};
  const [directory] = process.argv.slice(1);
  const columns = ['string', 'bigint', 'string', 'string'].map((type, at) => ({ name: 'c' + at, format: columnFormat(type) }));
  const path = directory + '/rows';
  for (let block = 0; block < 150; block += 1) {
    const rows = Array.from({ length: 1000 }, (_, i) => {
      const n = block * 1000 + i;
      return JSON.stringify({ 0: 'user-' + n, 1: n, 2: 'x'.repeat(300), 3: '{"page":"/' + (n % 7) + '","n":' + n + '}' });
    });
    appendFileSync(path, rows.join('\\n') + '\\n');
  }
  const writer = new ParquetWriter(directory + '/duckdb');
  const conversion = { compression: 'SNAPPY', writerVersion: 'V1', dictionary: true };
  for (let file = 0; file < 5; file += 1) {
    await writer.write(path, columns, directory + '/parquet', conversion);
    console.log(Math.round(process.memoryUsage.rss() / 2 ** 20));
  }
  await writer.close();
`;

it('needs no more memory for the fifth file than for the first', () => {
  const directory = temporaryDirectory();
  try {
    const script = ['--input-type=module', '--disable-warning=ExperimentalWarning', '-e', CONVERSIONS];
    const { stdout, stderr } = spawnSync(process.execPath, [...script, directory.path], { encoding: 'utf8' });
    expect(stderr).toBe('');
    const megabytes = stdout.trim().split('\n').map(Number);
    expect(megabytes).toHaveLength(5);
    expect(megabytes.at(-1)).toBeLessThan(1.1 * (megabytes[0] ?? 0));
  } finally {
    directory.remove();
  }
});
