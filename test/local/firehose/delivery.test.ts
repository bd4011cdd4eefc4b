import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FirehoseFixture, partitionedStream, plainStream, START } from './FirehoseFixture.ts';

let fixture: FirehoseFixture;
beforeEach(async () => {
  fixture = new FirehoseFixture();
  fixture.tables.set('db.events', { columns: [{ name: 'n', type: 'bigint' }] });
  await fixture.start();
});
afterEach(() => fixture.end());

const UUID = '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}';

/** Waits until as many objects are stored; a delivery started by the clock finishes on its own. */
async function objectsStored(count: number): Promise<void> {
  while (fixture.objects.size < count) await new Promise((resolve) => setImmediate(resolve));
}

/** Lets everything run that has been started. */
async function settled(documents: number): Promise<void> {
  const waiting = () => fixture.firehose.pending().reduce((sum, { records }) => sum + records, 0);
  while (waiting() !== documents) await new Promise((resolve) => setImmediate(resolve));
}

describe('delivery', () => {
  it('writes one Parquet object a partition, named as Firehose names it', async () => {
    await fixture.firehose.createStream('s', partitionedStream());
    await fixture.put('s', '{"ds":"2026-11-19","n":1}{"ds":"2026-11-20","n":2}\n{"ds":"2026-11-19","n":3}');
    await fixture.firehose.flush();
    expect(fixture.keys()).toEqual([
      expect.stringMatching(new RegExp(`^data/2026-11-19/s-1-2026-11-20-12-00-00-${UUID}\\.parquet$`)),
      expect.stringMatching(new RegExp(`^data/2026-11-20/s-1-2026-11-20-12-00-00-${UUID}\\.parquet$`)),
    ]);
    expect(await fixture.rows('data/2026-11-19/')).toEqual([{ n: 1n }, { n: 3n }]);
    expect(await fixture.rows('data/2026-11-20/')).toEqual([{ n: 2n }]);
    expect(fixture.firehose.pending()).toEqual([]);
  });
});
