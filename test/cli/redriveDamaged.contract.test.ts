import { gzipSync } from 'node:zlib';
import { PutBucketVersioningCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { anyVersion, listObjects } from '../../lib/base/ObjectStore.ts';
import { againKey, damagedKey } from '../../lib/tables/objectKeys.ts';
import { startS3 } from '../../packages/local-aws/src/testing/startS3.ts';
import { awsEnvironment, callMain } from '../harness/callMain.ts';
import { temporaryDirectory, writeConfig } from '../harness/temporaryDirectory.ts';

const BUCKET = 'acme-experiments';
const LANDED = 'landing/2026/11/20/10/a.ndjson.gz';
const DAMAGED = damagedKey(LANDED);
const LINE = '{"kind":"pages","ds":"2026-11-20","row":{}}\n';

const directory = temporaryDirectory();
const server = await startS3();
server.store.createBucket(BUCKET);
const store = s3ObjectStore(server.client, BUCKET);
const env = {
  ...awsEnvironment(server.url),
  SLUICE_CONFIG: writeConfig(directory.path, { bucket: BUCKET }),
};
beforeEach(async () => store.removeAll(anyVersion(await keys())));
afterAll(async () => {
  await server.close();
  directory.remove();
});

const redrive = (...args: string[]) => callMain(['redrive', ...args, '--local'], { env });
const answer = async (...args: string[]) => JSON.parse((await redrive(...args, '--json')).stdout);
async function keys() {
  const found: string[] = [];
  for await (const { key } of listObjects(store, '')) found.push(key);
  return found;
}

describe('sluice redrive --damaged', () => {
  it('puts every object into the landing again, under a key of its own', async () => {
    const metadata = { delivered: '1', hours: '2026-11-20T10' };
    await store.write(DAMAGED, 'foreign', { metadata });
    await store.write(damagedKey(againKey(damagedKey('landing/b'), 1_000)), 'other');
    const counts = { objects: 2, bytes: 12 };
    expect(await answer('--damaged', '--dry-run')).toEqual({ dryRun: true, ...counts });
    expect(await keys()).toHaveLength(2);
    expect((await redrive('--damaged', '--dry-run')).stdout).toMatch(/objects of damaged\/ +2\nbytes +12\n/);
    expect(await answer('--damaged')).toEqual({ dryRun: false, ...counts });
    expect(await keys()).toEqual([
      expect.stringMatching(/^landing\/again\/\d+\/2026\/11\/20\/10\/a\.ndjson\.gz$/),
      expect.stringMatching(/^landing\/again\/\d+\/b$/),
    ]);
    // When its events came, a try does not change.
    const [again = ''] = await keys();
    expect((await store.head(again))?.metadata).toEqual(metadata);
    expect(await answer('--damaged')).toEqual({ dryRun: false, objects: 0, bytes: 0 });
  });
});

describe('sluice redrive --discard', () => {
  it('shows what an object holds, and deletes it, also by the key of its object of the landing', async () => {
    const bytes = gzipSync(`${LINE}hello\n${LINE}`);
    await store.write(DAMAGED, bytes);
    const shown = { key: DAMAGED, bytes: bytes.length, begins: `${LINE}hello\n${LINE}`, rows: 2 };
    expect(await answer('--discard', LANDED, '--dry-run')).toMatchObject({ dryRun: true, ...shown });
    expect(await keys()).toEqual([DAMAGED]);
    const { code, stdout } = await redrive('--discard', DAMAGED);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(/lines that begin as a row +2\n/),
    });
    expect(await keys()).toEqual([]);
  });

  it('shows rows that are not compressed', async () => {
    const row = '{"kind":"events","ds":"2026-11-20","row":{"event_id":"a"}}\n';
    await store.write(DAMAGED, row.repeat(2));
    expect(await answer('--discard', DAMAGED)).toMatchObject({
      begins: row.repeat(2).slice(0, 100),
      rows: 2,
    });
  });

  it.each<{
    readonly what: string;
    /** A bucket of its own: S3 takes no versioning back. */
    readonly bucket: string;
    readonly status?: 'Enabled' | 'Suspended';
    readonly keptUntil: unknown;
  }>([
    { what: 'not in a bucket without versions', bucket: 'acme-plain', keptUntil: null },
    {
      what: 'until a day in one with versions',
      bucket: 'acme-versions',
      status: 'Enabled',
      keptUntil: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
    },
    {
      what: 'not in one whose versions are suspended',
      bucket: 'acme-suspended',
      status: 'Suspended',
      keptUntil: null,
    },
  ])('says how long the object is kept: $what', async ({ bucket, status, keptUntil }) => {
    server.store.createBucket(bucket);
    if (status !== undefined)
      await server.client.send(
        new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: status } }),
      );
    await s3ObjectStore(server.client, bucket).write(DAMAGED, 'bytes');
    const ofBucket = {
      ...env,
      SLUICE_CONFIG: writeConfig(directory.path, { bucket }, `${bucket}.config.ts`),
    };
    const { stdout } = await callMain(['redrive', '--discard', DAMAGED, '--local', '--json'], {
      env: ofBucket,
    });
    expect(JSON.parse(stdout)).toMatchObject({ keptUntil });
  });

  it.each(['damaged/none', 'damaged/', 'statsig/a.parquet'])('refuses %s', async (key) => {
    const kept = ['damaged/', 'statsig/a.parquet'];
    for (const other of kept) await store.write(other, 'a');
    const refused = { code: 1, stderr: expect.stringContaining('SLUICE_DAMAGED_MISSING') };
    expect(await redrive('--discard', key)).toMatchObject(refused);
    expect(await keys()).toEqual(kept);
  });

  it.each(['--damaged', '--landing', '--from 2026-11-20'])('is refused beside %s', async (other) => {
    expect(await redrive('--discard', DAMAGED, ...other.split(' '))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('SLUICE_USAGE_OPTIONS'),
    });
  });
});
