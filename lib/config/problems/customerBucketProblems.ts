import { parseArn } from '../../base/arn.ts';
import { type ConfigProblem, unexpected } from '../../schema/ConfigProblem.ts';
import type { Config } from '../../schema/config.ts';
import { customerBuckets, type NamedBucket } from './customerBuckets.ts';

/**
 * Finds contradictions between the places that name a customer's bucket: a bucket has one owner and one region,
 * S3 encrypts it with a key of that region only, which its owner can use, and the role that leads to it is its owner's.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
 */
export function customerBucketProblems(
  config: Pick<Config, 'account' | 'sources' | 'exports' | 'region'>,
): ConfigProblem[] {
  const named = customerBuckets(config);
  return named.flatMap((place, i) => {
    const before = named.slice(0, i).filter(({ bucket }) => bucket === place.bucket);
    return [
      ...contradictions(place, before),
      ...roleProblems(place),
      ...encryptionProblems(place, config.account),
      ...keyRegionProblems(place, config.region),
    ];
  });
}

/**
 * An owner or a region that an earlier place has otherwise. A place without a region has the deployment's, which
 * `--region` may name.
 */
function contradictions(place: NamedBucket, before: readonly NamedBucket[]): ConfigProblem[] {
  return (['owner', 'region'] as const).flatMap((member) => {
    const other = before.find(
      (earlier) => earlier[member] !== undefined && earlier[member] !== place[member],
    );
    if (place[member] === undefined || other === undefined) return [];
    const expected = `"${other[member]}", as ${other.field} has it of the same bucket`;
    return [unexpected(`${place.field}.${member}`, place[member], expected)];
  });
}

/**
 * Encryption that does not go with its key, or that the owner of the bucket could not read.
 *
 * @param account The deployment's.
 */
function encryptionProblems(
  { field, owner, role, kmsKeyArn, encryption }: NamedBucket,
  account: string | null,
): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  if (encryption === 'AES256' && kmsKeyArn !== undefined)
    problems.push(unexpected(`${field}.encryption`, 'AES256', '"aws:kms" beside kmsKeyArn'));
  const isOurKey = role === undefined && kmsKeyArn === undefined && owner !== account;
  if (encryption === 'aws:kms' && isOurKey && owner !== undefined)
    problems.push({
      field: `${field}.encryption`,
      text: `got "aws:kms" alone, expected kmsKeyArn or role beside it: objects would be encrypted with the key aws/s3 of the account that writes, which ${owner} cannot use. If ${owner} is the account of the deployment, set \`account\` to it.`,
    });
  return problems;
}

/** A key of another region than the bucket's. @param deployed The region of the deployment. */
function keyRegionProblems(place: NamedBucket, deployed: string | undefined): ConfigProblem[] {
  if (place.kmsKeyArn === undefined) return [];
  const { region: keyRegion } = parseArn(place.kmsKeyArn);
  const region = place.region ?? deployed;
  if (keyRegion === region) return [];
  const unless = place.region === undefined ? ' unless `region` beside it says another' : '';
  return [
    {
      field: `${place.field}.kmsKeyArn`,
      text: `got a key of ${keyRegion}, expected one of ${region}, the bucket's region${unless}.`,
    },
  ];
}

/**
 * Problems of roles without an external ID. Without one, another customer could name the role as theirs, and have us
 * read the bucket for them.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
 */
function roleProblems({ field, owner, role }: NamedBucket): ConfigProblem[] {
  if (role === undefined || owner === undefined) return [];
  const problems: ConfigProblem[] = [];
  const { account } = parseArn(role.arn);
  if (account !== owner)
    problems.push({
      field: `${field}.role.arn`,
      text: `got a role of ${account}, expected one of ${owner}, the account that owns the bucket.`,
    });
  if (role.externalId === undefined && role.allowNoExternalId !== true)
    problems.push(
      unexpected(
        `${field}.role.externalId`,
        undefined,
        "the external ID that the role's trust policy asks for, or allowNoExternalId: true",
      ),
    );
  if (role.externalId !== undefined && role.allowNoExternalId === true)
    problems.push({ field: `${field}.role.allowNoExternalId`, text: 'expected none beside an external ID.' });
  return problems;
}
