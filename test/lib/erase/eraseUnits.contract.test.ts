import { afterAll, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { eraseUnits } from '../../../lib/erase/eraseUnits.ts';
import { ParquetEraser } from '../../../lib/erase/ParquetEraser.ts';
import { dayFolder } from '../../../lib/tables/tableFolders.ts';
import { MemoryObjects } from '../../harness/MemoryObjects.ts';
import { parquetOf } from '../../harness/parquetOf.ts';
import { readParquet } from '../../harness/readParquet.ts';
import { temporaryDirectory } from '../../harness/temporaryDirectory.ts';
import { matcher } from './eraseObject.ts';
import { eraserOver } from './eraserOver.ts';
import { MemoryBucket } from './MemoryBucket.ts';

const DAY = '2026-11-01';
const directory = temporaryDirectory();
const limits = { memoryMegabytes: 128, temporaryDirectory: directory.path };
const erasers = await ParquetEraser.openBeside(limits, directory.path, matcher, 4);
afterAll(() => {
  for (const eraser of erasers) eraser.close();
  directory.remove();
});

const bucket = new MemoryBucket();
bucket.pageKeys = 100;
const objects = new MemoryObjects();
const config = defineConfig({ bucket: bucket.name });

/** Makes one run. */
function erase() {
  const [parquet, ...parquets] = erasers;
  const own = { config, matcher, parquet, parquets, directory: directory.path, now: () => 0 };
  return eraseUnits(eraserOver(bucket, objects, own));
}

it('an erasure reads files of tables side by side within one limit of memory, and looks into their rows', async () => {
  const numbers = Array.from({ length: 12 }, (_, i) => i + 1);
  const key = (n: number) => `${dayFolder(config, 'events', DAY)}${n}.parquet`;
  for (const n of numbers) {
    const user = n % 3 === 0 ? 'gone' : `u${n}`;
    const rows = `SELECT '${user}' AS user_id, '{"a":"${user}"}' AS user_json, ${n} AS n UNION ALL SELECT 'u', '{}', 0`;
    bucket.put(key(n), await parquetOf(rows));
  }
  const refused = `${dayFolder(config, 'quarantine', DAY)}a.parquet`;
  const body = (user: string) => `SELECT '{"user":{"userID":"${user}"}}' AS raw, 'text' AS raw_encoding`;
  bucket.put(refused, await parquetOf(`${body('gone')} UNION ALL ${body('stays')}`));
  const { run } = await erase();
  expect(run.places).toMatchObject({
    events: { objects: 12, rewritten: 4, rows: 4 },
    quarantine: { objects: 1, rewritten: 1, rows: 1 },
  });
  const rowsOf = async (of: string) => (await readParquet(bucket.bodies(of)[0] ?? Buffer.of())).rows;
  for (const n of numbers) {
    const others = { user_id: 'u', user_json: '{}', n: 0 };
    const own = { user_id: `u${n}`, user_json: `{"a":"u${n}"}`, n };
    expect(await rowsOf(key(n))).toEqual(n % 3 === 0 ? [others] : [own, others]);
  }
  expect(await rowsOf(refused)).toMatchObject([{ raw: '{"user":{"userID":"stays"}}' }]);
  expect((await erase()).run.hasFound).toBe(false);
});
