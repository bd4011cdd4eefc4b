import { parseArn } from '../base/arn.ts';
import { logFoldersOutside } from '../drops/tableFormats.ts';
import type { Config } from '../schema/config.ts';
import type { Export } from '../schema/exports.ts';
import { type Dataset, datasetReceiptFolder, type Source } from '../schema/sources.ts';
import { exportFolder } from '../tables/exportKeys.ts';
import { EXPORTS_LEDGER, LEDGER_FOLDER, tableLoadsFolder, VERSION_NOTES } from '../tables/ledgerKeys.ts';
import {
  foldersOfTable,
  ingestedTableFolders,
  REFUSED_ROWS_PREFIX,
  tableFolder,
} from '../tables/tableFolders.ts';
import { arnIn, bucketArn, catalogArns, objectsArn } from './arns.ts';
import type { Condition } from './policyDocument.ts';

/** One statement of a session policy. */
interface Statement {
  /** A session policy only allows; whatever it does not name is denied. */
  readonly Effect: 'Allow';
  /** Actions as IAM names them, e.g. `s3:GetObject`. */
  readonly Action: string | readonly string[];
  /** ARNs, with wildcards. */
  readonly Resource: string | readonly string[];
  /** Conditions by operator and key. Default none. */
  readonly Condition?: Condition;
}

/** The account of a session, and the place of our resources. */
export interface SessionScope {
  /** `aws`, `aws-cn` or `aws-us-gov`. */
  readonly partition: string;
  /** The deployment's account. */
  readonly account: string;
  /** The deployment's bucket. */
  readonly bucket: string;
  /** How the bucket is encrypted. */
  readonly encryption: Config['encryption'];
  /** Key of an existing bucket; null: any key of the account. */
  readonly keyArn: string | null;
}

/** What names the folders of tables. */
type Layout = Pick<Config, 'statsigFolder' | 'formerStatsigFolders' | 'tables'>;
/** What names a customer's bucket, its key and its role. */
type CustomersBucket = Pick<Source, 'bucket' | 'kmsKeyArn' | 'role'>;

/** The use that a session of a customer's role makes of a folder. */
type Purpose = 'list' | 'read' | 'write' | 'receipt';

/**
 * Actions on objects for each purpose:
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
 */
const ON_OBJECTS = {
  read: ['s3:GetObject'],
  write: ['s3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload'],
  receipt: ['s3:PutObject'],
} as const satisfies Record<Exclude<Purpose, 'list'>, readonly string[]>;
/** Actions on the key for each purpose: https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html */
const WITH_KEY = {
  read: ['kms:Decrypt'],
  write: ['kms:Decrypt', 'kms:GenerateDataKey'],
  receipt: ['kms:Decrypt', 'kms:GenerateDataKey'],
} as const satisfies Record<Exclude<Purpose, 'list'>, readonly string[]>;

/**
 * Limits the load's role to one dataset: it may read the files of this dataset's customer, write its receipts, and
 * write the dataset's table, ledger and refused rows. The process that reads the files does not even have this session
 * (lib/drops/engine/childEngine.ts): docs/ingest.md says what that protects against.
 *
 * @returns The session policy in JSON.
 */
export function loadSession(
  scope: SessionScope,
  layout: Layout,
  source: CustomersBucket & Pick<Source, 'name' | 'receipt'>,
  { name, table, folder }: Pick<Dataset, 'name' | 'table' | 'folder'>,
): string {
  const ledger = `${LEDGER_FOLDER}${source.name}/${name}/`;
  const notes = `${VERSION_NOTES}*/${table}/`;
  const refused = `${tableFolder(layout, 'quarantine')}*/${REFUSED_ROWS_PREFIX}${table}-`;
  const rows = ingestedTableFolders(layout, table);
  const pieces = tableLoadsFolder(table);
  const receipts = source.role === undefined ? datasetReceiptFolder(source, { name }) : null;
  return policyText([
    actOn([
      ...[...rows, ledger, pieces, notes, refused].map((prefix) => objectsArn(scope, scope.bucket, prefix)),
      ...ownArns(scope, table),
      ...customersArns(scope, source, `${folder}/`),
      ...(receipts === null ? [] : [objectsArn(scope, source.bucket, receipts)]),
    ]),
    // These lists are needed because a day whose files are gone keeps its version if that has files.
    listing(scope, scope.bucket, [...rows, ledger, pieces, notes, refused]),
    ...(source.role === undefined ? [listing(scope, source.bucket, listedFolders(folder))] : []),
  ]);
}

/**
 * Limits the export's role to one export: it may read its table, and write its ledger and its customer's folder.
 *
 * @returns The session policy in JSON.
 */
export function exportSession(scope: SessionScope, layout: Layout, exported: Export): string {
  const { name, table, target } = exported;
  const rows = foldersOfTable(layout, table);
  const ledger = `${LEDGER_FOLDER}${EXPORTS_LEDGER}/${name}/`;
  const folder = exportFolder(exported);
  return policyText([
    actOn([
      ...[...rows, ledger].map((prefix) => objectsArn(scope, scope.bucket, prefix)),
      ...ownArns(scope, table),
      ...customersArns(scope, target, folder),
    ]),
    listing(scope, scope.bucket, [...rows, ledger]),
    ...(target.role === undefined
      ? [listing(scope, target.bucket, [folder]), listingUploads(scope, target.bucket)]
      : []),
  ]);
}

/**
 * Limits a session of a customer's role to one folder of one bucket.
 *
 * @param folder With the slash at its end.
 * @returns The session policy in JSON.
 */
export function customerSession(
  { bucket, kmsKeyArn, role }: CustomersBucket,
  folder: string,
  purpose: Purpose,
): string {
  const partition = role === undefined ? 'aws' : parseArn(role.arn).partition;
  return policyText([
    ...(purpose === 'receipt'
      ? []
      : [
          listing({ partition }, bucket, purpose === 'write' ? [folder] : listedFolders(folder.slice(0, -1))),
        ]),
    ...(purpose === 'write' ? [listingUploads({ partition }, bucket)] : []),
    // Without a key in the configuration the role may still use one: the customer's policies decide which.
    ...(purpose === 'list'
      ? []
      : [
          allow(ON_OBJECTS[purpose], objectsArn({ partition }, bucket, folder)),
          allow(WITH_KEY[purpose], kmsKeyArn ?? '*'),
        ]),
  ]);
}

/**
 * Folders that are listed for a customer's dataset: its own folder, and folders in which metadata would show that it is
 * a table.
 */
export function listedFolders(folder: string): readonly string[] {
  return [`${folder}/`, ...logFoldersOutside(folder)];
}

/**
 * Allows whatever the role's own policy allows, but on these resources only. A session policy can only take away, and
 * it has to be short. So our roles' policies name the actions, the region and the database, and session policies name
 * the resources.
 */
function actOn(resources: readonly string[]): Statement {
  return allow('*', resources);
}

/** The ARNs of a table of the catalog, and of our key, if there is one. */
function ownArns(scope: SessionScope, table: string): readonly string[] {
  const anywhere = { partition: scope.partition, account: scope.account, region: '*' };
  const keyArn = scope.keyArn ?? arnIn(anywhere, 'kms', 'key/*');
  return [...catalogArns(anywhere, '*', table), ...(scope.encryption === 'kms' ? [keyArn] : [])];
}

/** The ARN of the customer's role; without a role, those of their folder and of the key that encrypts it. */
function customersArns(
  scope: SessionScope,
  { bucket, kmsKeyArn, role }: CustomersBucket,
  folder: string,
): readonly string[] {
  if (role !== undefined) return [role.arn];
  return [objectsArn(scope, bucket, folder), ...(kmsKeyArn === undefined ? [] : [kmsKeyArn])];
}

/**
 * Lists without a prefix are not allowed, so S3 answers 403 for a missing object, as it does to every caller that may
 * not list: lib/aws/s3ObjectStore.ts then lists instead.
 */
function listing(
  scope: Pick<SessionScope, 'partition'>,
  bucket: string,
  prefixes: readonly string[],
): Statement {
  return {
    ...allow('s3:ListBucket', bucketArn(scope, bucket)),
    Condition: { StringLike: { 's3:prefix': oneOrMany(prefixes.map((prefix) => `${prefix}*`)) } },
  };
}

/**
 * Lists unfinished uploads. S3 knows no prefix for this action, so the names of unfinished uploads in other folders can
 * be seen.
 */
function listingUploads(scope: Pick<SessionScope, 'partition'>, bucket: string): Statement {
  return allow('s3:ListBucketMultipartUploads', bucketArn(scope, bucket));
}

/** A statement as short as it can be: STS limits the characters of a session policy. */
function allow(Action: string | readonly string[], Resource: string | readonly string[]): Statement {
  return { Effect: 'Allow', Action: oneOrMany(Action), Resource: oneOrMany(Resource) };
}

/** Writes a list with one member as a text, which takes less room. */
function oneOrMany(texts: string | readonly string[]): string | readonly string[] {
  const [first = '', ...more] = typeof texts === 'string' ? [texts] : texts;
  return more.length === 0 ? first : texts;
}

/** STS takes no character above U+00FF, so all characters beyond ASCII, which folders may have, are escaped. */
function policyText(Statement: readonly Statement[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement }).replace(
    /[^ -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
