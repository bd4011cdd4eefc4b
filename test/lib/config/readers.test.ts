import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '../../../lib/config/ConfigError.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';

const statsig = { kind: 'statsig', name: 'statsig', principal: '123456789012', externalId: 'project-7' };
const owox = { kind: 'owox', name: 'owox', resultsBucket: 'acme-owox' };
const metabase = { kind: 'metabase', name: 'metabase' };
const ACCOUNT = '444455556666';
const KEY = `arn:aws:kms:us-east-1:${ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;
const orders = { database: 'finance', tables: ['orders'], locations: ['s3://acme-finance/orders/'] };
const ROOT = 'arn:aws:iam::444455556666:root';

function problems(readers: object[], more: object = {}): string[] {
  try {
    Reflect.apply(defineConfig, undefined, [{ bucket: 'acme-experiments', readers, ...more }]);
  } catch (error) {
    if (error instanceof ConfigError)
      return error.detail
        .trim()
        .split('\n')
        .map((line) => line.trim());
    throw error;
  }
  return [];
}

describe('the configuration of readers', () => {
  it('accepts one of each kind, and fills in defaults', () => {
    expect(problems([statsig, owox, metabase])).toEqual([]);
    const { readers } = defineConfig({
      bucket: 'acme-experiments',
      readers: [
        { kind: 'owox', name: 'owox', resultsBucket: 'acme-owox' },
        { kind: 'metabase', name: 'bi' },
      ],
    });
    expect(readers).toEqual([
      {
        ...{ kind: 'owox', name: 'owox', resultsBucket: 'acme-owox', ownDatabase: 'owox', keySerial: 1 },
        ...{ existingResultsBucket: false, alsoReads: [], policies: [] },
      },
      {
        ...{ kind: 'metabase', name: 'bi', as: 'user', ownDatabase: null, keySerial: 1 },
        ...{ allowNoExternalId: false, alsoReads: [], policies: [] },
      },
    ]);
  });

  it.each([
    [statsig],
    [{ ...statsig, principal: 'arn:aws:iam::123456789012:user/statsig-service' }],
    [{ kind: 'statsig', name: 's', principal: '123456789012', allowNoExternalId: true }],
    [{ kind: 'statsig', name: 's', as: 'user', statsigForwardsHere: true, keyAdministrator: true }],
    [{ ...metabase, as: 'role', principal: 'ecs-tasks' }],
    [{ ...metabase, as: 'role', principal: ROOT, externalId: 'bi-7f3b' }],
    [{ ...metabase, as: 'role', principal: ROOT, allowNoExternalId: true }],
    [{ ...metabase, as: 'role', principal: ROOT.replace('root', 'role/bi') }],
    [{ ...metabase, ownDatabase: 'metabase' }],
    [{ ...metabase, workgroup: 'primary' }],
    [{ ...statsig, workgroup: 'primary', resultLocation: 's3://acme-experiments/statsig-results' }],
    [{ ...owox, existingResultsBucket: true, resultsKeyArn: KEY }],
    [{ ...owox, alsoReads: [orders], policies: [`arn:aws:iam::${ACCOUNT}:policy/read-finance`] }],
    [{ ...owox, alsoReads: [{ ...orders, locations: ['s3://acme-finance/'], wholeBucket: true }] }],
    [{ ...owox, alsoReads: [{ database: 'reports', tables: ['revenue'] }, orders] }],
    [{ ...owox, alsoReads: [{ ...orders, owner: ACCOUNT, kmsKeyArn: KEY }] }],
  ])('accepts %j', (reader) => {
    expect(problems([reader])).toEqual([]);
  });

  it.each<[string, object[], string, object?]>([
    [
      'two readers with one name',
      [metabase, { ...metabase }],
      'readers.1.name: got "metabase", expected another name than readers.0.name.',
    ],
    [
      'a kind that nobody knows',
      [{ kind: 'tableau', name: 't' }],
      'readers.0.kind: got "tableau", expected statsig, owox or metabase.',
    ],
    [
      'an account ID that is none',
      [{ ...statsig, principal: '1234' }],
      'readers.0.principal: got "1234", expected Statsig\'s account ID of 12 digits, or the ARN of its role or user.',
    ],
    [
      'a role without a principal',
      [{ ...statsig, principal: undefined }],
      "readers.0.principal: got nothing, expected Statsig's account ID of 12 digits, or the ARN of its role or user.",
    ],
    [
      'a role without an external ID',
      [{ ...statsig, externalId: undefined }],
      "readers.0.externalId: got nothing, expected the external ID in Statsig's console, or allowNoExternalId: true.",
    ],
    [
      'an external ID of a user',
      [{ kind: 'statsig', name: 's', as: 'user', externalId: 'project-7' }],
      'readers.0.externalId: expected none: a user signs in with access keys, nobody assumes it.',
    ],
    [
      'a principal of a user',
      [{ ...metabase, principal: 'ec2' }],
      'readers.0.principal: expected none: a user signs in with access keys, nobody assumes it.',
    ],
    [
      'a role that nobody assumes',
      [{ ...metabase, as: 'role' }],
      'readers.0.principal: got nothing, expected ec2, ecs-tasks, or the ARN of a role or user.',
    ],
    [
      'OWOX without a bucket',
      [{ kind: 'owox', name: 'o' }],
      'readers.0.resultsBucket: got nothing, expected a bucket name.',
    ],
    [
      'results in the bucket of the data',
      [{ ...owox, resultsBucket: 'acme-experiments' }],
      'readers.0.resultsBucket: got "acme-experiments", expected another bucket than bucket.',
    ],
    [
      "a database that is not the reader's own",
      [{ ...owox, ownDatabase: 'sluice' }],
      'readers.0.ownDatabase: got "sluice", expected another database than database.',
    ],
    [
      "Statsig's database",
      [{ ...metabase, ownDatabase: 'statsig_staging' }],
      'readers.0.ownDatabase: got "statsig_staging", expected another database than athena.stagingDatabase.',
    ],
    [
      'one database for two',
      [owox, { ...metabase, ownDatabase: 'owox' }],
      'readers.1.ownDatabase: got "owox", expected another database than readers.0.ownDatabase.',
    ],
    [
      "Sluice's own database among others",
      [{ ...owox, alsoReads: [{ ...orders, database: 'SLUICE' }] }],
      `readers.0.alsoReads.0.database: got "sluice", expected another database than \`database\`: a reader has Sluice's own without this, and no more of them.`,
    ],
    [
      "Statsig's staging database among others",
      [{ ...owox, alsoReads: [{ ...orders, database: 'statsig_staging' }] }],
      `readers.0.alsoReads.0.database: got "statsig_staging", expected another database than \`athena.stagingDatabase\`: a reader has Sluice's own without this, and no more of them.`,
    ],
    [
      "a location in Sluice's bucket",
      [{ ...owox, alsoReads: [{ ...orders, locations: ['s3://acme-experiments/landing/'] }] }],
      `readers.0.alsoReads.0.locations.0: got "s3://acme-experiments/landing/", expected a location outside of \`bucket\`: a reader has Sluice's own tables without this, and must not read the rest.`,
    ],
    [
      'the results of another reader',
      [metabase, owox, { ...statsig, alsoReads: [{ ...orders, locations: ['s3://acme-owox/a/'] }] }],
      `readers.2.alsoReads.0.locations.0: got "s3://acme-owox/a/", expected a location outside of \`readers.1.resultsBucket\`: a reader has Sluice's own tables without this, and must not read the rest.`,
    ],
    [
      'a whole bucket',
      [{ ...owox, alsoReads: [{ ...orders, locations: ['s3://acme-finance'] }] }],
      'readers.0.alsoReads.0.locations.0: got "s3://acme-finance", expected a folder in the bucket, or `wholeBucket: true`: a whole bucket is read with all that is put there later.',
    ],
    [
      'a location with a pattern',
      [{ ...owox, alsoReads: [{ ...orders, locations: ['s3://acme-finance/*'] }] }],
      `readers.0.alsoReads.0.locations.0: got "s3://acme-finance/*", expected a location in S3, s3://<bucket>/<folder>/, of letters, digits and !_.'()=:@+- in the folder.`,
    ],
    [
      'a folder above',
      [{ ...owox, alsoReads: [{ ...orders, locations: ['s3://acme-finance/orders/../'] }] }],
      `readers.0.alsoReads.0.locations.0: got "s3://acme-finance/orders/../", expected a location in S3, s3://<bucket>/<folder>/, of letters, digits and !_.'()=:@+- in the folder.`,
    ],
    [
      'a pattern of tables',
      [{ ...owox, alsoReads: [{ ...orders, tables: ['*'] }] }],
      'readers.0.alsoReads.0.tables.0: got "*", expected the name of a table or view.',
    ],
    [
      'a bucket with two owners',
      [{ ...owox, alsoReads: [orders, { ...orders, database: 'more', owner: ACCOUNT }] }],
      'readers.0.alsoReads.1.locations.0: got "s3://acme-finance/orders/", expected the `owner` of alsoReads.0.locations.0: a bucket has one.',
    ],
    [
      'a key of no location',
      [{ ...owox, alsoReads: [{ database: 'reports', kmsKeyArn: KEY }] }],
      'readers.0.alsoReads.0.kmsKeyArn: expected none without `locations`.',
    ],
    [
      'a policy of AWS, which opens everything',
      [{ ...owox, policies: ['arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'] }],
      'readers.0.policies.0: got "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess", expected the ARN of a managed policy of yours, arn:aws:iam::<account>:policy/<name>: AWS\'s own open every bucket or table of the account.',
    ],
    [
      'a workgroup of ours',
      [{ ...metabase, workgroup: 'sluice' }],
      'readers.0.workgroup: got "sluice", expected `primary` or a workgroup that is not Sluice\'s: without this field the reader has one of its own.',
    ],
    [
      'results among what lands',
      [{ ...statsig, resultLocation: 's3://acme-experiments/landing/x/' }],
      'readers.0.resultLocation: got "s3://acme-experiments/landing/x/", expected a folder outside of landing/, which has another use.',
    ],
    [
      'results in the Statsig folder',
      [{ ...statsig, resultLocation: 's3://acme-experiments/statsig/results/' }],
      'readers.0.resultLocation: got "s3://acme-experiments/statsig/results/", expected a folder outside of statsig/, which has another use.',
    ],
    [
      'results in a former Statsig folder',
      [{ ...statsig, resultLocation: 's3://acme-experiments/old/' }],
      'readers.0.resultLocation: got "s3://acme-experiments/old/", expected a folder outside of old/, which has another use.',
      { statsigFolder: 'new', formerStatsigFolders: [{ folder: 'old', until: '2026-11-01' }] },
    ],
    [
      "a customer's bucket as that of OWOX",
      [{ ...owox, existingResultsBucket: true }],
      'readers.0.resultsBucket: got "acme-owox", expected another bucket than sources.0.bucket.',
      {
        sources: [
          { name: 'shop', bucket: 'acme-owox', owner: ACCOUNT, datasets: [{ name: 'rows', kind: 'events' }] },
        ],
      },
    ],
    [
      'results in another bucket',
      [{ ...statsig, resultLocation: 's3://acme-other/results/' }],
      'readers.0.resultLocation: got "s3://acme-other/results/", expected a folder in `bucket`, such as s3://acme-experiments/statsig-results/.',
    ],
    [
      "the folder of another's results",
      [
        { ...statsig, resultLocation: 's3://acme-experiments/results/' },
        { ...statsig, name: 'other', resultLocation: 's3://acme-experiments/results/other/' },
      ],
      'readers.1.resultLocation: got "s3://acme-experiments/results/other/", expected a folder apart from the folder of readers.0.',
    ],
    [
      'a key of a bucket that the stack makes',
      [{ ...owox, resultsKeyArn: KEY }],
      'readers.0.resultsKeyArn: expected none without `existingResultsBucket: true`: the stack encrypts its bucket with the key of `bucket`.',
    ],
    [
      'a name that makes no logical ID',
      [{ ...metabase, name: 'BI team' }],
      'readers.0.name: got "BI team", expected a name of words joined by -, each of a-z and 0-9 and beginning with a letter.',
    ],
    [
      'the folder of tables that Athena makes of people’s queries',
      [{ ...metabase, name: 'tables' }],
      'readers.0.name: got "tables", expected another name, as Athena puts tables into the folder of this name.',
    ],
    ['a member of another kind', [{ ...owox, externalId: 'x' }], 'readers.0.externalId: no such field.'],
    [
      "Metabase's role for everybody of an account",
      [{ ...metabase, as: 'role', principal: ROOT }],
      `readers.0.principal: got "${ROOT}", expected the ARN of a role or user, or an externalId beside a root, or allowNoExternalId: true.`,
    ],
    [
      'an external ID of a service, which sends none',
      [{ ...metabase, as: 'role', principal: 'ec2', externalId: 'bi-7f3b' }],
      'readers.0.externalId: expected none: ec2 sends none.',
    ],
    [
      "an external ID of Metabase's user",
      [{ ...metabase, externalId: 'bi-7f3b' }],
      'readers.0.externalId: expected none: a user signs in with access keys, nobody assumes it.',
    ],
  ])('rejects by field %s', (_, readers, expected, more = {}) => {
    expect(problems(readers, more)).toEqual([expected]);
  });

  it('knows the account, if it is configured', () => {
    const policies = ['arn:aws:iam::444455556666:policy/read-finance'];
    const reader = { ...owox, alsoReads: [{ ...orders, owner: ACCOUNT }], policies };
    expect(problems([reader], { account: '444455556666' })).toEqual([
      'readers.0.alsoReads.0.owner: got "444455556666", expected none: the deployment is in that account.',
    ]);
    expect(problems([{ ...owox, policies }], { account: '111122223333' })).toEqual([
      'readers.0.policies.0: got "arn:aws:iam::444455556666:policy/read-finance", expected a policy of the account 111122223333, which is deployed to: IAM attaches no other.',
    ]);
  });

  it('refuses more than a policy of IAM holds', () => {
    const tables = Array.from({ length: 100 }, (_, i) => `a_table_with_a_long_name_${i}`);
    const [problem = ''] = problems([{ ...owox, alsoReads: [{ ...orders, tables }] }]);
    expect(problem).toMatch(/^readers\.0\.alsoReads: got \d+ characters of policy, expected at most 6144: /);
  });

  it('folds names of databases to lower case, as Glue does', () => {
    const { database, readers } = defineConfig({
      bucket: 'acme-experiments',
      database: 'Sluice-Prod',
      readers: [{ kind: 'metabase', name: 'bi', alsoReads: [{ database: 'Finance', tables: ['Orders'] }] }],
    });
    expect([database, readers[0]?.alsoReads[0]?.database, readers[0]?.alsoReads[0]?.tables]).toEqual([
      'sluice-prod',
      'finance',
      ['orders'],
    ]);
  });

  it('limits the length of names, so that workgroup names fit', () => {
    const withWorkgroup = (length: number) =>
      problems([metabase], { athena: { workgroup: 'w'.repeat(length) } });
    expect(withWorkgroup(128 - '_metabase'.length)).toEqual([]);
    expect(withWorkgroup(128 - '_metabase'.length + 1)).toEqual([
      'athena.workgroup: got 120 characters, expected at most 119, as readers.0.name is added for its own.',
    ]);
  });
});
