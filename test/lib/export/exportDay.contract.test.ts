import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PART_BYTES } from '../../../lib/aws/multipartUpload.ts';
import { ExportedDay } from './ExportedDay.ts';
import { bytesOfSize, DAY, type ExportWorld, TARGET } from './startExport.ts';

describe('the export of a day', () => {
  let day: ExportedDay;
  let world: ExportWorld;
  beforeEach(async () => {
    day = await ExportedDay.start();
    ({ world } = day);
  });
  afterEach(() => world.close());

  it('writes its files and a manifest of them, and records it in the ledger', async () => {
    await world.put('_temporary', 'no data');
    await world.put('empty.parquet', '');
    // A connection may give any number of bytes at a time.
    const read: ExportWorld['table']['read'] = async (file) => {
      const whole = await buffer((await world.table.read(file)) ?? Readable.from([]));
      return Readable.from([...whole].map((byte) => Buffer.of(byte)));
    };
    await day.ends(
      {
        outcome: 'settled',
        copied: 2,
        removed: 0,
      },
      { table: { ...world.table, read } },
    );
    await day.has('first', 'second');
    expect(world.manifest(await world.exported())).toMatchObject({
      version: 1,
      table: 'statsig_forwarded_events',
      day: DAY,
      bytes: 35,
      exportedAt: '2026-11-20T12:00:00.000Z',
    });
    expect(await day.entry()).toMatchObject({
      source: 'exports',
      dataset: 'events',
      state: 'succeeded',
      attempts: 1,
      bytes: 35,
      files: [
        { key: `events/${DAY}/a.parquet`, fate: 'loaded' },
        { key: `events/${DAY}/b.parquet`, fate: 'loaded' },
      ],
    });
    const [file] = world.manifest(await world.exported()).files;
    const head = world.store.head(TARGET, `events/${DAY}/${file?.name}`);
    expect(head.attributes.headers['content-type']).toBe('application/vnd.apache.parquet');
  });

  it('copies no file twice, and restores files that somebody deleted', async () => {
    await day.run();
    await day.ends({ copied: 0, removed: 0 });
    const [file] = world.manifest(await world.exported()).files;
    const key = `events/${DAY}/${file?.name}`;
    world.store.delete(TARGET, key);
    await day.ends({ copied: 1 });
    await day.has('first', 'second');
    // Somebody has cut a file off.
    await world.store.put(TARGET, key, 'f');
    await day.ends({ copied: 1 });
    await day.has('first', 'second');
  });

  it('writes new files first, then the manifest, then deletes the old ones, and keeps foreign objects', async () => {
    await day.run();
    for (const name of ['theirs.parquet', 'sluice.csv'])
      await world.store.put(TARGET, `events/${DAY}/${name}`, name);
    await world.store.put(TARGET, 'events/2026-11-18/sluice-00000000000000000000000000000000.parquet', 'x');
    await day.erase('b.parquet', 'corrected');
    const seen: Record<string, Awaited<ReturnType<ExportedDay['contents']>>> = {};
    await day.run({
      async faultPoint(point) {
        seen[point] = await day.contents();
      },
    });
    expect(seen['copied']).toEqual({ there: ['corrected', 'first', 'second'], named: ['first', 'second'] });
    expect(seen['manifested']).toEqual({
      there: ['corrected', 'first', 'second'],
      named: ['corrected', 'first'],
    });
    const swept = ['corrected', 'first'];
    expect(seen['swept']).toEqual({ there: swept, named: swept });
    expect([...(await world.exported()).values()]).toEqual(
      expect.arrayContaining(['theirs.parquet', 'sluice.csv']),
    );
    expect((await world.exported('2026-11-18')).size).toBe(1);
  });

  it('leaves a manifest without files when the day has no more files', async () => {
    await day.run();
    world.remove('a.parquet');
    world.remove('b.parquet');
    expect(await day.drop()).toMatchObject({ outcome: 'settled', removed: 2 });
    await day.has();
    expect(await day.entry()).toMatchObject({ state: 'succeeded_no_data', files: [], bytes: 0 });
  });

  it('sends large files in parts, byte for byte, and aborts uploads that a killed run left', async () => {
    const left = world.store.bucket(TARGET).uploads;
    const attributes = { headers: {}, metadata: {}, encryption: {} };
    const ours = `sluice-${'0'.repeat(32)}.parquet`;
    const theirs = [`elsewhere/${ours}`, `events/${DAY}/sluice-x`, `events/${DAY}/theirs.parquet`];
    for (const key of [...theirs, `events/${DAY}/${ours}`]) left.begin({ key, attributes });
    // The last is larger than a part.
    const bodies = [PART_BYTES, PART_BYTES + 1].map(bytesOfSize);
    for (const [i, body] of bodies.entries()) await world.put(`large-${i}.parquet`, body);
    // Statsig's document of exports lets nobody list uploads: what it allows beside objects never takes effect.
    // https://docs.statsig.com/integrations/data-exports/data_warehouse_exports
    const { bucketPolicy } = world.policies(TARGET);
    const asInDocument = {
      ...bucketPolicy,
      Statement: bucketPolicy.Statement.map((statement) => ({
        ...statement,
        Action: statement.Action.filter((action) => action !== 's3:ListBucketMultipartUploads'),
      })),
    };
    world.store.bucket(TARGET).settings = { policy: JSON.stringify(asInDocument) };
    await day.ends({ outcome: 'settled', copied: 2 + bodies.length });
    expect(left.list()).toHaveLength(theirs.length + 1);
    const files = await world.exported();
    for (const body of bodies) expect([...files.values()].includes(body.toString('latin1'))).toBe(true);
    const etags = world.store
      .list(TARGET, { prefix: `events/${DAY}/sluice-`, limit: 10 })
      .entries.flatMap((listed) => ('object' in listed ? listed.object.etag : []));
    expect(etags.filter((etag) => etag.endsWith('-2'))).toHaveLength(1);
    world.openTarget();
    await day.run();
    expect(left.list().map(({ key }) => key)).toEqual(theirs);
  });
});
