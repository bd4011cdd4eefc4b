import type { Config } from '../../lib/schema/config.ts';
import { tableKinds } from '../../lib/schema/kinds.ts';
import { ERASURES_FOLDER, LANDING_NOTES, RAW_DAYS_FOLDER } from '../../lib/tables/ledgerKeys.ts';
import { DAMAGED_FOLDER, LANDING_FOLDER, QUARANTINE_LARGE_FOLDER } from '../../lib/tables/objectKeys.ts';
import { receivedHoursTable } from '../../lib/tables/receivedHoursTable.ts';
import {
  groupsFolder,
  receivedHoursFolder,
  statsigFolders,
  tableFolders,
} from '../../lib/tables/tableFolders.ts';
import { bucketArn, objectsArn, objectsArns } from '../data/bucket.ts';
import { catalogArns, tableArns } from '../data/catalog.ts';
import { identityId } from '../readers/readers.ts';
import { getAtt, type Resources, ref } from '../template/Resource.ts';
import { idOf, LOAD_ROLE, logicalIds, type Stack, WRITE_ROLE } from '../template/Stack.ts';
import { functionRole, MOVE_PARTITIONS, seesWhatIsMissing, sendTo } from './policies.ts';
import { keepCopies } from './relayRoles.ts';

/** One role for each function, so that none can do another's work. */
export function functionRoles(stack: Stack): Resources {
  return {
    ...collectRole(stack),
    ...registerRole(stack),
    ...writeRole(stack),
  };
}

/**
 * Logical IDs of the roles that delete files of tables or of the landing, which the bucket's policy allows them: the
 * writer, the sweeps of versions, and Statsig's own forwarding where it writes to this bucket.
 */
export function deleterIds({ sources, curate, readers }: Config): readonly string[] {
  return [
    WRITE_ROLE,
    ...(sources.length > 0 ? [LOAD_ROLE] : []),
    ...(curate ? [idOf('curate', 'Role')] : []),
    ...readers.flatMap((reader) =>
      reader.kind === 'statsig' && reader.statsigForwardsHere ? [identityId(reader)] : [],
    ),
  ];
}

/**
 * The role that puts records into the landing, by its stream or as objects, and large quarantined bodies into the
 * bucket. It reads the hashes of keys and the experiment groups. It lists the folder of the groups before it reads, which
 * tells groups that are missing from groups that it may not read: lib/groups/GroupsCache.ts.
 */
function collectRole(stack: Stack): Resources {
  return functionRole(stack, 'collect', [
    { Action: ['firehose:PutRecord'], Resource: [getAtt(logicalIds.stream)] },
    {
      Action: ['s3:PutObject'],
      Resource: objectsArns(stack, [LANDING_FOLDER, QUARANTINE_LARGE_FOLDER]),
    },
    { Action: ['s3:GetObject'], Resource: [objectsArn(stack, groupsFolder(stack.config))] },
    {
      Action: ['s3:ListBucket'],
      Resource: [bucketArn(stack)],
      Condition: { StringLike: { 's3:prefix': [`${groupsFolder(stack.config)}*`] } },
    },
    {
      Action: ['secretsmanager:GetSecretValue'],
      Resource: [ref(logicalIds.keysSecret)],
    },
    ...keepCopies(stack),
  ]);
}

/**
 * The role that registers partitions of every table. In the bucket it lists files of tables, erasures and nights,
 * reads the lifecycle, and keeps notes on the tables' days.
 */
function registerRole(stack: Stack): Resources {
  return functionRole(stack, 'register', [
    {
      Action: MOVE_PARTITIONS,
      Resource: catalogArns(stack, tableKinds),
    },
    {
      Action: ['s3:ListBucket'],
      Resource: [bucketArn(stack)],
      Condition: {
        StringLike: {
          's3:prefix': [
            ...tableKinds.flatMap((kind) => tableFolders(stack.config, kind)),
            RAW_DAYS_FOLDER,
            ERASURES_FOLDER,
            ...statsigFolders(stack.config).map((statsigFolder) => receivedHoursFolder({ statsigFolder })),
          ].map((folder) => `${folder}*`),
        },
      },
    },
    { Action: ['glue:GetTable'], Resource: tableArns(stack, [receivedHoursTable.name]) },
    { Action: ['s3:GetObject', 's3:PutObject'], Resource: [objectsArn(stack, RAW_DAYS_FOLDER)] },
    { Action: ['s3:GetLifecycleConfiguration'], Resource: [bucketArn(stack)] },
  ]);
}

/**
 * The role that makes the tables' files of landed objects, and then deletes the objects. It moves objects that it cannot
 * read to damaged/, and rows that their tables do not take to quarantine. Of the tables' files it deletes only those
 * that it has just put and will write again. In the ledger it has notes of its own: lib/landing/LandingNote.ts.
 */
function writeRole(stack: Stack): Resources {
  const tables = tableKinds.flatMap((kind) => tableFolders(stack.config, kind));
  const objects = (...folders: readonly string[]) => objectsArns(stack, folders);
  return functionRole(stack, 'write', [
    // It reads damaged/ so that it does not replace what another run has put there.
    { Action: ['s3:GetObject'], Resource: objects(LANDING_FOLDER, LANDING_NOTES, DAMAGED_FOLDER) },
    { Action: ['s3:DeleteObject'], Resource: objects(LANDING_FOLDER, LANDING_NOTES, ...tables) },
    {
      Action: ['s3:PutObject'],
      Resource: objects(...tables, QUARANTINE_LARGE_FOLDER, DAMAGED_FOLDER, LANDING_NOTES),
    },
    // The hourly look lists objects, and a read of a missing object carries no prefix.
    seesWhatIsMissing(stack),
    sendTo('write'),
  ]);
}
