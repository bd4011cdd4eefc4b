import { describe, expect, it } from '@jest/globals';
import { policyScope } from '../../lib/access/arns.ts';
import { lifecycleRules } from '../../lib/access/buckets/lifecycleRules.ts';
import { deployPolicies } from '../../lib/access/deployPolicy.ts';
import { erasePolicy } from '../../lib/access/operators/erasePolicy.ts';
import { readerPermissions } from '../../lib/access/readerPermissions.ts';
import { placeFolders } from '../../lib/erase/erasePlaces.ts';
import { readDeployment, resolveTemplate } from '../../packages/local-aws/src/template/index.ts';
import { madeStack, PLACE } from './madeStack.ts';
import { templateConfigurations } from './templateConfigurations.ts';

const { config, template, resolved } = madeStack({
  readers: [
    { kind: 'statsig', name: 'statsig', principal: '123456789012', externalId: 'project-7' },
    { kind: 'statsig', name: 'statsig-old', as: 'user' },
    { kind: 'owox', name: 'owox', resultsBucket: 'acme-owox' },
    { kind: 'metabase', name: 'metabase' },
    { kind: 'metabase', name: 'bi-ec2', as: 'role', principal: 'ec2', ownDatabase: 'models' },
  ],
});
const find = (logicalId: string) => {
  const found = resolved.resources.find((resource) => resource.logicalId === logicalId);
  if (found === undefined) throw new Error(`no ${logicalId}`);
  return found;
};
const scope = policyScope(config, { ...PLACE, keyArn: find('DataKey').arn ?? '' });

describe('readers that read more, in places of their own', () => {
  const inOwnPlaces = madeStack(templateConfigurations['readers of other data, in places of their own']);
  const { Resources, Outputs } = inOwnPlaces.made;
  const propertiesOf = (id: string) => Resources[id]?.Properties;

  it('have what is added in a policy of its own, and policies of yours attached', () => {
    const statsig = JSON.stringify(propertiesOf('ReaderStatsigAlsoPolicy'));
    expect(statsig).toContain('table/finance-data/orders');
    expect(JSON.stringify(propertiesOf('ReaderStatsigPolicy'))).not.toContain('finance');
    expect(propertiesOf('ReaderStatsigRole')?.['ManagedPolicyArns']).toEqual([
      { Ref: 'ReaderStatsigAlsoPolicy' },
    ]);
    expect(propertiesOf('ReaderOwoxUser')?.['ManagedPolicyArns']).toEqual([
      { Ref: 'ReaderOwoxPolicy' },
      'arn:aws:iam::111122223333:policy/read-finance',
    ]);
  });

  it('administer the key by its own policy, without a circle of references', () => {
    expect(propertiesOf('ReaderStatsigPolicy')?.['Roles']).toEqual([{ Ref: 'ReaderStatsigRole' }]);
    expect(JSON.stringify(propertiesOf('DataKey'))).toContain(
      `{"AWS":{"Fn::Sub":"\${ReaderStatsigRole.Arn}"}}`,
    );
    expect(JSON.stringify(propertiesOf('ReaderStatsigRole'))).not.toMatch(/DataKey|ReaderStatsigPolicy/);
  });

  it('have the names in IAM that are chosen', () => {
    const nameOf = (id: string, member: 'RoleName' | 'UserName') => propertiesOf(id)?.[member];
    expect(nameOf('ReaderOwoxUser', 'UserName')).toBe('OWOXDataMarts');
    expect(nameOf('ReaderStatsigRole', 'RoleName')).toBe('Acme-Statsig');
    const printed = JSON.stringify(deployPolicies(scope, inOwnPlaces.config, 'sluice-prod').stack);
    expect(printed).toContain(':role/Acme-Statsig"');
    expect(printed).toContain(':user/OWOXDataMarts"');
  });

  it('have neither workgroup nor bucket of the stack', () => {
    const made = Object.entries(Resources).flatMap(([id, { Type }]) =>
      id.startsWith('Reader') && /WorkGroup|Bucket/.test(Type) ? [id] : [],
    );
    expect(made).toEqual([]);
    expect(Object.keys(Outputs).filter((name) => /^Reader.*Workgroup/.test(name))).toEqual([]);
  });
});

describe('a result location of the configuration', () => {
  const { config: located, made } = madeStack({
    readers: [
      {
        kind: 'statsig',
        name: 'statsig',
        principal: '123456789012',
        externalId: 'project-7',
        resultLocation: 's3://acme-experiments/statsig-results',
      },
    ],
  });

  it('is where the workgroup puts results, and where they expire and are erased', () => {
    const { Resources } = made;
    expect(JSON.stringify(Resources['ReaderStatsigWorkgroup'])).toContain('/statsig-results/');
    expect(JSON.stringify(Resources['ReaderStatsigPolicy'])).toContain('acme-experiments/statsig-results/*');
    expect(lifecycleRules(located)).toContainEqual(
      expect.objectContaining({ prefix: 'statsig-results/', expireDays: located.retention.queryResultDays }),
    );
    expect(placeFolders(located, 'query-results')).toContain('statsig-results/');
    expect(JSON.stringify(erasePolicy(scope, located, 'sluice-prod'))).toContain('statsig-results/*');
  });
});

it('a logical ID can be that of two readers only with the words that the configuration refuses in names', () => {
  const alsoReads = [{ database: 'finance', locations: ['s3://acme-finance/orders/'] }];
  const { made } = madeStack({
    readers: [
      { kind: 'statsig', name: 'a', principal: '123456789012', externalId: 'project-7', alsoReads },
      { kind: 'statsig', name: 'b', as: 'user' },
      { kind: 'owox', name: 'c', resultsBucket: 'acme-owox' },
      { kind: 'metabase', name: 'd', as: 'role', principal: 'ec2', ownDatabase: 'models' },
    ],
  });
  const parts = new Set(Object.keys(made.Resources).flatMap((id) => /^Reader[A-D](.+)$/.exec(id)?.[1] ?? []));
  // `WritePolicy` of the reader `bi` is `Policy` of a reader `bi-write`.
  const words = [...parts].flatMap((part) =>
    [...parts].flatMap((end) => (part !== end && part.endsWith(end) ? [part.slice(0, -end.length)] : [])),
  );
  expect(words.sort()).toEqual(['Also', 'ResultsBucket', 'Write']);
});

describe('readers in the template', () => {
  it('have exactly the policies that are printed', () => {
    for (const [reader, ids] of [
      ['statsig', ['ReaderStatsigPolicy']],
      ['statsig-old', ['ReaderStatsigOldPolicy']],
      ['owox', ['ReaderOwoxPolicy']],
      ['metabase', ['ReaderMetabasePolicy']],
      ['bi-ec2', ['ReaderBiEc2Policy', 'ReaderBiEc2WritePolicy']],
    ] as const) {
      const configured = config.readers.filter(({ name }) => name === reader);
      const printed = configured.flatMap((configuredReader) => readerPermissions(scope, configuredReader));
      expect(ids.map((id) => find(id).properties['PolicyDocument'])).toEqual(
        printed.map(({ document }) => document),
      );
    }
  });

  it('attach each policy only to its own role or user', () => {
    expect(find('ReaderStatsigRole').properties).toMatchObject({
      AssumeRolePolicyDocument: {
        Statement: [
          {
            Principal: { AWS: '123456789012' },
            Condition: { StringEquals: { 'sts:ExternalId': 'project-7' } },
          },
        ],
      },
      ManagedPolicyArns: [find('ReaderStatsigPolicy').physicalId],
    });
    expect(find('ReaderOwoxUser').properties['ManagedPolicyArns']).toEqual([
      find('ReaderOwoxPolicy').physicalId,
    ]);
    expect(find('ReaderBiEc2Role').properties['ManagedPolicyArns']).toEqual([
      find('ReaderBiEc2Policy').physicalId,
      find('ReaderBiEc2WritePolicy').physicalId,
    ]);
    expect(find('ReaderBiEc2InstanceProfile').properties['Roles']).toEqual([
      find('ReaderBiEc2Role').physicalId,
    ]);
  });

  it('store the access keys of users only in a secret, and have none for roles', () => {
    const asked = /SecretAccessKey/;
    const showing = Object.entries(template.Resources).filter(([, { Properties }]) =>
      asked.test(JSON.stringify(Properties)),
    );
    expect(showing.map(([id]) => id)).toEqual([
      'ReaderStatsigOldSecret',
      'ReaderOwoxSecret',
      'ReaderMetabaseSecret',
    ]);
    expect(JSON.stringify(template.Outputs)).not.toMatch(/AccessKey/);
    const secret = JSON.parse(String(find('ReaderOwoxSecret').properties['SecretString']));
    expect(secret).toEqual({
      accessKeyId: find('ReaderOwoxAccessKey').physicalId,
      secretAccessKey: expect.stringMatching(/^.{40}$/),
    });
    expect(resolved.outputs).toMatchObject({
      ReaderStatsigRoleArn: find('ReaderStatsigRole').arn,
      ReaderOwoxSecretArn: find('ReaderOwoxSecret').physicalId,
      ReaderBiEc2RoleArn: find('ReaderBiEc2Role').arn,
      ReaderStatsigWorkgroupName: 'sluice_statsig',
      ReaderBiEc2WorkgroupName: 'sluice_bi-ec2',
    });
    expect(template.Outputs).not.toHaveProperty('ReaderOwoxWorkgroupName');
  });

  it('have secrets whose names start with the stack name and differ after a new deployment', () => {
    const name = String(find('ReaderOwoxSecret').properties['Name']);
    expect(name).toMatch(/^acme-prod-reader-owox-[0-9a-f]{8}$/);
    const again = resolveTemplate(template, { ...PLACE, stackName: 'acme-prod-2' });
    const other = again.resources.find(({ logicalId }) => logicalId === 'ReaderOwoxSecret');
    expect(other?.properties['Name']).not.toBe(name);
  });

  it('query in their own workgroups with separate results, even if the main workgroup is an existing one', () => {
    const made = madeStack({ ...config, existing: { workgroup: true } }).made.Resources;
    expect(made).not.toHaveProperty('Workgroup');
    const groups = Object.values(made).filter(({ Type }) => Type === 'AWS::Athena::WorkGroup');
    const settings = groups.map(({ Properties }) => [
      Properties['Name'],
      JSON.stringify(Properties).match(/s3:[^"]+\}([^"]+)/)?.[1],
    ]);
    // OWOX names no workgroup, and queries in `primary`.
    expect(settings).toEqual([
      ['sluice_statsig', '/query-results/statsig/'],
      ['sluice_statsig-old', '/query-results/statsig-old/'],
      ['sluice_metabase', '/query-results/metabase/'],
      ['sluice_bi-ec2', '/reader-tables/bi-ec2/'],
    ]);
  });

  it('have query results that expire and tables that stay in the same folder', () => {
    const rules = lifecycleRules(config);
    const goes = (key: string) =>
      rules.some(({ prefix, expireDays }) => expireDays !== null && key.startsWith(prefix));
    const id = '5f0c3a11-0000-4000-8000-000000000000';
    for (const key of [`query-results/metabase/${id}.csv`, `reader-tables/bi-ec2/${id}.csv.metadata`])
      expect({ key, goes: goes(key) }).toEqual({ key, goes: true });
    expect(goes(`reader-tables/bi-ec2/tables/${id}/a.parquet`)).toBe(false);
  });

  it('keep earlier versions of their tables as long as those of other rows, and of results for a day', () => {
    const versions = lifecycleRules(config)
      .filter(({ prefix }) => prefix.startsWith('reader-tables/bi-ec2/'))
      .map(({ prefix, versionDays }) => ({ prefix, versionDays }));
    const { dataVersionDays } = config.retention;
    expect(dataVersionDays).toBeGreaterThan(1);
    expect(versions).toContainEqual({ prefix: 'reader-tables/bi-ec2/', versionDays: dataVersionDays });
    expect(versions).toContainEqual({ prefix: 'reader-tables/bi-ec2/0', versionDays: 1 });
  });

  it('create new access keys when the serial is raised', () => {
    const { made: raised } = madeStack({ readers: [{ kind: 'metabase', name: 'metabase', keySerial: 2 }] });
    expect(raised.Resources['ReaderMetabaseAccessKey']?.Properties['Serial']).toBe(2);
  });

  it('create their own resources locally: a result bucket with the key of the stack, and the databases', () => {
    const resources = resolved.resources.filter(({ logicalId }) => logicalId.startsWith('Reader'));
    expect(readDeployment({ resources }).buckets).toMatchObject([{ name: 'acme-owox', eventBridge: false }]);
    const databases = resources.filter(({ type }) => type === 'AWS::Glue::Database');
    expect(databases.map(({ physicalId }) => physicalId)).toEqual(['owox', 'models']);
    expect(resources.filter(({ type }) => type === 'AWS::SecretsManager::Secret')).toHaveLength(3);
    expect(find('ReaderOwoxResultsBucket').properties).toMatchObject({
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          {
            ServerSideEncryptionByDefault: { KMSMasterKeyID: scope.keyArn },
          },
        ],
      },
    });
    // Files of connectors' tables are in the same bucket: only results expire.
    expect(find('ReaderOwoxResultsBucket').properties['LifecycleConfiguration']).toMatchObject({
      Rules: [
        { Prefix: 'athena-check-access/', ExpirationInDays: 30 },
        { Prefix: 'athena-data-last-updated/', ExpirationInDays: 30 },
        { Prefix: 'athena-dry-run/', ExpirationInDays: 30 },
        { Prefix: 'athena-schema-fetch/', ExpirationInDays: 30 },
        { Prefix: 'owox-data-marts/', ExpirationInDays: 30 },
        { Id: 'unfinished-uploads' },
      ],
    });
  });

  it('keep results in a bucket of their own where nothing expires results', () => {
    const kept = madeStack({
      retention: { queryResultDays: null },
      readers: [{ kind: 'owox', name: 'owox', resultsBucket: 'acme-owox' }],
    });
    const { LifecycleConfiguration } = kept.made.Resources['ReaderOwoxResultsBucket']?.Properties ?? {};
    expect(LifecycleConfiguration).toMatchObject({ Rules: [{ Id: 'unfinished-uploads' }] });
  });
});
