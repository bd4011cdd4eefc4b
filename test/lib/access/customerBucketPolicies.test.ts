import { describe, expect, it } from '@jest/globals';
import { exportTargetPolicies, ingestSourcePolicies } from '../../../lib/access/customerBucketPolicies.ts';
import type { PolicyDocument } from '../../../lib/access/policyDocument.ts';
import { list, locate, object } from './calls.ts';
import { type Call, decideCall } from './decideCall.ts';

const OURS = 'arn:aws:iam::111122223333:role/ingest';
const BUCKET = 'customer-exports';
const KEY = 'arn:aws:kms:eu-west-1:444455556666:key/00000000-1111-2222-3333-444455556666';
const other = { partition: 'aws', region: 'eu-west-1', bucket: BUCKET, principal: OURS, keyArn: KEY };

const decide = (
  call: Call,
  ours: PolicyDocument | undefined,
  theirs: PolicyDocument | undefined,
  principal = OURS,
) =>
  decideCall(
    {
      principal,
      policies: ours === undefined ? [] : [ours],
      resourceAccount: '444455556666',
      resourcePolicy: theirs,
    },
    call,
  );

const onKey = (action: string, via = 's3'): Call => ({
  action: `kms:${action}`,
  resources: [KEY],
  context: { 'kms:ViaService': `${via}.eu-west-1.amazonaws.com` },
});
const FILE = 'events/2026-11-20/a.parquet';

describe.each([
  [
    'ingestion',
    ingestSourcePolicies(other),
    [locate(BUCKET), list('events/', BUCKET), object('GetObject', FILE, BUCKET)],
    [onKey('Decrypt')],
    [object('PutObject', FILE, BUCKET), object('DeleteObject', FILE, BUCKET), onKey('GenerateDataKey')],
  ],
  [
    'ingestion with receipts',
    ingestSourcePolicies({ ...other, receiptFolder: 'sluice-receipts/' }),
    [
      list('events/', BUCKET),
      object('GetObject', FILE, BUCKET),
      object('PutObject', 'sluice-receipts/events/2026-11-20/x.json', BUCKET),
    ],
    [onKey('Decrypt'), onKey('GenerateDataKey')],
    [
      object('PutObject', FILE, BUCKET),
      object('PutObject', 'sluice-receipts', BUCKET),
      object('DeleteObject', 'sluice-receipts/events/2026-11-20/x.json', BUCKET),
    ],
  ],
  [
    'export',
    exportTargetPolicies(other),
    [
      locate(BUCKET),
      list('events/', BUCKET),
      { action: 's3:ListBucketMultipartUploads', resources: [`arn:aws:s3:::${BUCKET}`] },
      ...['GetObject', 'PutObject', 'DeleteObject', 'DeleteObjectVersion'].map((action) =>
        object(action, FILE, BUCKET),
      ),
      object('AbortMultipartUpload', FILE, BUCKET),
      object('ListMultipartUploadParts', FILE, BUCKET),
    ],
    [onKey('Decrypt'), onKey('GenerateDataKey')],
    [
      { action: 's3:PutBucketPolicy', resources: [`arn:aws:s3:::${BUCKET}`] },
      onKey('Decrypt', 'secretsmanager'),
    ],
  ],
])('%s across accounts', (name, { bucketPolicy, keyPolicy, callerPolicy }, onBucket, onTheKey, mustNot) => {
  const sides: [Call, PolicyDocument | undefined][] = [
    ...onBucket.map((call): [Call, PolicyDocument] => [call, bucketPolicy]),
    ...onTheKey.map((call): [Call, PolicyDocument | undefined] => [call, keyPolicy]),
  ];

  it('is allowed where both sides allow it', async () => {
    for (const [call, theirs] of sides)
      expect([call, await decide(call, callerPolicy, theirs)]).toEqual([call, 'Allowed']);
  });

  it('is denied where only one side allows it, for the bucket and for its key', async () => {
    for (const [call, theirs] of sides) {
      expect([call, await decide(call, callerPolicy, undefined)]).toEqual([call, 'ImplicitlyDenied']);
      expect([call, await decide(call, undefined, theirs)]).toEqual([call, 'ImplicitlyDenied']);
    }
  });

  it('is denied to every other principal of our account', async () => {
    for (const [call, theirs] of sides)
      expect([
        call,
        await decide(call, callerPolicy, theirs, 'arn:aws:iam::111122223333:role/collect'),
      ]).toEqual([call, 'ImplicitlyDenied']);
  });

  it('is limited to the necessary actions', async () => {
    for (const call of mustNot) {
      const theirs = call.action.startsWith('kms:') ? keyPolicy : bucketPolicy;
      expect([call, await decide(call, callerPolicy, theirs)]).toEqual([call, 'ImplicitlyDenied']);
    }
  });

  it('needs no key permission for a bucket without a key', () => {
    const bare = { ...other, keyArn: undefined };
    for (const made of [ingestSourcePolicies(bare), exportTargetPolicies(bare)]) {
      expect(made.keyPolicy).toBeUndefined();
      expect(JSON.stringify(made)).not.toContain('kms');
    }
  });

  it('allows the key in its own region, whatever our region is', async () => {
    const elsewhere = { ...other, region: 'us-east-1' };
    const made = name === 'ingestion' ? ingestSourcePolicies(elsewhere) : exportTargetPolicies(elsewhere);
    for (const call of onTheKey)
      expect([call, await decide(call, made.callerPolicy, made.keyPolicy)]).toEqual([call, 'Allowed']);
  });
});
