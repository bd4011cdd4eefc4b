import { GetBucketLocationCommand } from '@aws-sdk/client-s3';
import { isAnswer } from '../askAws.ts';
import type { Check } from '../Check.ts';
import { CheckImpossible } from '../CheckImpossible.ts';
import { finding } from '../Finding.ts';

/** Regions that S3 gives other names, from before there were many. */
const OLD_NAMES: Readonly<Record<string, string>> = { '': 'us-east-1', EU: 'eu-west-1' };

export const bucket: Check = {
  name: 'bucket',
  expects: "the bucket is there, in this region, and this account's",
  needs: ['region'],
  blocks: ['SLUICE_DOCTOR_BUCKET_MISSING', 'SLUICE_DOCTOR_BUCKET_NOT_OURS'],
  codes: ['SLUICE_DOCTOR_BUCKET_MISSING', 'SLUICE_DOCTOR_BUCKET_NOT_OURS', 'SLUICE_DOCTOR_BUCKET_REGION'],
  permissions: ['s3:GetBucketLocation'],
  async run(visit) {
    const [{ bucket: Bucket }, { account, region }, { s3 }] = await Promise.all([
      visit.config(),
      visit.identity(),
      visit.clients(),
    ]);
    try {
      // Of another account's bucket S3 says that access is denied, whatever the caller may do in its own.
      const { LocationConstraint = '' } = await visit.ask('s3:GetBucketLocation', () =>
        s3.send(new GetBucketLocationCommand({ Bucket, ExpectedBucketOwner: account })),
      );
      const there = OLD_NAMES[LocationConstraint] ?? LocationConstraint;
      if (there === region) return [];
      return [finding('SLUICE_DOCTOR_BUCKET_REGION', `${Bucket} is in ${there}, looked at is ${region}.`)];
    } catch (error) {
      if (isAnswer(error, 'NoSuchBucket')) return [finding('SLUICE_DOCTOR_BUCKET_MISSING', `${Bucket}.`)];
      if (!(error instanceof CheckImpossible) || error.finding.code !== 'SLUICE_DOCTOR_NOT_ALLOWED')
        throw error;
      return [
        finding(
          'SLUICE_DOCTOR_BUCKET_NOT_OURS',
          `${Bucket}: S3 refuses s3:GetBucketLocation with account ${account} as its owner.`,
        ),
      ];
    }
  },
};
