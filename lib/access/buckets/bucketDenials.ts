import type { Config } from '../../schema/config.ts';
import { LANDING_FOLDER } from '../../tables/objectKeys.ts';
import { landedFolders, tableFolder } from '../../tables/tableFolders.ts';

/** A statement of a bucket's policy that denies something to everybody. ARNs are texts, or terms of CloudFormation. */
export type BucketDenial<Arn> = {
  /** Says what the statement is for. */
  readonly Sid: string;
  /** A statement that denies wins over all that allow. */
  readonly Effect: 'Deny';
  /** Everybody: `Condition` says for whom it does not hold. */
  readonly Principal: '*';
  /** The action, `s3:DeleteObject`. */
  readonly Action: string;
  /** What it holds for. */
  readonly Resource: readonly Arn[];
  /** When it holds, by operator and key. */
  readonly Condition: Readonly<Record<string, Readonly<Record<string, string | readonly Arn[]>>>>;
};

/** The statement of a bucket's policy that denies everything without TLS, on the bucket and all its objects. */
export function encryptedTransportOnly<Arn>(resources: readonly Arn[]): BucketDenial<Arn> {
  return {
    Sid: 'EncryptedTransportOnly',
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:*',
    Resource: resources,
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  };
}

/**
 * Folders in which the bucket's policy lets only the stack's own roles delete without a version, each with a slash at
 * its end.
 */
export function keptFolders(
  config: Pick<Config, 'retention' | 'statsigFolder' | 'tables'> &
    Partial<Pick<Config, 'formerStatsigFolders'>>,
): readonly string[] {
  if (!config.retention.denyDeletes) return [];
  return [...landedFolders(config), tableFolder(config, 'quarantine'), LANDING_FOLDER];
}

/**
 * The statement that denies everybody else, also the account's root, to delete without naming a version, as `aws s3 rm`
 * and the console's button do. People who name a version delete on purpose. `aws:PrincipalArn` is the role's ARN in its
 * sessions, too. `NotPrincipal` would have to name each session, and denies every role with a boundary:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html. No policy of a bucket
 * stops a lifecycle rule: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html.
 */
export function deleteByVersionOnly<Arn>(files: readonly Arn[], deleters: readonly Arn[]): BucketDenial<Arn> {
  return {
    Sid: 'DeleteByVersionOnly',
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:DeleteObject',
    Resource: files,
    Condition: { ArnNotEquals: { 'aws:PrincipalArn': deleters } },
  };
}
