import type { Config } from '../schema/config.ts';
import type { Source } from '../schema/sources.ts';

/** One place of the configuration that names a customer's bucket. */
interface NamedBucket {
  readonly field: string;
  readonly bucket: string;
  readonly owner: string;
  readonly region?: string | undefined;
  readonly kmsKeyArn?: string | undefined;
  readonly role?: Source['role'];
}

/**
 * What is wrong with customers' buckets that no place which names one shows alone: a bucket has one owner and one region,
 * S3 encrypts it with a key of that region only, and the role that leads to it is its owner's.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
 */
export function customerBucketProblems(config: Pick<Config, 'sources' | 'exports' | 'region'>): string[] {
  const named: readonly NamedBucket[] = [
    ...config.sources.map((source, i) => ({ ...source, field: `sources.${i}` })),
    ...config.exports.map(({ target }, i) => ({ ...target, field: `exports.${i}.target` })),
  ];
  const problems: string[] = [];
  for (const [i, one] of named.entries()) {
    const before = named.slice(0, i).filter(({ bucket }) => bucket === one.bucket);
    for (const member of ['owner', 'region'] as const) {
      // Without a region it is the deployment's, which `--region` may say.
      const other = before.find((each) => each[member] !== undefined && each[member] !== one[member]);
      if (one[member] !== undefined && other !== undefined)
        problems.push(
          `${one.field}.${member}: came "${one[member]}", expected "${other[member]}", as ${other.field} has it of the same bucket.`,
        );
    }
    problems.push(...roleProblems(one));
    const [, , , keyRegion] = one.kmsKeyArn?.split(':') ?? [];
    const region = one.region ?? config.region;
    if (keyRegion !== undefined && keyRegion !== region)
      problems.push(
        `${one.field}.kmsKeyArn: came a key of ${keyRegion}, expected one of ${region}, the bucket's region${one.region === undefined ? ' unless `region` beside it says another' : ''}.`,
      );
  }
  return problems;
}

/**
 * Without an external ID another customer could name the role as theirs, and have us read it for them.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
 */
function roleProblems({ field, owner, role }: NamedBucket): string[] {
  if (role === undefined) return [];
  const problems: string[] = [];
  const [, , , , account] = role.arn.split(':');
  if (account !== owner)
    problems.push(
      `${field}.role.arn: came a role of ${account}, expected one of ${owner}, the account that owns the bucket.`,
    );
  if (role.externalId === undefined && role.allowNoExternalId !== true)
    problems.push(
      `${field}.role.externalId: came nothing, expected the external ID that the role's trust policy asks for, or allowNoExternalId: true.`,
    );
  if (role.externalId !== undefined && role.allowNoExternalId === true)
    problems.push(`${field}.role.allowNoExternalId: expected none beside an external ID.`);
  return problems;
}
