import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PART_BYTES } from '../../../lib/aws/multipartUpload.ts';
import { exportDay } from '../../../lib/export/exportDay.ts';
import type { Export } from '../../../lib/schema/exports.ts';
import { bytesOfSize, DAY, type ExportWorld, OURS, startExport, TARGET, THEIRS } from './startExport.ts';

const HEADER = 'x-amz-server-side-encryption';
const KEY_HEADER = `${HEADER}-aws-kms-key-id`;
/** The objects of the day: a small file, one that is sent in parts, and the manifest. */
const OBJECTS = 3;

describe('the encryption of an export', () => {
  let world: ExportWorld;
  beforeEach(async () => {
    world = await startExport();
    await world.register(DAY);
    await world.put('small.parquet', 'first');
    await world.put('large.parquet', bytesOfSize(PART_BYTES + 5));
  });
  afterEach(() => world.close());

  const run = (exported: Export) =>
    exportDay(world.exporter({ exported }), exported, { day: DAY, fingerprint: 'as planned' });
  /** The encryption of each object of the day. */
  const encryptions = () =>
    world.store
      .list(TARGET, { prefix: `events/${DAY}/`, limit: 10 })
      .entries.map((listed) => ('object' in listed ? listed.object.attributes.encryption : {}));
  /**
   * Lets the bucket demand an encryption header, as
   * https://github.com/terraform-aws-modules/terraform-aws-s3-bucket/blob/master/main.tf does.
   */
  const demand = (algorithm: string, keyArn?: string) => {
    const { bucketPolicy } = world.policies(TARGET);
    const deny = (Condition: object) => ({
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:PutObject',
      Resource: `arn:aws:s3:::${TARGET}/*`,
      Condition,
    });
    const Statement = [
      ...bucketPolicy.Statement,
      deny({ Null: { [`s3:${HEADER}`]: true } }),
      deny({ StringNotEquals: { [`s3:${HEADER}`]: algorithm } }),
    ];
    if (keyArn !== undefined) Statement.push(deny({ StringNotEquals: { [`s3:${KEY_HEADER}`]: keyArn } }));
    world.store.bucket(TARGET).settings = { policy: JSON.stringify({ ...bucketPolicy, Statement }) };
  };

  it('is what the bucket’s policy demands, of files, parts and the manifest', async () => {
    demand('AES256');
    expect(await run(world.configured())).toMatchObject({
      entry: { failure: { code: 'SLUICE_EXPORT_ACCESS_DENIED' } },
    });
    expect(await run(world.configured({ encryption: 'AES256' }))).toMatchObject({
      entry: { state: 'succeeded' },
    });
    expect(encryptions()).toEqual(Array(OBJECTS).fill({ [HEADER]: 'AES256' }));
  });

  it('needs a key of theirs: nobody of another account may use S3’s own', async () => {
    demand('aws:kms');
    const configured = world.configured();
    // A configuration cannot ask for it.
    const target = { ...configured.target, encryption: 'aws:kms' } as const;
    const withoutKey = { ...configured, target };
    expect(await run(withoutKey)).toMatchObject({
      entry: { failure: { code: 'SLUICE_EXPORT_KEY_DENIED' } },
    });
  });

  it('is by the configured key if both sides allow it', async () => {
    const anyKey = 'arn:aws:kms:us-east-1:0:key/x';
    const { keyPolicy, callerPolicy } = world.policies(TARGET, anyKey);
    const { arn } = world.keys.create(THEIRS, 'of the warehouse', JSON.stringify(keyPolicy));
    const policies = [JSON.parse(JSON.stringify(callerPolicy).replace(anyKey, arn))];
    world.roles.deploy([
      { arn: `arn:aws:iam::${OURS}:role/export`, account: OURS, trust: undefined, policies },
    ]);
    demand('aws:kms', arn);
    const exported = world.configured({ encryption: 'aws:kms', kmsKeyArn: arn });
    expect(await run(exported)).toMatchObject({ entry: { state: 'succeeded' } });
    expect(encryptions()).toHaveLength(OBJECTS);
    for (const headers of encryptions()) expect(headers).toMatchObject({ [KEY_HEADER]: arn });
  });
});
