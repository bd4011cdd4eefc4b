import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { parquetFromQuery } from '../../cli/ingest/dropFiles.ts';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { addDays, DAY_MS, HOUR_MS } from '../../lib/base/time.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { erasures } from '../../lib/erase/Manifest.ts';
import { readReceivedHours } from '../../lib/reconcile/receivedHours.ts';
import { erasureKey, ledgerKey, rawDaysKey } from '../../lib/tables/ledgerKeys.ts';
import { dayFolder, receivedHoursKey, versionPrefix } from '../../lib/tables/tableFolders.ts';
import { type Deployment, openDeployment } from '../../observe/deployment.ts';
import { readArchivedDays } from '../../observe/facts/days/files/archivedDays.ts';
import { readDamagedEntries } from '../../observe/facts/days/files/damagedFiles.ts';
import { landingFolders, restorableDays } from '../../observe/facts/days/files/restorableDays.ts';
import { readLostDays } from '../../observe/facts/tables/partitionGaps.ts';
import { pendingCures } from '../../operate/erase/pendingCures.ts';
import { restoreFiles } from '../../operate/restore.ts';
import { acmeSource } from '../harness/configInput.ts';
import { ledgerEntry } from '../harness/ledgerEntry.ts';
import { startAws } from '../harness/startAws.ts';

const NOW = Date.UTC(2026, 10, 24, 10);
const DAY = '2026-11-19';
const NEXT = '2026-11-20';
const aws = await startAws();
const { s3, store } = aws;
afterAll(() => aws.close());

let buckets = 0;
let deployment: Deployment;
let bucket: string;
let folder: string;

/** A deployment with a bucket of its own. */
beforeEach(async () => {
  buckets += 1;
  const config = defineConfig({ bucket: `sluice-restore-${buckets}`, sources: [acmeSource()] });
  bucket = config.bucket;
  store.createBucket(bucket);
  const VersioningConfiguration = { Status: 'Enabled' as const };
  await s3.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration }));
  const { endpoint, region, credentials } = aws.options;
  deployment = openDeployment(
    { config, stack: { service: 'sluice', stage: 'prod' }, isLocal: false, now: NOW },
    { endpoint, region, credentials },
  );
  folder = dayFolder(config, 'events', DAY);
});

const put = (key: string, text: string) => s3ObjectStore(s3, bucket).write(key, text, {});
const remove = (Key: string) => s3.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
/** Puts an object, and deletes it, so that S3 has a version of it. */
async function lose(key: string): Promise<void> {
  await put(key, key);
  await remove(key);
}
/** What can be restored of these days. */
const restorable = (lost: Partial<Parameters<typeof restorableDays>[1]>, place = deployment) =>
  restorableDays(place, { lostDays: null, curated: null, datasets: null, exports: null, ...lost });
/** Deletes all versions below a prefix for good. */
async function removeVersions(Prefix: string): Promise<void> {
  const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix }));
  for (const { Key = '', VersionId } of Versions)
    await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key, VersionId }));
}
const read = async (key: string) => (await s3ObjectStore(s3, bucket).read(key))?.text ?? null;
const restore = (more: Partial<Parameters<typeof restoreFiles>[1]> = {}, place = deployment) =>
  restoreFiles(place, { table: 'statsig_forwarded_events', days: [DAY], dryRun: false, ...more });
/** Everything that the bucket has: versions of files, and delete markers. */
async function everything() {
  const { Versions = [], DeleteMarkers = [] } = await s3.send(
    new ListObjectVersionsCommand({ Bucket: bucket }),
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
      { what: 'table', other: () => dayFolder(deployment.config, 'exposures', DAY) },
      { what: 'day', other: () => dayFolder(deployment.config, 'events', NEXT) },
    ])('gets back nothing of another $what', async ({ other }) => {
      const key = `${other()}a`;
      await lose(key);
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
      const place = { ...deployment, config: { ...deployment.config, encryption } };
      return (await restore({ dryRun: true }, place)).flatMap(({ replaced }) => replaced);
    };
    expect(await replacedIn('kms')).toEqual([]);
    expect(await replacedIn('s3')).toEqual([{ key, copy }]);
  });

  it('gets a file that came in parts over what is no Parquet once, although its copy has another ETag', async () => {
    const Key = `${folder}a.parquet`;
    const upload = { Bucket: bucket, Key };
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand(upload));
    const part = { ...upload, UploadId, PartNumber: 1 };
    const { ETag } = await s3.send(new UploadPartCommand({ ...part, Body: 'rows PAR1' }));
    const MultipartUpload = { Parts: [{ ETag, PartNumber: 1 }] };
    await s3.send(new CompleteMultipartUploadCommand({ ...upload, UploadId, MultipartUpload }));
    await put(Key, 'broken');
    await restore();
    expect(await restore()).toMatchObject([{ deleted: [], replaced: [] }]);
  });

  describe('that has lost a file', () => {
    const table = 'statsig_forwarded_events';
    const landed = `landing/${DAY.replaceAll('-', '/')}/`;
    const lookedAt = async (place: Deployment) => restorable({ lostDays: await readLostDays(place) }, place);
    /** The day and the folders of its landing, with so many versions of files. */
    const found = (files: Readonly<Record<string, number>>) =>
      [table, landed, 'landing/direct/2026-11-19/', 'landing/2026/11/20/', 'landing/direct/2026-11-20/'].map(
        (name) => ({ table: name, day: DAY, files: files[name] ?? 0 }),
      );
    beforeEach(async () => {
      const note = { at: NOW, days: { [DAY]: { seenAt: NOW - HOUR_MS, files: 2 } } };
      await put(rawDaysKey('events'), JSON.stringify(note));
      await lose(`${folder}a`);
    });

    it('holds up an erasure as long as S3 has a version', async () => {
      expect(await lookedAt(deployment)).toEqual([{ table, day: DAY, files: 1 }]);
      expect(await pendingCures(deployment)).toEqual([`${table}, ${DAY}: 1 file`]);
    });

    it('holds up no erasure when no version is left', async () => {
      await removeVersions(folder);
      expect(await lookedAt(deployment)).toEqual(found({}));
      expect(await pendingCures(deployment)).toEqual([]);
    });

    const landAndDelete = () => lose(`${landed}07/a.ndjson.gz`);

    it('holds up an erasure as long as its rows can be written again from what landed', async () => {
      await removeVersions(folder);
      await landAndDelete();
      expect(await lookedAt(deployment)).toEqual(found({ [landed]: 1 }));
      expect(await pendingCures(deployment)).toEqual([`${landed}, ${DAY}: 1 file`]);
    });

    it('has no cure once S3 has deleted the versions of what landed', async () => {
      await removeVersions(folder);
      await landAndDelete();
      const later = { ...deployment, now: Date.parse('2026-11-29T10:00:00Z') };
      expect(await lookedAt(later)).toEqual([{ table, day: DAY, files: 0 }]);
    });
  });

  it('is looked for once, among days that keep rows, and those of which a version or an export has the only rows', async () => {
    const lacking = [DAY, NEXT].map((day) => ({ day, since: 1, isOnly: day === DAY }));
    const keptDay = { rows: 1, since: '', gone: [], replaced: [], isErased: false };
    const found = await restorableDays(deployment, {
      lostDays: [{ table: 'events', day: DAY }],
      curated: [
        {
          kind: 'events',
          table: 'curated_events',
          kept: [
            { ...keptDay, day: DAY },
            { ...keptDay, day: NEXT },
          ],
          lacking: [{ day: NEXT, since: 1, isOnly: true }],
        },
      ],
      datasets: [{ table: 'acme_events', lacking }],
      exports: [
        {
          table: 'statsig_forwarded_exposures',
          days: [
            { day: DAY, kept: 1 },
            { day: NEXT, kept: 0 },
          ],
        },
      ],
    });
    expect(found.flatMap(({ table, day }) => (table.includes('/') ? [] : [`${table} ${day}`]))).toEqual([
      `statsig_forwarded_events ${NEXT}`,
      `statsig_forwarded_events ${DAY}`,
      `curated_events ${NEXT}`,
      `acme_events ${DAY}`,
      `statsig_forwarded_exposures ${DAY}`,
    ]);
  });

  it.each([
    { now: '2026-11-18T12:00:00Z', days: [] },
    { now: '2026-11-19T12:00:00Z', days: ['2026-11-19'] },
    { now: '2026-11-24T23:59:59Z', days: ['2026-11-19', '2026-11-20'] },
    { now: '2026-11-25T00:00:00Z', days: ['2026-11-20'] },
    { now: '2026-11-26T00:00:00Z', days: [] },
  ])('may have landed at $now, with four days of versions, in the folders of $days', ({ now, days }) => {
    const { config } = deployment;
    const retention = { ...config.retention, landingVersionDays: 4, dataVersionDays: 9 };
    const found = landingFolders(DAY, { config: { ...config, retention }, now: Date.parse(now) });
    expect(found).toEqual(
      days.flatMap((day) => [`landing/${day.replaceAll('-', '/')}/`, `landing/direct/${day}/`]),
    );
  });

  it('says how many rows its deleted files had, if each is Parquet', async () => {
    const looked = () => restorable({ lostDays: [{ table: 'events', day: DAY }] });
    for (const [name, rows] of [
      ['a', 3],
      ['b', 4],
    ] as const) {
      const Body = await parquetFromQuery(`SELECT i FROM range(${rows}) t(i)`);
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key: `${folder}${name}.parquet`, Body }));
      await remove(`${folder}${name}.parquet`);
    }
    expect(await looked()).toMatchObject([{ day: DAY, files: 2, rows: 7 }]);
    await lose(`${folder}c.parquet`);
    const [found] = await looked();
    expect(found).toEqual({ table: 'statsig_forwarded_events', day: DAY, files: 3 });
  });

  it('is looked for among the newest 100, in whatever order they are known', async () => {
    const days = Array.from({ length: 101 }, (_, i) => addDays('2026-08-01', i));
    const mixed = [...days.slice(50), ...days.slice(0, 50)];
    const lostDays = mixed.map((day) => ({ table: 'events', day }) as const);
    expect((await restorable({ lostDays })).map(({ day }) => day)).toEqual(days.slice(1).reverse());
  });

  it('says how many rows the deleted files of the newest days had, whose 100 footers are read', async () => {
    const Body = await parquetFromQuery('SELECT 1 i');
    for (const day of [DAY, NEXT])
      for (let i = 0; i < 60; i += 1) {
        const Key = `${dayFolder(deployment.config, 'events', day)}${i}.parquet`;
        await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body }));
        await remove(Key);
      }
    const lostDays = [DAY, NEXT].map((day) => ({ table: 'events', day }) as const);
    const found = await restorable({ lostDays });
    expect(found.map(({ day, rows }) => [day, rows])).toEqual([
      [NEXT, 60],
      [DAY, undefined],
    ]);
  });

  it('that has archived files comes after later ones', async () => {
    const looked = { seenAt: NOW, files: 1, archivedSince: NOW };
    await put(rawDaysKey('events'), JSON.stringify({ at: NOW, days: { [DAY]: looked, [NEXT]: looked } }));
    for (const day of [DAY, NEXT]) {
      const Key = `${dayFolder(deployment.config, 'events', day)}a.parquet`;
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'x', StorageClass: 'GLACIER' }));
    }
    const { days } = await readArchivedDays(deployment, { curated: [], datasets: [] });
    expect(days.map(({ day }) => day)).toEqual([NEXT, DAY]);
  });

  it('holds up an erasure for a short hour as long as S3 has a version, too', async () => {
    const hour = {
      ds: DAY,
      hour: 7,
      table_name: 'events',
      accepted: 9,
      finished: 2,
      missing: 7,
      unproved: 0,
    };
    const judged = receivedHoursKey(deployment.config, DAY);
    const row = { ...hour, state: 'short', why: null };
    await put(judged, `${JSON.stringify(row)}\n${JSON.stringify({ ...row, hour: 8 })}`);
    const key = 'landing/2026/11/19/07/a.ndjson.gz';
    await lose(key);
    const at = { ...deployment, now: Date.parse(`${NEXT}T02:00:00Z`) };
    const looked = async () => {
      const { rows: receivedHours } = await readReceivedHours(s3ObjectStore(s3, bucket), at.config, DAY);
      return restorable({ receivedHours }, at);
    };
    const foldersWith = (files: number) => [
      { table: 'landing/2026/11/19/07/', day: DAY, files },
      { table: `landing/direct/${DAY}/`, day: DAY, files: 0 },
      { table: 'landing/2026/11/19/08/', day: DAY, files: 0 },
    ];
    expect(await looked()).toEqual(foldersWith(1));
    const missing = `${DAY}, hour 7, events: 7 events are missing`;
    expect(await pendingCures(at)).toEqual([missing]);
    // Beside it, files of another day.
    const note = { at: NOW, days: { [NEXT]: { seenAt: NOW - HOUR_MS, files: 2 } } };
    await put(rawDaysKey('events'), JSON.stringify(note));
    await lose(`${dayFolder(at.config, 'events', NEXT)}a`);
    expect(await pendingCures(at)).toEqual([missing, `statsig_forwarded_events, ${NEXT}: 1 file`]);
    await put(rawDaysKey('events'), '{}');
    await removeVersions(key);
    expect(await looked()).toEqual(foldersWith(0));
    expect(await pendingCures(at)).toEqual([]);
  });

  it('is left as it is while an erasure is under way, or its last run has left something', async () => {
    await lose(`${folder}a`);
    const isErasing = () => expect(restore()).rejects.toMatchObject({ code: 'SLUICE_RESTORE_ERASING' });
    const records = erasures(s3ObjectStore(s3, bucket));
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
    await lose(`${folder}a`);
    const left = { ...ended, leftCount: 1 };
    await erasures(s3ObjectStore(s3, bucket)).write({ ...manifest, runs: [left] }, null);
    const Key = erasureKey(manifest.id);
    const { LastModified } = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key }));
    const until = Number(LastModified) + (deployment.config.retention.dataVersionDays + 1) * DAY_MS;
    const options = { table: 'events', days: [DAY], dryRun: false };
    await expect(restoreFiles({ ...deployment, now: until }, options)).rejects.toMatchObject({
      code: 'SLUICE_RESTORE_ERASING',
    });
    expect(await restoreFiles({ ...deployment, now: until + 1_000 }, options)).toMatchObject([
      { deleted: [`${folder}a`] },
    ]);
  });
});

describe('a day of a table with versions', () => {
  it('gets back what was deleted of the version that is read', async () => {
    const { config } = deployment;
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

it.each(['experiment_groups', 'product_events', 'nothing', ''])('refuses the table %j', async (table) => {
  await expect(restore({ table })).rejects.toMatchObject({ code: 'SLUICE_RESTORE_TABLE_UNKNOWN' });
});

describe('a damaged object of the ledger', () => {
  it('has the time of its last version, and the newest earlier version with other bytes', async () => {
    const damaged = ledgerKey('acme', 'events', DAY);
    const alone = ledgerKey('acme', 'events', NEXT);
    for (const text of ['{}', 'junk', 'junk']) await put(damaged, text);
    await put(alone, 'junk');
    const [first, second] = await readDamagedEntries(deployment, [alone, damaged]);
    expect(first).toMatchObject({ key: damaged, writtenAt: expect.stringMatching(/Z$/) });
    const source = `${bucket}/${damaged}?versionId=${first?.versionBefore}`;
    await s3.send(new CopyObjectCommand({ Bucket: bucket, Key: damaged, CopySource: source }));
    expect(await read(damaged)).toBe('{}');
    expect(second).toMatchObject({ key: alone, versionBefore: null });
  });

  it('that somebody deleted since has no time, and the version before that', async () => {
    const key = ledgerKey('acme', 'events', DAY);
    await lose(key);
    expect(await readDamagedEntries(deployment, [key])).toEqual([
      { key, writtenAt: null, versionBefore: expect.any(String) },
    ]);
  });
});
