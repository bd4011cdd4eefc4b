import { describe, expect, it } from '@jest/globals';
import type { ConfigInput } from '../../lib/schema/config.ts';
import { madeStack } from './madeStack.ts';

const keyArn = 'arn:aws:kms:eu-west-1:111122223333:key/01234567-89ab-cdef-0123-456789abcdef';

const deploy = (existing: ConfigInput['existing']) =>
  madeStack({
    bucket: 'acme-data',
    database: 'analytics',
    athena: { workgroup: 'analysts', stagingDatabase: 'staging' },
    ...(existing === undefined ? {} : { existing }),
  });

const own = deploy(undefined);
const brought = deploy({ bucket: true, keyArn, database: true, stagingDatabase: true, workgroup: true });

describe('an existing resource in the configuration', () => {
  it('is not created, while all others are', () => {
    const there = new Set(Object.keys(brought.made.Resources));
    expect(Object.keys(own.made.Resources).filter((id) => !there.has(id))).toEqual([
      'DataKey',
      'DataKeyAlias',
      'DataBucket',
      'DataBucketPolicy',
      'Database',
      'StagingDatabase',
      'Workgroup',
    ]);
    expect(there.size).toBe(Object.keys(own.made.Resources).length - 7);
  });

  it('is referenced like a created one: roles, streams, tables and rules are the same', () => {
    const plain = ({ resolved }: typeof own) =>
      Object.fromEntries(
        resolved.resources
          .filter(({ type }) => !/Role|Schedule|Key|Alias|Bucket|Workgroup|Database$/i.test(type))
          .map(({ logicalId, properties }) => [logicalId, properties]),
      );
    const names = Object.keys(plain(brought));
    expect(names).toEqual(expect.arrayContaining(['LandingStream', 'EventsTable', 'ObjectCreatedRule']));
    for (const name of names)
      expect({ name, resource: plain(brought)[name] }).toEqual({ name, resource: plain(own)[name] });
    expect(brought.resolved.outputs).toMatchObject({
      DataBucketName: 'acme-data',
      DatabaseName: 'analytics',
      StagingDatabaseName: 'staging',
      WorkgroupName: 'analysts',
      KeyArn: keyArn,
    });
    const statsigBucket = {
      bucket: 'acme-statsig',
      user: 'arn:aws:iam::999689269917:user/acme',
      existing: true,
    };
    const { made } = madeStack({ statsigBucket });
    expect(made.Outputs['StatsigBucketName']?.Value).toBe('acme-statsig');
  });

  it('is accessible to the roles', () => {
    const policiesOf = ({ resolved }: typeof own) =>
      JSON.stringify(
        resolved.resources
          .filter(({ type }) => type === 'AWS::IAM::Role')
          .sort((a, b) => a.logicalId.localeCompare(b.logicalId))
          .map(({ properties }) => properties['Policies']),
      );
    const ownKey = own.resolved.resources.find(({ logicalId }) => logicalId === 'DataKey')?.arn ?? '';
    expect(ownKey).toMatch(/^arn:aws:kms:/);
    expect(policiesOf(brought)).toBe(policiesOf(own).replaceAll(ownKey, keyArn));
  });
});

describe('a resource that the stack creates', () => {
  it('is retained when the stack is deleted if it holds data or is needed to read data', () => {
    const retained = Object.entries(own.made.Resources)
      .filter(([, { Type, DeletionPolicy, UpdateReplacePolicy }]) => {
        // Those without a name of their own, of which a second deployment makes others.
        const unnamed = ['AWS::KMS::Key', 'AWS::KinesisFirehose::DeliveryStream', 'AWS::IAM::Role'];
        const kept = unnamed.includes(Type) ? 'Retain' : 'RetainExceptOnCreate';
        expect(DeletionPolicy).toBe(UpdateReplacePolicy && kept);
        return DeletionPolicy !== undefined;
      })
      .map(([logicalId]) => logicalId);
    expect(retained).toEqual([
      'DataKey',
      'DataBucket',
      'KeysSecret',
      'Database',
      'StagingDatabase',
      'ExposuresTable',
      'EventsTable',
      'QuarantineTable',
      'LandingDeliveryRole',
      'LandingStream',
    ]);
  });

  it("is a key that has its alias and delegates permissions to the account's IAM", () => {
    const [key, alias] = ['DataKey', 'DataKeyAlias'].map((id) =>
      own.resolved.resources.find(({ logicalId }) => logicalId === id),
    );
    expect(alias?.properties).toEqual({ AliasName: 'alias/acme-prod', TargetKeyId: key?.physicalId });
    expect(key?.properties).toMatchObject({
      KeyPolicy: {
        Statement: [{ Principal: { AWS: 'arn:aws:iam::111122223333:root' }, Action: 'kms:*', Resource: '*' }],
      },
    });
  });

  it('is a workgroup with its place of results, and the key of the stack', () => {
    const group = own.resolved.resources.find(({ logicalId }) => logicalId === 'Workgroup');
    expect(group?.properties).toMatchObject({
      Name: 'analysts',
      WorkGroupConfiguration: {
        ResultConfiguration: {
          OutputLocation: 's3://acme-data/query-results/',
          EncryptionConfiguration: {
            KmsKey: own.resolved.resources.find(({ logicalId }) => logicalId === 'DataKey')?.arn,
          },
          ExpectedBucketOwner: '111122223333',
        },
      },
    });
  });
});
