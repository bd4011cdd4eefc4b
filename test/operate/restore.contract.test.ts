import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { DAY_MS } from '../../lib/base/time.ts';
import { erasures } from '../../lib/erase/Manifest.ts';
import { erasureKey, ledgerKey } from '../../lib/tables/ledgerKeys.ts';
import { dayFolder, versionPrefix } from '../../lib/tables/tableFolders.ts';
import { type RestoreOptions, restoreFiles } from '../../operate/restore.ts';
import { ledgerEntry } from '../harness/ledgerEntry.ts';
import { startVersionedBuckets, type VersionedBucket } from '../observe/startVersionedBuckets.ts';

const NOW = Date.UTC(2026, 10, 24, 10);
const DAY = '2026-11-19';
const NEXT = '2026-11-20';
const buckets = await startVersionedBuckets();
afterAll(() => buckets.close());

let place: VersionedBucket;
/** The folder of the day of events. */
let folder: string;
beforeEach(async () => {
  place = await buckets.create(NOW);
  folder = dayFolder(place.deployment.config, 'events', DAY);
});

const put = (key: string, text: string) => place.put(key, text);
const read = (key: string) => place.read(key);
const remove = (key: string) => place.remove(key);
const restore = (more: Partial<RestoreOptions> = {}, deployment = place.deployment) =>
  restoreFiles(deployment, { table: 'statsig_forwarded_events', days: [DAY], dryRun: false, ...more });

/** Everything that the bucket has: versions of files, and delete markers. */
async function everything() {
  const { Versions = [], DeleteMarkers = [] } = await place.s3.send(
    new ListObjectVersionsCommand({ Bucket: place.bucket }),
  );
  return {
    files: Versions.map(({ Key, VersionId }) => `${Key} ${VersionId}`),
    markers: DeleteMarkers.length,
  };
}

/** What the record of an erasure has: a run, the one under way, and one that has ended and left nothing. */
const erasureRun = {
  startedAt: NOW,
  resumed: 0,
  places: {},
  hasFound: true,
  left: [],
  leftCount: 0,
  expiring: [],
};
const manifest = { version: 1 as const, id: 'e1', units: 1, startedAt: NOW, forgotten: 0, bodies: [] };
const current = {
  ...erasureRun,
  owner: 'o',
  done: [],
  days: { exposures: [], events: [] },
  tables: {},
  onTheWay: [],
};
const ended = { ...erasureRun, onTheWay: [], endedAt: NOW };

describe('a day of a raw table', () => {
  describe('of which files were deleted, one of them twice', () => {
    const keys = () => ['a', 'b', 'c'].map((name) => `${folder}${name}`);
    const deleted = () => keys().slice(0, 2);
    beforeEach(async () => {
      for (const key of keys()) await put(key, key);
      for (const key of [...deleted(), `${folder}a`]) await remove(key);
    });

    it('gets them back by the removal of their markers alone', async () => {
      const { files } = await everything();
      expect(await restore()).toEqual([{ day: DAY, folder, deleted: deleted(), replaced: [] }]);
      expect(await Promise.all(keys().map(read))).toEqual(keys());
      expect(await everything()).toEqual({ files, markers: 0 });
    });

    it('gets back nothing of one that was put again since it was deleted', async () => {
      const again = `${folder}d`;
      await put(again, 'd');
      await remove(again);
      await put(again, 'd');
      expect(await restore()).toMatchObject([{ deleted: deleted(), replaced: [] }]);
    });

    it('stays as it is in a dry run, which names them', async () => {
      const before = await everything();
      expect(await restore({ dryRun: true })).toEqual([
        { day: DAY, folder, deleted: deleted(), replaced: [] },
      ]);
      expect(await everything()).toEqual(before);
    });

    it.each([
      { what: 'table', other: () => dayFolder(place.deployment.config, 'exposures', DAY) },
      { what: 'day', other: () => dayFolder(place.deployment.config, 'events', NEXT) },
    ])('gets back nothing of another $what', async ({ other }) => {
      const key = `${other()}a`;
      await place.lose(key);
      await restore();
      expect(await read(key)).toBeNull();
    });
  });

  describe('of which a file was replaced twice', () => {
    const key = () => `${folder}part é.parquet`;
    const copy = () => `${folder}restored-part é.parquet`;
    beforeEach(async () => {
      for (const text of ['rows PAR1', 'none PAR1', 'nothing PAR1']) await put(key(), text);
    });

    it('gets its first version beside what replaced it, and loses no version', async () => {
      const { files } = await everything();
      const replaced = [{ key: key(), copy: copy() }];
      expect(await restore()).toMatchObject([{ deleted: [], replaced }]);
      expect(await Promise.all([key(), copy()].map(read))).toEqual(['nothing PAR1', 'rows PAR1']);
      expect((await everything()).files).toEqual(expect.arrayContaining(files));
    });

    it('gets no second copy', async () => {
      await restore();
      expect(await restore()).toMatchObject([{ deleted: [], replaced: [] }]);
    });
  });

  it('gets what was replaced over what is no Parquet, which fails each query: the first version, once', async () => {
    const key = `${folder}a.parquet`;
    for (const text of ['rows PAR1', 'broken']) await put(key, text);
    const before = await everything();
    const replaced = [{ key, copy: key }];
    expect(await restore({ dryRun: true })).toMatchObject([{ deleted: [], replaced }]);
    expect(await restore()).toMatchObject([{ deleted: [], replaced }]);
    expect(await read(key)).toBe('rows PAR1');
    expect((await everything()).files).toEqual(expect.arrayContaining(before.files));
    expect(await restore()).toMatchObject([{ deleted: [], replaced: [] }]);
  });

  it('gets a file in whose place there is one of its size and its last 64 KiB, if ETags tell them apart', async () => {
    const key = `${folder}a.parquet`;
    const copy = `${folder}restored-a.parquet`;
    for (const first of ['a', 'b']) await put(key, `${first}${'='.repeat(65_536)}PAR1`);
    const replacedIn = async (encryption: 'kms' | 's3') => {
      const config = { ...place.deployment.config, encryption };
      return (await restore({ dryRun: true }, { ...place.deployment, config })).flatMap(
        ({ replaced }) => replaced,
      );
    };
    expect(await replacedIn('kms')).toEqual([]);
    expect(await replacedIn('s3')).toEqual([{ key, copy }]);
  });

  it('gets a file that came in parts over what is no Parquet once, although its copy has another ETag', async () => {
    const Key = `${folder}a.parquet`;
    const upload = { Bucket: place.bucket, Key };
    const { UploadId } = await place.s3.send(new CreateMultipartUploadCommand(upload));
    const part = { ...upload, UploadId, PartNumber: 1 };
    const { ETag } = await place.s3.send(new UploadPartCommand({ ...part, Body: 'rows PAR1' }));
    const MultipartUpload = { Parts: [{ ETag, PartNumber: 1 }] };
    await place.s3.send(new CompleteMultipartUploadCommand({ ...upload, UploadId, MultipartUpload }));
    await put(Key, 'broken');
    await restore();
    expect(await restore()).toMatchObject([{ deleted: [], replaced: [] }]);
  });

  it('is left as it is while an erasure is under way, or its last run has left something', async () => {
    await place.lose(`${folder}a`);
    const isErasing = () => expect(restore()).rejects.toMatchObject({ code: 'SLUICE_RESTORE_ERASING' });
    const records = erasures(s3ObjectStore(place.s3, place.bucket));
    let eTag = await records.write({ ...manifest, runs: [], current }, null);
    await isErasing();
    eTag = await records.write({ ...manifest, runs: [{ ...ended, leftCount: 1 }] }, eTag);
    await isErasing();
    eTag = await records.write({ ...manifest, runs: [ended, { ...ended, leftCount: 1 }] }, eTag);
    await isErasing();
    await records.write({ ...manifest, runs: [{ ...ended, leftCount: 1 }, ended] }, eTag);
    expect(await restore()).toMatchObject([{ deleted: [`${folder}a`] }]);
  });

  it('is left as it is until a day after S3 may delete versions that an erasure has left', async () => {
    await place.lose(`${folder}a`);
    const left = { ...ended, leftCount: 1 };
    await erasures(s3ObjectStore(place.s3, place.bucket)).write({ ...manifest, runs: [left] }, null);
    const Key = erasureKey(manifest.id);
    const { LastModified } = await place.s3.send(new HeadObjectCommand({ Bucket: place.bucket, Key }));
    const until = Number(LastModified) + (place.deployment.config.retention.dataVersionDays + 1) * DAY_MS;
    const options = { table: 'events', days: [DAY], dryRun: false };
    await expect(restoreFiles({ ...place.deployment, now: until }, options)).rejects.toMatchObject({
      code: 'SLUICE_RESTORE_ERASING',
    });
    expect(await restoreFiles({ ...place.deployment, now: until + 1_000 }, options)).toMatchObject([
      { deleted: [`${folder}a`] },
    ]);
  });
});

describe('a day of a table with versions', () => {
  it('gets back what was deleted of the version that is read', async () => {
    const { config } = place.deployment;
    const read1 = versionPrefix(config, 'acme_events', DAY, 'v-1');
    const old = versionPrefix(config, 'acme_events', DAY, 'v-0');
    for (const key of [`${read1}a`, `${old}a`, `${read1}b`]) await put(key, key);
    await put(`${read1}b`, 'another');
    for (const key of [`${read1}a`, `${old}a`]) await remove(key);
    await put(ledgerKey('acme', 'events', DAY), JSON.stringify(ledgerEntry({ version: 'v-1' })));
    for (const dryRun of [true, false])
      expect(await restore({ table: 'acme_events', days: [DAY, NEXT], dryRun })).toEqual([
        { day: DAY, folder: read1, deleted: [`${read1}a`], replaced: [] },
        { day: NEXT, folder: null, deleted: [], replaced: [] },
      ]);
    expect(await Promise.all([`${read1}a`, `${old}a`].map(read))).toEqual([`${read1}a`, null]);
  });
});

it.each(['experiment_groups', 'product_events', 'nothing', ''])('refuses the table "%s"', async (table) => {
  await expect(restore({ table })).rejects.toMatchObject({ code: 'SLUICE_RESTORE_TABLE_UNKNOWN' });
});
