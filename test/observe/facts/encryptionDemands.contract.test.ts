import { DeleteBucketPolicyCommand, PutBucketPolicyCommand } from '@aws-sdk/client-s3';
import { afterAll, expect, it } from '@jest/globals';
import type { ExportDays } from '../../../observe/facts/days/exportDays.ts';
import { readEncryptionDemands } from '../../../observe/facts/encryptionDemands.ts';
import { startLanding } from '../startLanding.ts';
import { failedDay, namedExport } from '../statusFacts.ts';

const landing = await startLanding();
afterAll(() => landing.close());

const KEY = 'arn:aws:kms:us-east-1:222222222222:key/1';
const Bucket = landing.config.bucket;
const ROLE = 'arn:aws:iam::111111111111:role/sluice-prod-ExportRole-1';
const OTHER_ROLE = 'arn:aws:iam::222222222222:role/other';
const HEADER = 's3:x-amz-server-side-encryption';

/** What the policy demands of an export that was denied, or failed otherwise. */
async function demands(
  target: { readonly encryption?: 'AES256'; readonly kmsKeyArn?: string; readonly role?: { arn: string } },
  failure = 'SLUICE_EXPORT_ACCESS_DENIED',
  role: string | null = ROLE,
) {
  const exports: readonly ExportDays[] = [{ ...namedExport, days: [{ ...failedDay, failure }] }];
  const [configured] = landing.config.exports;
  const exported = { ...configured, name: 'out', target: { bucket: Bucket, ...target } };
  const config = { ...landing.config, exports: [exported] };
  const open = { s3: landing.s3, config: config as typeof landing.config };
  return readEncryptionDemands(open, exports, role ?? undefined);
}

const deny = (Condition: object, Sid?: string) => ({
  ...(Sid === undefined ? {} : { Sid }),
  Effect: 'Deny',
  Principal: '*',
  Action: 's3:PutObject',
  Resource: `arn:aws:s3:::${Bucket}/*`,
  Condition,
});
const put = (...Statement: readonly object[]) => {
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
  return landing.s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
};

it('finds statements that demand a header which the export does not send', async () => {
  await put(
    deny({ Bool: { 'aws:SecureTransport': 'false' } }, 'Tls'),
    deny({ Null: { [HEADER]: 'true' } }, 'Encrypted'),
    deny({ StringNotEquals: { [`${HEADER}-aws-kms-key-id`]: KEY } }),
  );
  const ofKey = { sid: 'Statement 3', header: 'x-amz-server-side-encryption-aws-kms-key-id', wanted: KEY };
  expect(await demands({})).toEqual([
    { export: 'out', sid: 'Encrypted', header: 'x-amz-server-side-encryption', wanted: null },
    { export: 'out', ...ofKey },
  ]);
  expect(await demands({ encryption: 'AES256' })).toEqual([{ export: 'out', ...ofKey }]);
  expect(await demands({ kmsKeyArn: KEY })).toEqual([]);
  expect(await demands({}, 'SLUICE_EXPORT_BUCKET_MISSING')).toEqual([]);
});

/** A pattern that the key of the export does not match. */
const OTHER_KEY = { [`${HEADER}-aws-kms-key-id`]: 'arn:aws:kms:us-east-1:222222222222:key/2*' };
const MISSING = { Null: { [HEADER]: 'true' } };
const MISSING_KEY = { Null: { [`${HEADER}-aws-kms-key-id`]: 'true' } };

it.each([
  {
    why: 'another condition of the statement does not hold',
    statement: deny({ Null: { [HEADER]: 'false' }, StringNotEquals: { [HEADER]: 'aws:kms' } }),
    count: 0,
  },
  {
    why: 'all conditions of the statement hold',
    statement: deny({ Null: { [HEADER]: 'false' }, StringNotEquals: { [HEADER]: 'aws:kms' } }),
    target: { encryption: 'AES256' } as const,
    count: 1,
  },
  {
    why: 'nothing is known of another condition',
    statement: deny({
      ...MISSING,
      StringNotEquals: { 'aws:PrincipalArn': OTHER_ROLE },
    }),
    count: 0,
  },
  {
    why: 'the statement is of another folder',
    statement: { ...deny(MISSING), Resource: `arn:aws:s3:::${Bucket}/other/*` },
    count: 0,
  },
  {
    why: "the statement is of the export's folder",
    statement: { ...deny(MISSING), Resource: `arn:aws:s3:::${Bucket}/out/*` },
    count: 1,
  },
  {
    why: 'the statement is of another role',
    statement: { ...deny(MISSING), Principal: { AWS: OTHER_ROLE } },
    count: 0,
  },
  {
    why: 'the statement is of the role of the target',
    statement: { ...deny(MISSING), Principal: { AWS: OTHER_ROLE } },
    target: { role: { arn: OTHER_ROLE } },
    count: 1,
  },
  {
    why: 'the pattern of keys has that of the export',
    statement: deny({ StringNotLike: { [`${HEADER}-aws-kms-key-id`]: 'arn:aws:kms:*:222222222222:key/*' } }),
    target: { kmsKeyArn: KEY },
    count: 0,
  },
  {
    why: 'the pattern of keys does not have that of the export',
    statement: deny({ ArnNotLikeIfExists: OTHER_KEY }),
    target: { kmsKeyArn: KEY },
    count: 1,
  },
  {
    why: 'the operator is not of texts',
    statement: deny({ Bool: { [HEADER]: 'true' }, ...MISSING }),
    count: 0,
  },
  {
    why: 'an equal value is denied, which is the one that is sent',
    statement: deny({ StringEquals: { [HEADER]: 'AES256' }, ...MISSING_KEY }),
    target: { encryption: 'AES256' } as const,
    count: 1,
  },
  {
    why: 'an equal value is denied, if it is sent, and none is',
    statement: deny({ StringEqualsIfExists: { [HEADER]: 'AES256' }, ...MISSING }),
    count: 1,
  },
  {
    why: 'an equal value is denied, and none is sent',
    statement: deny({ StringEquals: { [HEADER]: 'AES256' }, ...MISSING }),
    count: 0,
  },
])('finds $count demands where $why', async ({ statement, target = {}, count }) => {
  await put(statement);
  expect(await demands(target)).toHaveLength(count);
});

it('tells of several values one that a setting sends, and nothing where the role is not known', async () => {
  await put(deny({ StringNotEquals: { [HEADER]: ['aws:kms:dsse', 'aws:kms'] } }));
  expect(await demands({})).toMatchObject([{ wanted: 'aws:kms' }]);
  expect(await demands({}, undefined, null)).toEqual([]);
  await put(deny({ StringNotEquals: { [HEADER]: 'aws:kms:dsse' } }));
  expect(await demands({})).toMatchObject([{ wanted: 'aws:kms:dsse' }]);
});

it('finds nothing in a bucket without a policy', async () => {
  await landing.s3.send(new DeleteBucketPolicyCommand({ Bucket }));
  expect(await demands({})).toEqual([]);
});
