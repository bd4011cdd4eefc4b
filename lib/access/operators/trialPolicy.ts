import type { Config } from '../../schema/config.ts';
import { apiArn, arnIn, objectsArn, type PolicyScope, workgroupArn } from '../arns.ts';
import { allow, type PolicyDocument, policyDocument } from '../policyDocument.ts';
import { RUN_QUERIES, readTables, seeDefaultDatabase, useKey } from '../readerStatements.ts';

/** Pattern of the stacks of `sluice trial`: each has eight random characters, and everything that it makes begins with its name. */
export const TRIAL_STACK = 'sluice-trial-????????';

/** The configuration of all trials, whose names are patterns: a trial uses nothing that exists. */
export function trialConfig(config: Config): Config {
  // A name of Glue may have _ in place of -.
  const database = `${TRIAL_STACK.replaceAll('-', '?')}*`;
  return {
    ...config,
    bucket: `${TRIAL_STACK}*`,
    database,
    athena: { ...config.athena, workgroup: `${TRIAL_STACK}*`, stagingDatabase: database },
    existing: { ...config.existing, bucket: false, keyArn: null },
    statsigBucket: null,
    readers: [],
  };
}

/**
 * What a trial does besides its deployment: it adds a key, sends and queries, empties its buckets, and deletes its key.
 *
 * @param scope Of {@link trialConfig}.
 */
export function trialPolicy(scope: PolicyScope): PolicyDocument {
  const keyArn = arnIn(scope, 'kms', 'key/*');
  return policyDocument([
    allow(
      'Objects',
      ['s3:*Object*', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'],
      [objectsArn(scope, scope.bucket)],
    ),
    allow('RunQueries', RUN_QUERIES, [workgroupArn(scope, scope.workgroup)]),
    readTables(scope),
    seeDefaultDatabase(scope),
    allow(
      'Keys',
      ['secretsmanager:GetSecretValue', 'secretsmanager:PutSecretValue'],
      [arnIn(scope, 'secretsmanager', `secret:${TRIAL_STACK}-*`)],
    ),
    useKey({ ...scope, keyArn }),
    // Only CloudFormation sets this tag: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html
    allow('DeleteKey', ['kms:ScheduleKeyDeletion'], [keyArn], {
      StringLike: { 'aws:ResourceTag/aws:cloudformation:stack-name': TRIAL_STACK },
    }),
    // The limits of the account, and metrics, which have no ARN.
    allow('SeeLimits', ['apigateway:GET'], [apiArn(scope, 'account')]),
    allow('SeeAccount', ['cloudwatch:GetMetricData', 'lambda:GetAccountSettings'], ['*']),
  ]);
}
