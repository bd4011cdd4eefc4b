import { expect, it } from '@jest/globals';
import { differingPoints } from '../../../observe/facts/bucketFaults.ts';

const statement = (Sid: string, Effect = 'Deny') => ({ Sid, Effect, Action: ['s3:*'] });

it.each<[what: string, wanted: unknown, current: unknown, points: readonly string[]]>([
  ['no setting', { EventBridgeConfiguration: {} }, {}, ['EventBridgeConfiguration is not set']],
  [
    'another value, and one that is not set',
    { BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true },
    { BlockPublicAcls: false, IgnorePublicAcls: true },
    ['BlockPublicAcls is false in place of true', 'BlockPublicPolicy is not set'],
  ],
  [
    'a rule without an ID',
    { Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: 'k' } }] },
    { Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }] },
    ['SSEAlgorithm is "AES256" in place of "aws:kms"', 'KMSMasterKeyID is not set'],
  ],
  [
    'statements among others, by their IDs',
    { Statement: [statement('Tls'), statement('Delete'), statement('Same')] },
    { Statement: [statement('Other'), statement('Same'), statement('Delete', 'Allow')] },
    ['Tls is missing', 'Effect is "Allow" in place of "Deny"'],
  ],
  ['the order of a list', { Resource: ['a', 'b'] }, { Resource: ['b', 'a'] }, []],
  ['an item in place of a list of it', { Resource: ['a'] }, { Resource: 'a' }, []],
  ['a list of texts', { Resource: ['a', 'b'] }, { Resource: ['a'] }, ['Resource differs']],
  ['what it has besides', { Status: 'Enabled' }, { Status: 'Enabled', MFADelete: 'Disabled' }, []],
])('a setting of a bucket is told by its points: %s', (_, wanted, current, points) => {
  expect(differingPoints(wanted, current, 'setting')).toEqual(points);
});
