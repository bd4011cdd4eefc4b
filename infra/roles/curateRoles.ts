import { forwardedKinds } from '../../lib/schema/kinds.ts';
import { CURATED_LEDGER, LEDGER_FOLDER, VERSION_NOTES } from '../../lib/tables/ledgerKeys.ts';
import { ingestedTableFolders, tableFolders } from '../../lib/tables/tableFolders.ts';
import { viewKinds } from '../../lib/views/curatedViews.ts';
import { viewNames } from '../../lib/views/viewNames.ts';
import { objectsArn, objectsArns } from '../data/bucket.ts';
import { tableArns } from '../data/catalog.ts';
import type { Resources } from '../template/Resource.ts';
import type { Stack } from '../template/Stack.ts';
import { type AllowStatement, functionRole, MOVE_PARTITIONS, seesWhatIsMissing, sendTo } from './policies.ts';

/** The views whose text names curated days. The other views read these. */
const namingViews = viewNames.filter((name) => viewKinds[name].length > 0);

/** The roles of the curation. One finds days and rewrites views, and the other rewrites days. */
export function curateRoles(stack: Stack): Resources {
  return {
    ...planRole(stack),
    ...curateRole(stack),
  };
}

/**
 * The role that lists raw files, keeps the ledger and rewrites the views. It reads no row and writes no file of a
 * table.
 */
function planRole(stack: Stack): Resources {
  const { curatedTables } = stack.config;
  return functionRole(stack, 'curate-plan', [
    ledger(stack),
    seesWhatIsMissing(stack),
    // Views name only days whose partition has the version that the ledger says.
    { Action: ['glue:GetPartitions'], Resource: tableArns(stack, Object.values(curatedTables)) },
    { Action: ['glue:GetTable'], Resource: tableArns(stack, viewNames) },
    { Action: ['glue:UpdateTable'], Resource: tableArns(stack, namingViews) },
    sendTo('curate'),
  ]);
}

/**
 * The role that reads raw rows and earlier versions, writes versions of curated days and moves their partitions. It
 * cannot write to the raw tables.
 */
function curateRole(stack: Stack): Resources {
  const { config } = stack;
  const names = Object.values(config.curatedTables);
  const versions = objectsArns(
    stack,
    names.flatMap((name) => ingestedTableFolders(config, name)),
  );
  const notes = names.map((name) => objectsArn(stack, `${VERSION_NOTES}*/${name}/`));
  return functionRole(stack, 'curate', [
    {
      Action: ['s3:GetObject'],
      Resource: [
        ...forwardedKinds.flatMap((kind) => objectsArns(stack, tableFolders(config, kind))),
        ...versions,
      ],
    },
    { Action: ['s3:PutObject', 's3:DeleteObject'], Resource: [...versions, ...notes] },
    // This is for multipart uploads that fail.
    { Action: ['s3:AbortMultipartUpload'], Resource: versions },
    ledger(stack),
    seesWhatIsMissing(stack),
    {
      Action: MOVE_PARTITIONS,
      Resource: tableArns(stack, names),
    },
    sendTo('curate', 'curate-plan'),
  ]);
}

/** The permission for entries of curated days, and for the lists of days that views read. */
function ledger(stack: Stack): AllowStatement {
  return {
    Action: ['s3:GetObject', 's3:PutObject'],
    Resource: [objectsArn(stack, `${LEDGER_FOLDER}${CURATED_LEDGER}/`)],
  };
}
