import type { Source } from '../lib/config/sourcesSchema.ts';
import { triggerKey } from '../lib/layout/ingestStateKeys.ts';
import { LEDGER_FOLDER } from '../lib/layout/ledgerFolder.ts';
import { bucketArn, bucketArnText, objectsArn } from './bucketArn.ts';
import { ingestLoadRole } from './ingestLoadRole.ts';
import { getAtt, ref, sub } from './intrinsics.ts';
import { useKey } from './keyArn.ts';
import { type Allowance, emptiesQueue, lambdaService, ownLogs, role } from './policies.ts';
import type { Resources } from './Resource.ts';
import { logicalIds, type Stack } from './Stack.ts';

/**
 * Sources in one statement, at the most: a role's inline policies hold 10,240 characters in all.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 */
const MOST_NAMED = 25;

/** One role for each function of the ingest. */
export function ingestRoles(stack: Stack): Resources {
  return {
    [logicalIds.planRole]: role(lambdaService, [
      ownLogs(stack, 'ingest-plan'),
      {
        Action: ['s3:GetObject', 's3:PutObject'],
        Resource: named(stack.config.sources).map((name) => objectsArn(stack, `${LEDGER_FOLDER}${name}/`)),
      },
      seesWhatIsMissing(stack),
      useKey(stack, 'kms:Decrypt', 'kms:GenerateDataKey'),
      { Action: ['sqs:SendMessage'], Resource: [getAtt(logicalIds.loadQueue), getAtt(logicalIds.planQueue)] },
      emptiesQueue(logicalIds.planQueue),
      ...listsSources(stack.config.sources),
      ...assumesRoles(stack.config.sources),
    ]),
    [logicalIds.triggerRole]: role(lambdaService, [
      ownLogs(stack, 'ingest-trigger'),
      {
        // Deleting gives a turn back when the start itself fails. What is read is there, or was a moment ago.
        Action: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'],
        Resource: named(stack.config.sources).map((name) => objectArn(stack, triggerKey(name))),
      },
      useKey(stack, 'kms:Decrypt', 'kms:GenerateDataKey'),
      { Action: ['sqs:SendMessage'], Resource: [getAtt(logicalIds.planQueue)] },
      { Action: ['secretsmanager:GetSecretValue'], Resource: [ref(logicalIds.keysSecret)] },
    ]),
    [logicalIds.loadRole]: ingestLoadRole(stack),
  };
}

/** Names of sources for ARNs; of very many `*`, which stands for all. */
function named(sources: readonly Source[]): readonly string[] {
  return sources.length > MOST_NAMED ? ['*'] : sources.map(({ name }) => name);
}

/** Lists customers' buckets that let our roles in themselves. */
function listsSources(sources: readonly Source[]): Allowance[] {
  const buckets = new Set(sources.filter((source) => source.role === undefined).map(({ bucket }) => bucket));
  if (buckets.size === 0) return [];
  return [
    {
      Action: ['s3:ListBucket'],
      Resource: [...buckets].map((bucket) => sub(`arn:\${AWS::Partition}:s3:::${bucket}`)),
    },
  ];
}

/** Takes the roles by which customers let us in. */
export function assumesRoles(sources: readonly Source[]): Allowance[] {
  const roles = new Set(sources.flatMap((source) => source.role?.arn ?? []));
  return roles.size === 0 ? [] : [{ Action: ['sts:AssumeRole'], Resource: [...roles] }];
}

/**
 * On all names: whoever may not list them is answered 403 for an object that is not there, not 404.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 */
function seesWhatIsMissing(stack: Stack): Allowance {
  return { Action: ['s3:ListBucket'], Resource: [bucketArn(stack)] };
}

function objectArn(stack: Stack, key: string) {
  return sub(`${bucketArnText(stack)}/${key}`);
}
