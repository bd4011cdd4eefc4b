import type { ErrorEntry } from './errors.ts';

/**
 * Cause and first sentences of the cure of a denied call that expects an owner. S3 answers a bucket of another owner as
 * a call that a policy denies, and lists to an account the buckets that it owns:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html,
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html
 *
 * @param at Where the configuration has the bucket.
 */
export function denialOrOwner(at: '' | 'target.'): ErrorEntry {
  return {
    cause: `The customer's bucket refuses the call: a policy does not allow it, or the bucket is not of \`${at}owner\` any more. S3 answers both alike.`,
    cure: `First have the customer run \`aws s3api list-buckets --query "Buckets[?Name=='…'].Name" --output text\` in the account \`${at}owner\`. If it prints nothing, the bucket is not theirs: somebody may have made one of this name after theirs was deleted. Set \`${at}bucket\` to a bucket that the customer names, and never \`${at}owner\` to an account that the customer does not call theirs. If it prints the name, a policy denies the call.`,
  };
}
