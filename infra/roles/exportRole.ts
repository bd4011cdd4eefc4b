import type { Export } from '../../lib/schema/exports.ts';
import { exportFolder } from '../../lib/tables/exportKeys.ts';
import { EXPORTS_LEDGER, LEDGER_FOLDER } from '../../lib/tables/ledgerKeys.ts';
import { foldersOfTable } from '../../lib/tables/tableFolders.ts';
import { objectsArn, objectsArns } from '../data/bucket.ts';
import { tableArns } from '../data/catalog.ts';
import type { Resources } from '../template/Resource.ts';
import type { Stack } from '../template/Stack.ts';
import { customerStatements } from './customerAccess.ts';
import { type AllowStatement, assumeSelf, functionRole, seesWhatIsMissing, sendTo } from './policies.ts';

/**
 * The role that reads the exported tables and writes to customers' buckets. They must allow it by their own policies,
 * or through a role of the customer. In a customer's bucket the role uses only the folder of the export. Each task
 * works in a session of the role that is limited to one export (lib/access/sessionPolicies.ts). Only the search for
 * days to export uses the whole role.
 */
export function exportRole(stack: Stack): Resources {
  const { exports } = stack.config;
  const self = assumeSelf(stack, 'export');
  return functionRole(
    stack,
    'export',
    [...readsTables(stack, exports), seesWhatIsMissing(stack), sendTo('export'), self.allowance],
    [self.trust],
    exports.map((exported) => exportStatements(stack, exported)),
  );
}

/** The statements of the role for one export: for its ledger, and its customer's folder, or role. */
function exportStatements(stack: Stack, exported: Export): readonly AllowStatement[] {
  const { name, target } = exported;
  return [
    {
      Action: ['s3:GetObject', 's3:PutObject'],
      Resource: [objectsArn(stack, `${LEDGER_FOLDER}${EXPORTS_LEDGER}/${name}/`)],
    },
    ...customerStatements(target, [exportFolder(exported)], {
      onBucket: ['s3:ListBucket', 's3:ListBucketMultipartUploads'],
      onObjects: ['s3:PutObject', 's3:PutObjectAcl', 's3:DeleteObject', 's3:AbortMultipartUpload'],
      onKey: ['kms:Decrypt', 'kms:GenerateDataKey'],
    }),
  ];
}

/** Statements for partitions and objects of the exported tables. */
function readsTables(stack: Stack, exports: readonly Export[]): readonly AllowStatement[] {
  const { config } = stack;
  const tables = [...new Set(exports.map(({ table }) => table))];
  const folders = tables.flatMap((table) => foldersOfTable(config, table));
  return [
    { Action: ['glue:GetPartitions'], Resource: tableArns(stack, tables) },
    { Action: ['s3:GetObject'], Resource: objectsArns(stack, [...new Set(folders)]) },
  ];
}
