import { LEDGER_FOLDER, triggerKey } from '../../lib/tables/ledgerKeys.ts';
import { bucketArn, bucketArnText, objectsArn } from '../data/bucketArn.ts';
import { getAtt, ref, sub } from '../template/intrinsics.ts';
import type { Resources } from '../template/Resource.ts';
import { logicalIds, type Stack } from '../template/Stack.ts';
import { assumesRoles } from './assumesRoles.ts';
import { inCustomersBuckets } from './inCustomersBuckets.ts';
import { ingestLoadRole } from './ingestLoadRole.ts';
import { type Allowance, emptiesQueue, lambdaService, ownLogs, role, useKey } from './policies.ts';
import { fewNames } from './policySize.ts';

/** One role for each function of the ingest. */
export function ingestRoles(stack: Stack): Resources {
  const { sources } = stack.config;
  const names = sources.map(({ name }) => name);
  const direct = sources.filter((source) => source.role === undefined);
  const ledger = (of: readonly string[]) => [
    {
      Action: ['s3:GetObject', 's3:PutObject'],
      Resource: of.map((name) => objectsArn(stack, `${LEDGER_FOLDER}${name}/`)),
    },
  ];
  const turns = (of: readonly string[]) => [
    {
      // Deleting gives a turn back when the start itself fails. What is read is there, or was a moment ago.
      Action: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'],
      Resource: of.map((name) => objectArn(stack, triggerKey(name))),
    },
  ];
  return {
    [logicalIds.planRole]: role(
      lambdaService,
      fewNames(stack, [
        ownLogs(stack, 'ingest-plan'),
        [ledger(names), ledger(['*'])],
        seesWhatIsMissing(stack),
        useKey(stack, 'kms:Decrypt', 'kms:GenerateDataKey'),
        {
          Action: ['sqs:SendMessage'],
          Resource: [getAtt(logicalIds.loadQueue), getAtt(logicalIds.planQueue)],
        },
        emptiesQueue(logicalIds.planQueue),
        inCustomersBuckets(
          stack,
          direct.map((source) => ({ ...source, folders: [] })),
          { onBucket: ['s3:ListBucket'], onObjects: [] },
        ),
        assumesRoles(sources),
      ]),
    ),
    [logicalIds.triggerRole]: role(
      lambdaService,
      fewNames(stack, [
        ownLogs(stack, 'ingest-trigger'),
        [turns(names), turns(['*'])],
        useKey(stack, 'kms:Decrypt', 'kms:GenerateDataKey'),
        { Action: ['sqs:SendMessage'], Resource: [getAtt(logicalIds.planQueue)] },
        { Action: ['secretsmanager:GetSecretValue'], Resource: [ref(logicalIds.keysSecret)] },
      ]),
    ),
    [logicalIds.loadRole]: ingestLoadRole(stack),
  };
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
