import { identityId } from '../../infra/readers/readers.ts';
import { foreignBuckets } from '../../lib/access/alsoReads.ts';
import { iamArn, roleNamePattern } from '../../lib/access/arns.ts';
import { ingestSourcePolicies } from '../../lib/access/buckets/customerBucketPolicies.ts';
import type { PolicyDocument } from '../../lib/access/policyDocument.ts';
import { didYouMean } from '../../lib/base/text.ts';
import type { Config } from '../../lib/schema/config.ts';
import { isRole, namedIdentity } from '../../lib/schema/readers.ts';
import { UsageError } from '../terminal/commandLine.ts';

/** What the owner of a bucket of another account applies. */
export interface OwnerPolicies {
  /** Name of the bucket. */
  readonly bucket: string;
  /** Account of the owner; absent if the configuration does not have it. */
  readonly owner: string | undefined;
  /** Policy of the bucket. */
  readonly bucketPolicy: PolicyDocument;
  /** Policy of the key; null without a key. */
  readonly keyPolicy: PolicyDocument | null;
  /** ARNs of the keys that encrypt the bucket. */
  readonly keyArns: readonly string[];
}

/**
 * What the owner of a bucket of another account applies, so that readers can read it by `alsoReads`: statements for the policies
 * of the bucket and of its key.
 *
 * @throws UsageError for a bucket that no reader reads.
 */
export function ownerPolicies(
  { readers }: Pick<Config, 'readers'>,
  { bucket, stack, account }: { readonly bucket: string; readonly stack: string; readonly account: string },
): OwnerPolicies {
  const all = readers.flatMap((reader) => foreignBuckets(reader).map((foreign) => ({ reader, foreign })));
  const read = all.filter(({ foreign }) => foreign.bucket === bucket);
  if (read.length === 0) {
    const names = [...new Set(all.map(({ foreign }) => foreign.bucket))];
    const known = names.join(', ') || 'none (`alsoReads` with `owner`: docs/readers.md)';
    const detail = `Expected one bucket that readers read: ${known}.${didYouMean(bucket, names)}`;
    throw new UsageError('SLUICE_USAGE_ARGUMENTS', detail);
  }
  const folders = [...new Set(read.flatMap(({ foreign }) => foreign.folders))];
  const keyArns = [...new Set(read.flatMap(({ foreign }) => foreign.kmsKeyArns))];
  // The account's root is the principal, and a condition names the roles and users of the readers: they may not exist yet,
  // and a policy that names one by its ARN loses it when it is replaced.
  const { bucketPolicy, keyPolicy } = ingestSourcePolicies({
    partition: 'aws',
    bucket,
    principal: iamArn({ partition: 'aws', account }, 'root'),
    roles: read.map(({ reader }) => {
      const kind = isRole(reader) ? 'role' : 'user';
      const pattern = `${kind}/${roleNamePattern(stack, identityId(reader))}`;
      return iamArn({ partition: 'aws', account }, namedIdentity(reader) ?? pattern);
    }),
    folders: folders.includes('') ? undefined : folders,
    keyArn: keyArns[0],
  });
  return { bucket, owner: read[0]?.foreign.owner, bucketPolicy, keyPolicy: keyPolicy ?? null, keyArns };
}
