import { S3Client } from '@aws-sdk/client-s3';
import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';
import type { ExportDays } from '../../../observe/facts/days/exportDays.ts';
import { readEncryptionDemands } from '../../../observe/facts/encryptionDemands.ts';
import { type AskedCall, answeredBy, named } from '../../harness/answering.ts';
import { exportTo } from '../../harness/configInput.ts';
import { failedDay, namedExport } from '../statusFacts.ts';

const KEY = 'arn:aws:kms:us-east-1:222222222222:key/1';
const BUCKET = 'acme-warehouse';
const ROLE = 'arn:aws:iam::111111111111:role/sluice-prod-ExportRole-1';
const OTHER_ROLE = 'arn:aws:iam::444455556666:role/other';
const HEADER = 's3:x-amz-server-side-encryption';
const KEY_HEADER = `${HEADER}-aws-kms-key-id`;

interface Failed {
  /** Statements of the policy of the target's bucket, or the error in place of an answer. */
  readonly statements: readonly object[] | Error;
  /** How the target differs from one without encryption and role. */
  readonly target?: Partial<NonNullable<ConfigInput['exports']>[number]['target']>;
  /** The code with which a day of the export failed. Default: the bucket denied it. */
  readonly failure?: string;
  /** ARN of the stack's role that exports. */
  readonly role?: string | undefined;
}

/** What the policy demands of an export that failed so, and the calls of S3. */
async function asked({
  statements,
  target = {},
  failure = 'SLUICE_EXPORT_ACCESS_DENIED',
  ...failed
}: Failed) {
  const { role } = { role: ROLE, ...failed };
  const calls: AskedCall[] = [];
  const s3 = answeredBy(S3Client, (call) => {
    calls.push(call);
    if (statements instanceof Error) throw statements;
    return { Policy: JSON.stringify({ Version: '2012-10-17', Statement: statements }) };
  });
  const exports: readonly ExportDays[] = [{ ...namedExport, days: [{ ...failedDay, failure }] }];
  const config = defineConfig({ bucket: 'acme', exports: [exportTo(target)] });
  return { demands: await readEncryptionDemands({ s3, config }, exports, role), calls };
}
const demandsOf = async (failed: Failed) => (await asked(failed)).demands;

/** A statement that denies to write into the bucket. */
const deny = (Condition: object, more: object = {}) => ({
  Effect: 'Deny',
  Principal: '*',
  Action: 's3:PutObject',
  Resource: `arn:aws:s3:::${BUCKET}/*`,
  Condition,
  ...more,
});
/** It denies what is written without the header. */
const MISSING = { Null: { [HEADER]: 'true' } };
const MISSING_KEY = { Null: { [KEY_HEADER]: 'true' } };

describe('the policy of the bucket of a denied export', () => {
  const statements = [
    deny({ Bool: { 'aws:SecureTransport': 'false' } }, { Sid: 'Tls' }),
    deny(MISSING, { Sid: 'Encrypted' }),
    deny({ StringNotEquals: { [KEY_HEADER]: KEY } }),
  ];
  const ofHeader = {
    export: 'out',
    sid: 'Encrypted',
    header: 'x-amz-server-side-encryption',
    wanted: null,
  };
  const ofKey = {
    export: 'out',
    sid: 'Statement 3',
    header: 'x-amz-server-side-encryption-aws-kms-key-id',
    wanted: KEY,
  };

  it.each([
    { what: 'neither algorithm nor key', target: {}, demands: [ofHeader, ofKey] },
    { what: 'an algorithm', target: { encryption: 'AES256' }, demands: [ofKey] },
    { what: 'the key', target: { kmsKeyArn: KEY }, demands: [] },
  ] as const)('demands each header that an export does not send: with $what', async ({ target, demands }) => {
    expect(await demandsOf({ statements, target })).toEqual(demands);
  });

  it('is read of a bucket that is still of its owner', async () => {
    const { calls } = await asked({ statements });
    const input = { Bucket: BUCKET, ExpectedBucketOwner: '444455556666' };
    expect(calls).toEqual([{ name: 'GetBucketPolicy', input }]);
  });

  it('is not read of an export that failed otherwise, nor where the role is not known', async () => {
    const failed = await asked({ statements, failure: 'SLUICE_EXPORT_BUCKET_MISSING' });
    expect(failed).toEqual({ demands: [], calls: [] });
    expect(await asked({ statements, role: undefined })).toEqual({ demands: [], calls: [] });
  });

  it('demands nothing if there is none', async () => {
    const answer = { $metadata: { httpStatusCode: 404 } };
    const missing = Object.assign(named('NoSuchBucketPolicy'), answer);
    expect(await demandsOf({ statements: missing })).toEqual([]);
  });

  it('is not taken for none where S3 has not answered', async () => {
    const silent = named('TimeoutError');
    await expect(demandsOf({ statements: silent })).rejects.toBe(silent);
  });
});

interface StatementCase {
  readonly why: string;
  readonly statement: object;
  readonly target?: Failed['target'];
}

describe('a statement of the policy', () => {
  it.each<StatementCase>([
    {
      why: 'all its conditions hold',
      statement: deny({ Null: { [HEADER]: 'false' }, StringNotEquals: { [HEADER]: 'aws:kms' } }),
      target: { encryption: 'AES256' },
    },
    {
      why: "it is of the export's folder",
      statement: deny(MISSING, { Resource: `arn:aws:s3:::${BUCKET}/out/*` }),
    },
    {
      why: 'it is of the role of the target',
      statement: deny(MISSING, { Principal: { AWS: OTHER_ROLE } }),
      target: { role: { arn: OTHER_ROLE, externalId: 'made-by-them' } },
    },
    {
      why: 'its pattern of keys does not have that of the export',
      statement: deny({
        ArnNotLikeIfExists: { [KEY_HEADER]: 'arn:aws:kms:us-east-1:222222222222:key/2*' },
      }),
      target: { kmsKeyArn: KEY },
    },
    ...(['StringNotEquals', 'StringNotEqualsIgnoreCase'] as const).map((operator) => ({
      why: `its pattern of keys is taken literally, by ${operator}`,
      statement: deny({ [operator]: { [KEY_HEADER]: 'arn:aws:kms:*' } }),
      target: { kmsKeyArn: KEY },
    })),
    {
      why: 'its algorithm has small letters, which make another',
      statement: deny({ StringNotEquals: { [HEADER]: 'aes256' } }),
      target: { encryption: 'AES256' },
    },
    {
      why: 'it denies an equal value, which is the one that is sent',
      statement: deny({ StringEquals: { [HEADER]: 'AES256' }, ...MISSING_KEY }),
      target: { encryption: 'AES256' },
    },
    {
      why: 'it denies an equal value if one is sent, and none is',
      statement: deny({ StringEqualsIfExists: { [HEADER]: 'AES256' }, ...MISSING }),
    },
  ])('demands a header where $why', async ({ statement, target = {} }) => {
    expect(await demandsOf({ statements: [statement], target })).toHaveLength(1);
  });

  it.each<StatementCase>([
    {
      why: 'another condition of it does not hold',
      statement: deny({ Null: { [HEADER]: 'false' }, StringNotEquals: { [HEADER]: 'aws:kms' } }),
    },
    {
      why: 'nothing is known of another condition of it',
      statement: deny({ ...MISSING, StringNotEquals: { 'aws:PrincipalArn': OTHER_ROLE } }),
    },
    {
      why: 'it is of another folder',
      statement: deny(MISSING, { Resource: `arn:aws:s3:::${BUCKET}/other/*` }),
    },
    { why: 'it allows', statement: deny(MISSING, { Effect: 'Allow' }) },
    { why: 'it denies to read', statement: deny(MISSING, { Action: 's3:GetObject' }) },
    { why: 'it is of another role', statement: deny(MISSING, { Principal: { AWS: OTHER_ROLE } }) },
    {
      why: 'its pattern of keys has that of the export',
      statement: deny({ StringNotLike: { [KEY_HEADER]: 'arn:aws:kms:*:222222222222:key/*' } }),
      target: { kmsKeyArn: KEY },
    },
    {
      why: 'its pattern of keys has that of the export, with an operator that takes patterns of ARNs alone',
      statement: deny({ ArnNotEquals: { [KEY_HEADER]: 'arn:aws:kms:*:222222222222:key/*' } }),
      target: { kmsKeyArn: KEY },
    },
    {
      why: 'its algorithm has small letters, which make no other to its operator',
      statement: deny({ StringNotEqualsIgnoreCase: { [HEADER]: 'aes256' } }),
      target: { encryption: 'AES256' },
    },
    {
      why: 'an operator of it is not of texts',
      statement: deny({ Bool: { [HEADER]: 'true' }, ...MISSING }),
    },
    {
      why: 'it denies an equal value, and none is sent',
      statement: deny({ StringEquals: { [HEADER]: 'AES256' }, ...MISSING }),
    },
  ])('demands no header where $why', async ({ statement, target = {} }) => {
    expect(await demandsOf({ statements: [statement], target })).toEqual([]);
  });

  it('names the header of a condition in small letters', async () => {
    const statements = [deny({ Null: { 'S3:X-Amz-Server-Side-Encryption': 'true' } })];
    expect(await demandsOf({ statements })).toMatchObject([{ header: 'x-amz-server-side-encryption' }]);
  });

  it.each([
    { what: 'one that a setting sends', values: ['aws:kms:dsse', 'aws:kms'], wanted: 'aws:kms' },
    { what: 'the only one', values: 'aws:kms:dsse', wanted: 'aws:kms:dsse' },
  ])('demands of the values that it takes $what', async ({ values, wanted }) => {
    const statements = [deny({ StringNotEquals: { [HEADER]: values } })];
    expect(await demandsOf({ statements })).toMatchObject([{ wanted }]);
  });
});
