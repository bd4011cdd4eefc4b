import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parquetFromQuery } from '../../cli/commands/customerAccount.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { localAccount } from '../../local/localAccount.ts';
import { previewDrop } from '../../observe/ingest/previewDrop.ts';
import { realClock } from '../../packages/local-aws/src/base/index.ts';
import { ObjectStore, s3Service } from '../../packages/local-aws/src/s3/index.ts';
import { type ClientOptions, startServices } from '../../packages/local-aws/src/testing/index.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';

const directory = temporaryDirectory();
const ROW = `SELECT TIMESTAMP '2026-11-20 12:00:00' AS timestamp, 'seen' AS event_name, 'u1' AS unit_id`;
/** 2026-11-20, noon in London: on Kiritimati it is the 21st already. */
const NOON = Date.parse('2026-11-20T12:00:00Z');

describe('sluice ingest preview without a day', () => {
  let options: ClientOptions;
  let close: () => Promise<void>;
  let store: ObjectStore;
  let s3: S3Client;
  beforeAll(async () => {
    store = ObjectStore.open({ directory: directory.path, clock: realClock });
    store.createBucket('acme-drops');
    ({ options, close } = await startServices([s3Service({ store, clock: realClock })]));
    s3 = new S3Client({ ...options, forcePathStyle: true });
  });
  afterAll(async () => {
    s3.destroy();
    await close();
    store.close();
    directory.remove();
  });

  it.each([
    ['Pacific/Kiritimati', ['2026-11-17', '2026-11-18'], '2026-11-18'],
    ['Pacific/Kiritimati', ['2026-11-20', '2026-11-21'], '2026-11-21'],
    ['UTC', ['2026-11-17', '2026-11-21'], '2026-11-17'],
  ])('uses the latest day of the lookback with files: %s %j', async (timezone, days, expected) => {
    const folder = `${timezone}/${days.join('-')}`;
    for (const day of days) {
      const Key = `${folder}/${day}/a.parquet`;
      await s3.send(new PutObjectCommand({ Bucket: 'acme-drops', Key, Body: await parquetFromQuery(ROW) }));
    }
    const config = defineConfig({
      bucket: 'acme-data',
      sources: [
        {
          ...{ name: 'acme', bucket: 'acme-drops', owner: localAccount.id },
          datasets: [{ name: 'events', kind: 'events', folder, timezone }],
        },
      ],
    });
    const [source] = config.sources;
    const [dataset] = source?.datasets ?? [];
    if (source === undefined || dataset === undefined) throw new Error('no dataset');
    const { endpoint, region, credentials } = options;
    const aws = { endpoint, region, credentials };
    const { key } = await previewDrop(
      { config, aws, now: NOON },
      { source, dataset },
      { key: undefined, day: undefined, shown: 1 },
    );
    expect(key).toBe(`${folder}/${expected}/a.parquet`);
  });
});
