import type { ConfigInput } from '../../lib/schema/config.ts';
import { acmeSource, eventsDataset, exportTo, READERS } from '../harness/configInput.ts';

const account = '111122223333';
const kmsKeyArn = 'arn:aws:kms:us-east-1:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const other = { region: 'eu-west-1', owner: '444455557777' } as const;
const role = { arn: 'arn:aws:iam::444455557777:role/sluice', externalId: 'made-by-us' };

/** Keeps the names as a type: who asks for a name that isn't there is told by `npm run check`. */
const named = <Name extends string>(configurations: Readonly<Record<Name, Partial<ConfigInput>>>) =>
  configurations;

/** Configurations that make different templates: each is packaged and checked. */
export const templateConfigurations = named({
  default: {},
  'readers of other data, in places of their own': {
    account,
    database: 'Sluice-Prod',
    athena: { stagingDatabase: 'statsig-staging' },
    readers: [
      {
        kind: 'statsig',
        name: 'statsig',
        iamName: 'Acme-Statsig',
        principal: account,
        externalId: 'made-by-statsig',
        workgroup: 'primary',
        keyAdministrator: true,
        alsoReads: [
          {
            database: 'finance-data',
            tables: ['orders'],
            locations: ['s3://acme-finance/orders/'],
            kmsKeyArn,
            owner: '444455556666',
          },
        ],
      },
      {
        kind: 'owox',
        name: 'owox',
        iamName: 'OWOXDataMarts',
        resultsBucket: 'acme-owox-results',
        existingResultsBucket: true,
        policies: [`arn:aws:iam::${account}:policy/read-finance`],
      },
      {
        kind: 'metabase',
        name: 'metabase',
        workgroup: 'primary',
        alsoReads: [{ database: 'finance-data', locations: ['s3://acme-shops/'], wholeBucket: true }],
      },
    ],
  },
  'readers and customers': {
    dailyIngest: { hour: 23 },
    readers: [
      ...READERS,
      { kind: 'statsig', name: 'statsig-user', as: 'user', keyAdministrator: true },
      { kind: 'metabase', name: 'metabase-role', as: 'role', principal: 'ec2', ownDatabase: 'metabase' },
    ],
    sources: [
      acmeSource({
        kmsKeyArn,
        receipt: 'sluice-receipts',
        datasets: [
          eventsDataset(),
          eventsDataset({ name: 'clicks', schedule: 'hourly', expectedBy: { hour: 9 } }),
        ],
      }),
      acmeSource({ ...other, name: 'by-role', bucket: 'other-drops', role, receipt: 'sluice-receipts' }),
    ],
    exports: [
      exportTo({ kmsKeyArn }, { name: 'events' }),
      exportTo({ folder: 'sluice/clicks' }, { name: 'clicks', table: 'acme_clicks', schedule: 'hourly' }),
      exportTo(
        { ...other, bucket: 'other-warehouse', role },
        { name: 'by-role', table: 'statsig_forwarded_exposures' },
      ),
      {
        name: 'for-statsig',
        table: 'statsig_forwarded_events',
        format: 'statsig',
        target: { bucket: 'acme-statsig' },
      },
    ],
    statsigBucket: {
      bucket: 'acme-statsig',
      user: 'arn:aws:iam::999689269917:user/acme-4f2a',
      writesTo: 'exports',
    },
  },
  "S3's own encryption": {
    encryption: 's3',
    relay: { statsig: true },
    readers: [...READERS],
    sources: [acmeSource({ receipt: 'sluice-receipts' })],
    exports: [exportTo({}, { name: 'events' })],
    statsigBucket: { bucket: 'acme-statsig', user: 'arn:aws:iam::999689269917:user/acme-4f2a' },
  },
  "a bucket that exists, with S3's own encryption": { encryption: 's3', existing: { bucket: true } },
  'a Function URL, and relay': {
    endpoint: { kind: 'function-url' },
    relay: { statsig: true },
    sources: [
      {
        name: 'acme',
        bucket: 'acme-drops',
        owner: '444455556666',
        datasets: [{ name: 'events', kind: 'events' }],
      },
    ],
  },
  'what a platform team asks for': {
    region: 'eu-west-1',
    account,
    tags: { team: 'data', 'cost-center': '47.11 / EU' },
    permissionsBoundary: `arn:aws:iam::${account}:policy/boundaries/workloads`,
    logs: {
      kmsKeyArn: `arn:aws:kms:eu-west-1:${account}:key/1234abcd-12ab-34cd-56ef-1234567890ab`,
      retentionDays: 365,
    },
    endpoint: {
      kind: 'both',
      domain: 'collect.acme.com',
      certificateArn: `arn:aws:acm:eu-west-1:${account}:certificate/1234abcd-12ab-34cd-56ef-1234567890ab`,
      accessLogDays: 90,
    },
    relay: { statsig: true },
    passThrough: { statsig: true },
    readers: [
      ...READERS.slice(0, 2),
      { kind: 'metabase', name: 'metabase-role', as: 'role', principal: 'ec2', ownDatabase: 'metabase' },
    ],
  },
  'all that exists is brought': {
    region: 'eu-west-1',
    existing: {
      bucket: true,
      keyArn: `arn:aws:kms:eu-west-1:${account}:key/1234abcd-12ab-34cd-56ef-1234567890ab`,
      database: true,
      stagingDatabase: true,
      workgroup: true,
    },
  },
  'every option': {
    region: 'eu-west-1',
    statsigFolder: 'warehouse/statsig',
    unitIds: { companyID: 'company_id', workspaceID: 'workspace_id' },
    timeWindow: { pastDays: 30, futureDays: 2 },
    collector: { reservedConcurrency: 50 },
    endpoint: { requestsPerSecond: 20_000, burst: 10_000 },
    retention: { forwardedDays: 730, landingVersionDays: 14 },
    alarms: { topicArn: `arn:aws:sns:eu-west-1:${account}:pages` },
    athena: { workgroup: 'acme', stagingDatabase: 'acme_staging', scanLimitGigabytes: 50 },
    buffering: { megabytes: 64, seconds: 60 },
    allowAnyKey: true,
  },
});
