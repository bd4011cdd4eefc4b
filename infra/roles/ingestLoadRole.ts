import { LEDGER_FOLDER, VERSION_NOTES } from '../../lib/tables/ledgerKeys.ts';
import { ingestedFolder, tableFolder } from '../../lib/tables/tableFolders.ts';
import { bucketArn, objectsArn } from '../data/bucketArn.ts';
import { tableArns } from '../data/catalogArns.ts';
import type { Resource } from '../template/Resource.ts';
import { logicalIds, type Stack } from '../template/Stack.ts';
import { assumesRoles } from './assumesRoles.ts';
import { inCustomersBuckets } from './inCustomersBuckets.ts';
import { assumesItself, emptiesQueue, lambdaService, ownLogs, role, useKey } from './policies.ts';
import { fewNames } from './policySize.ts';
import { usesCustomersKeys } from './usesCustomersKeys.ts';

/**
 * Reads customers' files, writes versions of the tables' days, refused rows and the ledger, and moves partitions. It can
 * read nothing that has landed. Each load works in a session of this role that reaches one dataset
 * (lib/access/sessionPolicies.ts); the role as a whole only sweeps.
 */
export function ingestLoadRole(stack: Stack): Resource {
  const { config } = stack;
  const { sources } = config;
  const tables = sources.flatMap(({ datasets }) => datasets.map(({ table }) => table));
  const landed = objectsArn(stack, ingestedFolder(config));
  const notes = objectsArn(stack, VERSION_NOTES);
  const refused = objectsArn(stack, tableFolder(config, 'quarantine'));
  const itself = assumesItself(stack, logicalIds.loadRole);
  const direct = sources.filter((source) => source.role === undefined);
  const ledger = (names: readonly string[]) => [
    {
      Action: ['s3:GetObject', 's3:PutObject'],
      Resource: names.map((name) => objectsArn(stack, `${LEDGER_FOLDER}${name}/`)),
    },
  ];
  const catalog = (names: readonly string[]) => [
    {
      Action: ['glue:BatchCreatePartition', 'glue:BatchUpdatePartition', 'glue:GetTable'],
      Resource: tableArns(stack, names),
    },
  ];
  return role(
    lambdaService,
    fewNames(stack, [
      ownLogs(stack, 'ingest-load'),
      { Action: ['s3:PutObject'], Resource: [landed, notes, refused] },
      // Versions that no query reads any more, and the notes on them; what an earlier mapping refused.
      { Action: ['s3:DeleteObject'], Resource: [landed, notes, refused] },
      // Of uploads in parts that come to nothing.
      { Action: ['s3:AbortMultipartUpload'], Resource: [landed, refused] },
      [ledger(sources.map(({ name }) => name)), ledger(['*'])],
      {
        // On all names: whoever may not list them is answered 403 for an entry that is not there, not 404.
        // https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
        Action: ['s3:ListBucket'],
        Resource: [bucketArn(stack)],
      },
      useKey(stack, 'kms:Decrypt', 'kms:GenerateDataKey'),
      [catalog(tables), catalog(['*'])],
      // Before a version is deleted: tables of datasets that the configuration has no more are asked about, too.
      { Action: ['glue:GetPartitions'], Resource: tableArns(stack, ['*']) },
      emptiesQueue(logicalIds.loadQueue),
      inCustomersBuckets(
        stack,
        direct.map((source) => ({ ...source, folders: source.datasets.map(({ folder }) => `${folder}/`) })),
        { onBucket: ['s3:ListBucket'], onObjects: ['s3:GetObject'] },
      ),
      usesCustomersKeys(direct, ['kms:Decrypt']),
      assumesRoles(sources),
      itself.allowance,
    ]),
    [itself.trust],
  );
}
