import {
  GetBucketLifecycleConfigurationCommand,
  type LifecycleRule,
  type S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { isArchive } from '../base/ObjectStore.ts';
import type { ArchivingRule } from '../landing/catalog/archivingRules.ts';

/** Reads the rules of a bucket's lifecycle that archive objects. @throws What the client throws. */
export async function readArchivingRules(
  client: S3Client,
  Bucket: string,
): Promise<readonly ArchivingRule[]> {
  try {
    const { Rules = [] } = await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
    return Rules.flatMap(archivingRulesOf);
  } catch (error) {
    if (error instanceof S3ServiceException && error.name === 'NoSuchLifecycleConfiguration') return [];
    throw error;
  }
}

/**
 * The moves of a rule into classes that archive; none of a rule that is disabled. Tags and sizes, which may narrow a
 * rule further, are left out: https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRule.html
 */
function archivingRulesOf({
  ID: id = '',
  Status,
  Filter,
  Prefix,
  Transitions = [],
  NoncurrentVersionTransitions = [],
}: LifecycleRule): ArchivingRule[] {
  const prefix = Filter?.Prefix ?? Filter?.And?.Prefix ?? Prefix ?? '';
  const moves = [
    ...Transitions.map(({ StorageClass, Days }) => ({ StorageClass, days: Days, isOfVersions: false })),
    ...NoncurrentVersionTransitions.map(({ StorageClass, NoncurrentDays }) => {
      return { StorageClass, days: NoncurrentDays, isOfVersions: true };
    }),
  ];
  return moves.flatMap(({ StorageClass: storageClass, days = null, isOfVersions }) =>
    Status === 'Enabled' && storageClass !== undefined && isArchive(storageClass)
      ? [{ id, prefix, storageClass, days, isOfVersions }]
      : [],
  );
}
