import {
  CopyObjectCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandInput,
  type ListObjectVersionsCommandOutput,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ObjectCreated } from '../../src/s3/model/ObjectStore.ts';
import { failureOf, type RunningS3, startS3 } from '../../src/testing/startS3.ts';
import { signedRequest } from '../edge/signedRequest.ts';

const Bucket = 'versioned';
const Key = 'a/key';

describe('a bucket with versions', () => {
  let s3: RunningS3;
  const versioning = (Status: 'Enabled' | 'Suspended') =>
    s3.client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));
  const put = async (Body: string, key = Key) =>
    (await s3.client.send(new PutObjectCommand({ Bucket, Key: key, Body }))).VersionId;
  const remove = (VersionId?: string, key = Key) =>
    s3.client.send(new DeleteObjectCommand({ Bucket, Key: key, VersionId }));
  const get = async (VersionId?: string) => {
    const answer = await s3.client.send(new GetObjectCommand({ Bucket, Key, VersionId }));
    return [await answer.Body?.transformToString(), answer.VersionId];
  };
  const list = async () => {
    const { Versions = [], DeleteMarkers = [] } = await s3.client.send(
      new ListObjectVersionsCommand({ Bucket }),
    );
    const name = (latest: boolean | undefined, id = '') => (latest === true ? `${id} latest` : id);
    return {
      versions: Versions.map(({ VersionId, IsLatest }) => name(IsLatest, VersionId)),
      markers: DeleteMarkers.map(({ VersionId, IsLatest }) => name(IsLatest, VersionId)),
    };
  };

  beforeEach(async () => {
    s3 = await startS3();
    s3.store.createBucket(Bucket, { eventBridge: true });
    await versioning('Enabled');
  });
  afterEach(async () => {
    await s3.close();
    expect(s3.defects).toEqual([]);
  });

  it('keeps what is replaced and deleted, and answers it by its ID', async () => {
    const created: ObjectCreated[] = [];
    s3.store.onObjectCreated((event) => created.push(event));
    const first = await put('first');
    const second = await put('second');
    expect(created.map(({ versionId }) => versionId)).toEqual([first, second]);
    expect(first).toMatch(/^[A-Za-z0-9]{32}$/);
    expect(await get()).toEqual(['second', second]);
    expect(await get(first)).toEqual(['first', first]);
    const deletion = await remove();
    expect(deletion).toMatchObject({ DeleteMarker: true, VersionId: expect.any(String) });
    expect(await failureOf(get())).toMatchObject({ name: 'NoSuchKey', status: 404 });
    expect(await failureOf(s3.client.send(new HeadObjectCommand({ Bucket, Key })))).toMatchObject({
      status: 404,
    });
    expect(await get(second)).toEqual(['second', second]);
    expect(await list()).toEqual({
      versions: [second, first],
      markers: [`${deletion.VersionId} latest`],
    });
    expect((await s3.client.send(new ListObjectsV2Command({ Bucket }))).KeyCount).toBe(0);
  });

  it('brings an object back when its delete marker is deleted, and an older one when the newest version is', async () => {
    const first = await put('first');
    const second = await put('second');
    const { VersionId: marker } = await remove();
    expect(await remove(marker)).toMatchObject({ DeleteMarker: true, VersionId: marker });
    expect(await get()).toEqual(['second', second]);
    expect(await remove(second)).toMatchObject({ VersionId: second });
    expect(await get()).toEqual(['first', first]);
    expect(s3.store.localPath(Bucket, Key)).toContain(`/${Bucket}/${Key}`);
    await remove(first);
    expect(await list()).toEqual({ versions: [], markers: [] });
    expect(await remove(first)).toMatchObject({ VersionId: first });
  });

  it('answers an ID that it never gave with the errors of S3', async () => {
    const first = (await put('first')) ?? '';
    // Recorded against AWS by localstack: test_delete_object_versioned, test_delete_objects_versioned.
    const unknown = { name: 'InvalidArgument', status: 400, message: 'Invalid version id specified' };
    const changed = (first.startsWith('x') ? 'y' : 'x') + first.slice(1);
    for (const id of [changed, 'HPniJFCxqTsMuIH9KX8K8wEjNUgmABCD', 'no such/version', 'none']) {
      expect(await failureOf(get(id))).toMatchObject(unknown);
      expect(await failureOf(remove(id))).toMatchObject(unknown);
      const { Deleted, Errors } = await s3.client.send(
        new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key, VersionId: id }] } }),
      );
      expect(Deleted).toBeUndefined();
      const error = { Code: 'NoSuchVersion', Message: 'The specified version does not exist.' };
      expect(Errors).toEqual([{ Key, VersionId: id, ...error }]);
    }
  });

  it('answers a version that was deleted as missing', async () => {
    const gone = await put('gone', 'other');
    await remove(gone, 'other');
    await remove(gone, 'other');
    expect(await failureOf(get(gone))).toMatchObject({ name: 'NoSuchVersion', status: 404 });
  });

  it('answers a delete marker with the errors of S3', async () => {
    await put('first');
    const { VersionId: marker } = await remove();
    expect(await failureOf(get(marker))).toMatchObject({ name: 'MethodNotAllowed', status: 405 });
    const hidden = await signedRequest({ url: s3.url, path: `/${Bucket}/${Key}` });
    expect(hidden).toMatchObject({
      status: 404,
      headers: { 'x-amz-delete-marker': 'true', 'x-amz-version-id': marker },
    });
    const CopySource = `${Bucket}/${Key}?versionId=${marker}`;
    const copied = s3.client.send(new CopyObjectCommand({ Bucket, Key: 'copy', CopySource }));
    expect(await failureOf(copied)).toMatchObject({ name: 'InvalidRequest' });
  });

  it('gives the version null to what was written before versioning', async () => {
    const place = { Bucket: 'plain', Key };
    s3.store.createBucket(place.Bucket);
    await s3.client.send(new PutObjectCommand({ ...place, Body: 'before' }));
    const VersioningConfiguration = { Status: 'Enabled' as const };
    await s3.client.send(new PutBucketVersioningCommand({ Bucket: place.Bucket, VersioningConfiguration }));
    await s3.client.send(new PutObjectCommand({ ...place, Body: 'after' }));
    const before = await s3.client.send(new GetObjectCommand({ ...place, VersionId: 'null' }));
    expect(await before.Body?.transformToString()).toBe('before');
    expect(before.VersionId).toBe('null');
  });

  it('has one version null of what was written or deleted while versioning was suspended', async () => {
    const first = await put('first');
    await versioning('Suspended');
    expect(await put('null one')).toBeUndefined();
    expect(await put('null two')).toBeUndefined();
    expect(await get('null')).toEqual(['null two', 'null']);
    expect(await list()).toEqual({ versions: ['null latest', first], markers: [] });
    await versioning('Enabled');
    const third = await put('third');
    await versioning('Suspended');
    expect(await remove()).toMatchObject({ DeleteMarker: true, VersionId: 'null' });
    expect(await list()).toEqual({ versions: [third, first], markers: ['null latest'] });
    await put('null three');
    expect(await list()).toEqual({ versions: ['null latest', third, first], markers: [] });
    expect(await get(third)).toEqual(['third', third]);
  });

  describe('of four keys', () => {
    const KEYS = ['a/key', 'b', 'c/1', 'c/2'];
    /** IDs of the three versions of each key, the newest first. The newest of b is a marker. */
    let idsOf: Map<string, readonly (string | undefined)[]>;
    let marker: string | undefined;
    beforeEach(async () => {
      idsOf = new Map();
      for (const key of KEYS) {
        const ids = [await put('1', key), await put('2', key), await put('3', key)];
        idsOf.set(key, ids.reverse());
      }
      marker = (await remove(undefined, 'b')).VersionId;
    });
    const listPage = (
      more: Partial<ListObjectVersionsCommandInput>,
    ): Promise<ListObjectVersionsCommandOutput> =>
      s3.client.send(new ListObjectVersionsCommand({ Bucket, ...more }));

    it.each([1, 2, 5, 100])(
      'lists versions in their order in pages of %i, which go on within a key',
      async (MaxKeys) => {
        const versions: string[] = [];
        const markers: string[] = [];
        let from: Partial<ListObjectVersionsCommandInput> | undefined = {};
        while (from !== undefined) {
          const page = await listPage({ MaxKeys, ...from });
          const { DeleteMarkers = [], Versions = [] } = page;
          expect(DeleteMarkers.length + Versions.length).toBeLessThanOrEqual(MaxKeys);
          versions.push(...Versions.map(({ Key: key, VersionId }) => `${key} ${VersionId}`));
          markers.push(...DeleteMarkers.map(({ Key: key, VersionId }) => `${key} ${VersionId}`));
          const { NextKeyMarker: KeyMarker, NextVersionIdMarker: VersionIdMarker } = page;
          from = page.IsTruncated === true ? { KeyMarker, VersionIdMarker } : undefined;
        }
        expect(versions).toEqual(KEYS.flatMap((key) => (idsOf.get(key) ?? []).map((id) => `${key} ${id}`)));
        expect(markers).toEqual([`b ${marker}`]);
      },
    );

    it('rolls up common prefixes', async () => {
      const page = await listPage({ Delimiter: '/', MaxKeys: 2 });
      expect(page.CommonPrefixes).toEqual([{ Prefix: 'a/' }]);
      expect(page.DeleteMarkers).toEqual([expect.objectContaining({ Key: 'b', VersionId: marker })]);
      const { NextKeyMarker: KeyMarker, NextVersionIdMarker: VersionIdMarker } = page;
      const rest = await listPage({ Delimiter: '/', KeyMarker, VersionIdMarker });
      expect(rest.Versions?.map(({ VersionId }) => VersionId)).toEqual(idsOf.get('b'));
      expect(rest.CommonPrefixes).toEqual([{ Prefix: 'c/' }]);
    });

    it('refuses the marker of a version without that of its key', async () => {
      expect(await failureOf(listPage({ VersionIdMarker: 'x' }))).toMatchObject({ name: 'InvalidArgument' });
    });
  });

  it('goes on behind the last version of a page when that is deleted meanwhile', async () => {
    const oldest = await put('1');
    const older = await put('2');
    await remove();
    await put('4');
    const page = await s3.client.send(new ListObjectVersionsCommand({ Bucket, MaxKeys: 2 }));
    const { NextKeyMarker: KeyMarker, NextVersionIdMarker: VersionIdMarker } = page;
    await remove(VersionIdMarker);
    const rest = await s3.client.send(new ListObjectVersionsCommand({ Bucket, KeyMarker, VersionIdMarker }));
    expect(rest.Versions?.map(({ VersionId }) => VersionId)).toEqual([older, oldest]);
    expect(rest.DeleteMarkers).toBeUndefined();
    await remove(older);
    await remove(oldest);
    const none = await s3.client.send(
      new ListObjectVersionsCommand({ Bucket, KeyMarker, VersionIdMarker: oldest }),
    );
    expect(none.Versions).toBeUndefined();
  });

  it('deletes many versions at once, and can be deleted only when none is left', async () => {
    const first = await put('first');
    const { Deleted: hidden } = await s3.client.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key }] } }),
    );
    const marker = hidden?.[0]?.DeleteMarkerVersionId;
    expect(hidden).toEqual([{ Key, DeleteMarker: true, DeleteMarkerVersionId: marker }]);
    expect(await failureOf(s3.client.send(new DeleteBucketCommand({ Bucket })))).toMatchObject({
      name: 'BucketNotEmpty',
      message: expect.stringContaining('all versions'),
    });
    const Objects = [first, marker].map((VersionId) => ({ Key, VersionId }));
    const { Deleted } = await s3.client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
    expect(Deleted).toEqual([
      { Key, VersionId: first },
      { Key, VersionId: marker, DeleteMarker: true, DeleteMarkerVersionId: marker },
    ]);
    await s3.client.send(new DeleteBucketCommand({ Bucket }));
  });

  it('copies a version, also onto its own key, which makes it the newest', async () => {
    const first = await put('first');
    await put('second');
    const CopySource = `${Bucket}/${Key}?versionId=${first}`;
    const other = await s3.client.send(new CopyObjectCommand({ Bucket, Key: 'other', CopySource }));
    expect(s3.store.head(Bucket, 'other')).toMatchObject({ size: 5, versionId: other.VersionId });
    const answer = await s3.client.send(new CopyObjectCommand({ Bucket, Key, CopySource }));
    expect(answer.CopySourceVersionId).toBe(first);
    expect(await get()).toEqual(['first', answer.VersionId]);
    expect(answer.VersionId).not.toBe(first);
  });
});
