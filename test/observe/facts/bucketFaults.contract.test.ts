import {
  PutBucketEncryptionCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutPublicAccessBlockCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeEach, expect, it } from '@jest/globals';
import { bucketSettings, publicAccessBlock } from '../../../lib/access/buckets/bucketSettings.ts';
import {
  type BucketKey,
  type BucketOwner,
  readBucketFaults,
  settingPart,
} from '../../../observe/facts/bucketFaults.ts';
import { answeredBy } from '../../harness/answering.ts';
import { startLanding } from '../startLanding.ts';

const landing = await startLanding();
afterAll(() => landing.close());

const ACCOUNT = '111122223333';
const DELETER = `arn:aws:iam::${ACCOUNT}:role/sluice-prod-EraseRole-1`;
const OWNER = { account: ACCOUNT, partition: 'aws', deleters: [] };
const faultsOf = (key: BucketKey = { kind: 's3' }) =>
  readBucketFaults(landing, key, OWNER, (_, question) => question(landing));
const Bucket = landing.config.bucket;
const notify = (
  NotificationConfiguration: PutBucketNotificationConfigurationCommand['input']['NotificationConfiguration'],
) => landing.s3.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration }));
const version = (Status: 'Enabled' | 'Suspended') =>
  landing.s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status } }));

const allow = (Sid: string, Principal: unknown) => ({
  Sid,
  Effect: 'Allow',
  Principal,
  Action: ['s3:GetObject'],
  Resource: `arn:aws:s3:::${Bucket}/*`,
});
/** The policy that the bucket should have beside these statements. */
const policyWith = (others: readonly object[], deleters: readonly string[] = []) => {
  const settings = bucketSettings(landing.config, { keyArn: null, deleters });
  return JSON.stringify(settings.find(({ name }) => name === 'policy')?.wanted({ Statement: others }));
};
const policies = (...others: readonly object[]) =>
  landing.s3.send(new PutBucketPolicyCommand({ Bucket, Policy: policyWith(others) }));
/** What is found of a policy, in a bucket of {@link OWNER} unless `owner` says otherwise. */
async function pointsOf(
  Policy: string,
  {
    config = landing.config,
    ...more
  }: { config?: typeof landing.config; owner?: BucketOwner | undefined } = {},
) {
  const s3 = answeredBy(S3Client, () => ({ Policy }));
  const { owner } = { owner: OWNER, ...more };
  const faults = await readBucketFaults({ config }, { kind: 's3' }, owner, async (part, question) =>
    part === settingPart('policy') ? question({ s3, config }) : null,
  );
  return faults.flatMap(({ points }) => points);
}
const bucket = landing.buckets.bucket(Bucket);
const asMade = bucket.settings;
// Before each test all settings are as they should be.
beforeEach(async () => {
  bucket.settings = asMade;
  await notify({ EventBridgeConfiguration: {} });
  await version('Enabled');
  await policies();
  await landing.s3.send(
    new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration: publicAccessBlock }),
  );
});

it('finds a statement that lets another account in, and its command takes out that alone', async () => {
  const own = allow('Own', { AWS: `arn:aws:iam::${ACCOUNT}:root` });
  const service = allow('Service', { Service: 'logging.s3.amazonaws.com' });
  // An organization, as S3 sees it, is not the public.
  const organization = {
    ...allow('Org', '*'),
    Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-acme123456' } },
  };
  await policies(own, service, organization);
  expect(await faultsOf()).toEqual([]);
  const team = allow('Team', { AWS: ['arn:aws:iam::999988887777:root'] });
  await policies(own, service, organization, team);
  const [fault, ...others] = await faultsOf();
  const { Statement } = JSON.parse(fault?.repair[5] ?? '{}');
  expect({
    ...fault,
    repair: Statement.map(({ Sid }: { readonly Sid: string }) => Sid),
    others,
  }).toMatchObject({
    name: 'policy',
    isShared: true,
    points: ['the statement Team allows the account 999988887777 s3:GetObject'],
    repair: ['Own', 'Service', 'Org', 'EncryptedTransportOnly'],
    others: [],
  });
});

it.each([
  {
    what: 'another account by a denial',
    statement: { ...allow('S', { AWS: '999988887777' }), Effect: 'Deny' },
    count: 0,
  },
  { what: 'everybody in a list', statement: allow('S', { AWS: ['*'] }), count: 1 },
  { what: 'another account by its number', statement: allow('S', { AWS: '999988887777' }), count: 1 },
  { what: 'a user that was deleted', statement: allow('S', { AWS: 'AIDA1234567890123' }), count: 0 },
  {
    what: 'all but somebody',
    statement: { ...allow('S', undefined), NotPrincipal: { AWS: `arn:aws:iam::${ACCOUNT}:root` } },
    count: 1,
  },
])(
  'finds $count strangers in a statement that names $what, none in a bucket that was brought, and none of an owner whom nobody knows',
  async ({ statement, count }) => {
    const Policy = policyWith([statement]);
    const { config } = landing;
    expect(await pointsOf(Policy)).toHaveLength(count);
    const brought = { ...config, existing: { ...config.existing, bucket: true } };
    expect(await pointsOf(Policy, { config: brought })).toEqual([]);
    expect(await pointsOf(Policy, { owner: undefined })).toEqual([]);
  },
);

it('finds that the public is not kept out any more', async () => {
  await landing.s3.send(
    new PutPublicAccessBlockCommand({
      Bucket,
      PublicAccessBlockConfiguration: { ...publicAccessBlock, BlockPublicPolicy: false },
    }),
  );
  await policies(allow('All', '*'));
  expect(await faultsOf()).toMatchObject([
    { name: 'policy', points: ['the statement All allows everybody s3:GetObject'] },
    { name: 'publicAccess', points: ['BlockPublicPolicy is false instead of true'] },
  ]);
});

it('finds a bucket that tells functions of no file, and one that keeps no versions', async () => {
  expect(await faultsOf()).toEqual([]);
  await notify({});
  expect(await faultsOf()).toMatchObject([
    { name: 'events', points: ['EventBridgeConfiguration is not set'] },
  ]);
  await version('Suspended');
  expect(await faultsOf()).toMatchObject([
    { name: 'events' },
    { name: 'versioning', points: ['Status is "Suspended" instead of "Enabled"'] },
  ]);
});

it('finds a bucket that encrypts with another key than the stack, if that is known', async () => {
  const arnOf = (id: string) => `arn:aws:kms:us-east-1:111122223333:key/${id}`;
  const encrypt = (rule: { SSEAlgorithm: 'aws:kms' | 'AES256'; KMSMasterKeyID?: string }) => {
    const ServerSideEncryptionConfiguration = { Rules: [{ ApplyServerSideEncryptionByDefault: rule }] };
    return landing.s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration }));
  };
  await encrypt({ SSEAlgorithm: 'aws:kms', KMSMasterKeyID: arnOf('b') });
  expect(await faultsOf({ kind: 'kms', arn: arnOf('a') })).toMatchObject([{ name: 'encryption' }]);
  expect(await faultsOf()).toMatchObject([{ name: 'encryption' }]);
  expect(await faultsOf({ kind: 'unknown' })).toEqual([]);
});

it('finds a rule that deletes what landed, and its command turns the rule off', async () => {
  bucket.settings = {
    ...bucket.settings,
    LifecycleConfiguration: {
      Rules: [
        { Id: 'save', Status: 'Enabled', Prefix: 'landing/', ExpirationInDays: 3 },
        { Id: 'photos', Status: 'Enabled', Prefix: 'photos/', ExpirationInDays: 3 },
      ],
    },
  };
  const [fault, ...others] = await faultsOf();
  const { Rules } = JSON.parse(fault?.repair[5] ?? '{}');
  expect({ name: fault?.name, points: fault?.points, Rules, others }).toMatchObject({
    name: 'lifecycle',
    points: ['the rule save deletes objects of landing/ after 3 days'],
    Rules: [
      { ID: 'save', Status: 'Disabled', Expiration: { Days: 3 } },
      { ID: 'photos', Status: 'Enabled' },
    ],
    others: [],
  });
});

it('tells the settings that it can read if one is denied', async () => {
  await notify({});
  await version('Suspended');
  const faults = await readBucketFaults(landing, { kind: 's3' }, OWNER, async (part, question) =>
    part === 'the setting events of the bucket' ? null : question(landing),
  );
  expect(faults.map(({ name }) => name)).toEqual(['versioning']);
});

it('finds that the policy lets others delete files without a version, once the roles that may are known', async () => {
  const owner = { ...OWNER, deleters: [DELETER] };
  expect(await pointsOf(policyWith([]), { owner })).toEqual(['DeleteByVersionOnly is missing']);
  expect(await pointsOf(policyWith([], [DELETER]), { owner })).toEqual([]);
  expect(await pointsOf(policyWith([]))).toEqual([]);
});
