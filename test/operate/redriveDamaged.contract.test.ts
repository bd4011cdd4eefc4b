import { PutBucketVersioningCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Deployment } from '../../observe/deployment.ts';
import { discardDamaged, redriveDamaged } from '../../operate/redriveDamaged.ts';
import { type Operated, startOperated } from './startOperated.ts';

const services = await startOperated();
afterAll(() => services.close());

let operated: Operated;
let deployment: Deployment;
beforeEach(async () => {
  operated = await services.create();
  deployment = operated.deployment;
});

describe('objects of damaged/', () => {
  const KEY = 'damaged/2026/11/23/10/a.ndjson.gz';

  it('are put into the landing again', async () => {
    for (const key of [KEY, 'damaged/folder/']) await operated.store.write(key, 'bytes');
    expect(await redriveDamaged(deployment, false)).toEqual({ objects: 1, bytes: 5 });
    const [folder, landed = ''] = await operated.keys();
    expect(folder).toBe('damaged/folder/');
    expect((await operated.store.read(landed))?.text).toBe('bytes');
    expect(landed).toMatch(/^landing\//);
    // What the writer puts aside of this very run is not tried again by it.
    await operated.store.write(landed.replace('landing/', 'damaged/'), 'bytes');
    expect(await redriveDamaged(deployment, false)).toEqual({ objects: 0, bytes: 0 });
  });

  /** The deployment, in which the object is put anew when a call of this name is about to be sent. */
  const renewing = (call = 'DeleteObjectCommand') =>
    operated.doingBefore(call, () => operated.store.write(KEY, 'newer'));

  it('that the writer has just put anew are not deleted', async () => {
    await operated.store.write(KEY, 'bytes');
    await redriveDamaged(renewing(), false);
    expect((await operated.store.read(KEY))?.text).toBe('newer');
    expect(await operated.keys()).toHaveLength(2);
  });

  it('that change once they are listed are not put into the landing', async () => {
    await operated.store.write(KEY, 'bytes');
    const redriven = redriveDamaged(renewing('CopyObjectCommand'), false);
    await expect(redriven).rejects.toMatchObject({ name: 'PreconditionFailed' });
    expect(await operated.keys()).toEqual([KEY]);
  });

  it('can be copied back for as long as the bucket keeps versions of data', async () => {
    const Bucket = deployment.config.bucket;
    const VersioningConfiguration = { Status: 'Enabled' } as const;
    await deployment.s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
    await operated.store.write(KEY, 'hello');
    const { retention } = deployment.config;
    const config = {
      ...deployment.config,
      retention: { ...retention, dataVersionDays: 9, landingVersionDays: 4 },
    };
    expect(await discardDamaged({ ...deployment, config }, KEY, false)).toMatchObject({
      key: KEY,
      bytes: 5,
      keptUntil: '2026-12-03',
    });
  });

  it('are not deleted if they change once they are shown', async () => {
    await operated.store.write(KEY, 'hello');
    await expect(discardDamaged(renewing(), KEY, false)).rejects.toMatchObject({
      code: 'SLUICE_DAMAGED_CHANGED',
    });
  });
});
