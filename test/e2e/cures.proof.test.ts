import { CreateTableCommand, DeleteTableCommand, GetTableCommand, GlueClient } from '@aws-sdk/client-glue';
import { DeleteObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { GetQueueUrlCommand, PurgeQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HOUR_MS, MINUTE_MS } from '../../lib/base/time.ts';
import { localAccount } from '../../local/localAccount.ts';
import { CUSTOMER, DROPS, ingestCloud } from '../harness/ingestCloud.ts';
import { removeVersion } from '../harness/storyCloud.ts';

/** An hourly look counts no file that is younger than three minutes. */
const UNCOUNTED_MS = 4 * MINUTE_MS;
const WAREHOUSE = 'acme-warehouse';

/** One cloud with many faults. The commands of each finding are pasted as they are printed, in their order. */
describe('the commands of a finding end it', () => {
  let story: Awaited<ReturnType<typeof ingestCloud>>;
  let writer: S3Client;
  let customer: S3Client;
  let curator: S3Client;
  let loader: S3Client;

  beforeAll(async () => {
    story = await ingestCloud(
      {
        curate: true,
        sources: [
          {
            name: 'acme',
            bucket: DROPS,
            owner: CUSTOMER,
            settleMinutes: 0,
            receipt: 'receipts',
            datasets: [
              { name: 'visits', kind: 'events', lookbackDays: 3 },
              { name: 'marked', kind: 'events', lookbackDays: 3, waitFor: '_DONE' },
              { name: 'daily', kind: 'events', lookbackDays: 1, expectedBy: { hour: 6 } },
            ],
          },
        ],
        exports: [
          {
            name: 'out',
            table: 'acme_visits',
            lookbackDays: 3,
            target: { bucket: WAREHOUSE, owner: CUSTOMER },
          },
        ],
      },
      { startsAt: '2026-11-20T07:00:00Z' },
    );
    writer = story.s3By(await story.credentialsOf('WriteRole'));
    loader = story.s3By(await story.credentialsOf('IngestLoadRole'));
    curator = story.s3By(await story.credentialsOf('CurateRole'));
    customer = story.customer();
    await story.letIn(CUSTOMER, WAREHOUSE, 'export-target', `arn:aws:iam::${localAccount.id}:root`);
  });
  afterAll(() => story.close());

  const drop = (day: string, columns = "'seen' AS event_name", dataset = 'visits') =>
    story.drop(
      `${dataset}/${day}/a.parquet`,
      `SELECT TIMESTAMP '${day} 10:00' AS timestamp, ${columns}, 'a' || i AS unit_id FROM range(10) t(i)`,
    );
  const settle = async () => {
    for (let left = 1, flushes = 0; left > 0 && flushes < 5; flushes += 1)
      left = (await story.cloud.flush()).unregistered;
  };
  const run = async (what: 'ingest' | 'curate' | 'export') => {
    expect((await story.sluice(what, 'run')).code).toBe(0);
    await settle();
  };
  /** Lets an hour pass, at whose end each schedule runs once and its look counts each file there. */
  const hour = async () => {
    await story.jump(HOUR_MS + UNCOUNTED_MS);
    await settle();
  };
  /** Deletes files as a function may, which leaves their versions. */
  const removeFiles = async (folder: string, by = writer) => {
    const keys = (await story.keys(folder)).filter((key) => key.endsWith('.parquet'));
    expect(keys).not.toEqual([]);
    for (const Key of keys) await by.send(new DeleteObjectCommand({ Bucket: story.cloud.bucket, Key }));
  };
  const post = async (day: string, users = 2) => {
    const time = Date.parse(day) + HOUR_MS;
    const events = Array.from({ length: users }, (_, i) => ({
      eventName: 'buy',
      time,
      user: { userID: `u${i}` },
    }));
    expect(await story.post({ events })).toBe(202);
    await settle();
  };
  /** Pastes the commands of a finding, or those of a choice that its cure leaves, which end it. */
  const cured = async (code: string, choice?: RegExp, after = async () => {}) => {
    await story.cure(code, choice);
    await settle();
    await after();
    expect(await story.found(code)).toBeUndefined();
  };
  const raw = (day: string) => `statsig/statsig_forwarded_events/statsig_forwarded_events/${day}/`;
  const versions = (table: string, day: string) => `statsig/ingested/${table}/${day}/`;
  const loseVersions = async () => {
    for (const day of ['2026-11-21', '2026-11-22']) await removeFiles(versions('acme_visits', day), loader);
  };

  it('INGEST_FAILED of a day before the lookback, once its file is corrected', async () => {
    for (const day of ['2026-11-19', '2026-11-20']) await post(day);
    await drop('2026-11-18', "'seen' AS wrong_name");
    await drop('2026-11-19', undefined, 'daily');
    await run('ingest');
    await story.jumpTo('2026-11-23T09:00:00Z');
    await drop('2026-11-18');
    await cured('INGEST_FAILED');
  });

  it("PARTITION_WRONG of a customer's table that was deleted and made anew, without the customer's files", async () => {
    const glue = story.kept(new GlueClient(story.clientOptions()));
    const DatabaseName = story.cloud.database;
    const Name = 'acme_visits';
    const registered = await story.partitions(Name);
    const { Table: { PartitionKeys, StorageDescriptor, TableType, Parameters } = {} } = await glue.send(
      new GetTableCommand({ DatabaseName, Name }),
    );
    await glue.send(new DeleteTableCommand({ DatabaseName, Name }));
    const TableInput = { Name, PartitionKeys, StorageDescriptor, TableType, Parameters };
    await glue.send(new CreateTableCommand({ DatabaseName, TableInput }));
    expect((await story.found('PARTITION_WRONG'))?.detail).toMatch(
      /^acme\/visits: no partition of 2026-11-18 with \d+ rows?\.$/,
    );
    await cured('PARTITION_WRONG');
    expect(await story.partitions(Name)).toEqual(registered);
  });

  it('PARTITION_WRONG of a curated day whose partition points to another folder', async () => {
    const table = 'curated_events';
    const day = '2026-11-19';
    await run('curate');
    const registered = await story.partitions(table);
    expect(JSON.stringify(registered)).toContain(day);
    const location = `s3://${story.cloud.bucket}/elsewhere/`;
    const partition = `PARTITION (ds = '${day}')`;
    for (const change of [`DROP ${partition}`, `ADD ${partition} LOCATION '${location}'`])
      await story.ask(`ALTER TABLE ${story.cloud.database}.${table} ${change}`);
    const { title, detail } = (await story.found('PARTITION_WRONG')) ?? {};
    expect(title).toContain(`A partition of ${table} has another folder: ${day} points to ${location}, `);
    expect(detail).toMatch(/, made at 2026-11-23T/);
    await cured('PARTITION_WRONG');
    expect(await story.partitions(table)).toEqual(registered);
  });

  it('ROWS_UNUSUAL, if the day is meant so', async () => {
    await drop('2026-11-21');
    await story.put(
      'visits/2026-11-21/copy.parquet',
      await story.read('visits/2026-11-21/a.parquet', DROPS, customer),
      DROPS,
      customer,
    );
    await run('ingest');
    await cured('ROWS_UNUSUAL', / accept /);
  });

  it('INPUTS_MISSING, if the rows are to stay, and INGEST_WAITING, if its marker does not come', async () => {
    await drop('2026-11-22');
    await drop('2026-11-22', undefined, 'marked');
    await drop('2026-11-22', undefined, 'daily');
    await run('ingest');
    await story.removeDrop('visits/2026-11-22/a.parquet');
    await run('ingest');
    const kept = await story.query("SELECT count(*)::INT AS n FROM acme_visits WHERE ds = DATE '2026-11-22'");
    expect(kept).toEqual([{ n: 10 }]);
    await cured('INPUTS_MISSING');
    await cured('INGEST_WAITING');
  });

  it('INGEST_WAITING of a load whose message somebody deleted', async () => {
    await story.drop(
      'daily/2026-11-22/b.parquet',
      "SELECT TIMESTAMP '2026-11-22 11:00' AS timestamp, 'seen' AS event_name, 'b' || i AS unit_id FROM range(10) t(i)",
    );
    const lambda = [{ fault: 'throttleInvocations', function: 'sluice-local-ingest-load', calls: 'all' }];
    await story.setFaults({ lambda });
    await run('ingest');
    const sqs = story.kept(new SQSClient(story.clientOptions()));
    for (const QueueName of ['sluice-local-ingest-load', 'sluice-local-ingest-load-dead-letters']) {
      const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName }));
      await sqs.send(new PurgeQueueCommand({ QueueUrl }));
    }
    await story.clearFaults();
    expect(await story.found('INGEST_WAITING')).toBeUndefined();
    await story.jump(HOUR_MS);
    // Later checks have their own messages.
    await settle();
    expect((await story.found('INGEST_WAITING'))?.detail).toMatch(/^acme\/daily: 2026-11-22, requested at /);
    await cured('INGEST_WAITING');
    const loaded = await story.query(
      "SELECT count(*)::INT AS n FROM acme_daily WHERE ds = DATE '2026-11-22'",
    );
    expect(loaded).toEqual([{ n: 20 }]);
  });

  it('INGEST_LATE of a day before the lookback that never comes', async () => {
    await drop('2026-11-20', undefined, 'daily');
    await hour();
    await cured('INGEST_WAITING');
    await cured('INGEST_LATE', / accept /, hour);
  });

  it('RECEIPTS_FAILED and SOURCE_UNREADABLE, once the bucket allows it', async () => {
    await drop('2026-11-20');
    let allow = await story.deny({ Action: 's3:PutObject' }, DROPS, customer);
    await run('ingest');
    await allow();
    await cured('RECEIPTS_FAILED');
    allow = await story.deny({ Action: 's3:ListBucket' }, DROPS, customer);
    await run('ingest');
    await allow();
    await cured('SOURCE_UNREADABLE');
  });

  it('FILES_LOST of a day that has its inputs, of one that has none, and of a curated one', async () => {
    await hour();
    await loseVersions();
    await removeFiles(versions('curated_events', '2026-11-20'), curator);
    await hour();
    await cured('FILES_LOST', undefined, hour);
  });

  it('EXPORT_KEPT, by bringing the files back, or taking their copies away', async () => {
    await run('export');
    await loseVersions();
    await run('export');
    const days = async () => (await story.found('EXPORT_KEPT'))?.detail.match(/2026-\S+/g);
    expect(await days()).toEqual(['2026-11-21', '2026-11-22']);
    await story.sluice('export', 'run', '--export', 'out', '--from', '2026-11-22', '--drop');
    await settle();
    expect(await days()).toEqual(['2026-11-21']);
    await cured('EXPORT_KEPT');
  });

  it('DAYS_LOST, by bringing the files back', async () => {
    await post('2026-11-23');
    await hour();
    await removeFiles(raw('2026-11-23'));
    await post('2026-11-23');
    await hour();
    await cured('DAYS_LOST', / restore /);
    expect(await story.keys(raw('2026-11-23'))).toHaveLength(2);
  });

  it('CURATE_KEPT, by accepting that the files are gone, whose rows stay until then', async () => {
    const night = async () => {
      await story.jump(24 * HOUR_MS);
      await run('curate');
    };
    await removeFiles(raw('2026-11-19'));
    await night();
    const kept = await story.query(
      "SELECT user_id AS id FROM product_events WHERE ds = DATE '2026-11-19' ORDER BY 1",
    );
    expect(kept).toEqual([{ id: 'u0' }, { id: 'u1' }]);
    await cured('CURATE_KEPT', / accept /, night);
  });

  it('CURATE_LATE of a day that was never queued, and of one that waits; what is sent again is shown', async () => {
    for (const _ of [1, 2]) await post('2026-11-21', 100);
    await cured('CURATE_LATE');
    expect(await story.cure('RESENDS')).toEqual([0]);
    await post('2026-11-22');
    const lambda = [{ fault: 'throttleInvocations', function: 'sluice-local-curate', calls: 'all' }];
    await story.setFaults({ lambda });
    await run('curate');
    await story.jump(25 * HOUR_MS);
    await story.clearFaults();
    await cured('CURATE_LATE');
  });

  it('CURATE_FAILED, once its files can be read', async () => {
    const Key = `${raw('2026-11-22')}foreign.parquet`;
    await story.put(Key, 'no Parquet');
    await run('curate');
    await removeVersion(story.s3By(), story.cloud.bucket, Key);
    await cured('CURATE_FAILED');
  });

  it('EXPORT_FAILED of a day before the lookback, once the bucket takes it', async () => {
    const allow = await story.deny({ Action: 's3:PutObject' }, WAREHOUSE, customer);
    await drop(new Date(story.clock.now() - 24 * HOUR_MS).toISOString().slice(0, 10));
    await run('ingest');
    await run('export');
    await story.jump(5 * 24 * HOUR_MS);
    await allow();
    await cured('EXPORT_FAILED');
  });
});
