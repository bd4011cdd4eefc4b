/** The parts of an ARN, as they stand in it: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html */
export interface Arn {
  /** `aws`, `aws-cn`, `aws-us-gov`. */
  readonly partition: string;
  /** The service: `kms`. */
  readonly service: string;
  /** The region, `eu-west-1`; empty for a resource that has none, such as a role or a bucket. */
  readonly region: string;
  /** The account, 12 digits; empty for a resource that names none, such as a bucket. */
  readonly account: string;
  /** What follows the account: `role/path/name`. It may have colons. */
  readonly resource: string;
}

/** Reads an ARN. @throws RangeError for another text. */
export function parseArn(text: string): Arn {
  const [prefix, partition = '', service = '', region = '', account = '', ...rest] = text.split(':');
  if (prefix !== 'arn' || rest.length === 0) throw new RangeError(`${text} is no ARN.`);
  return { partition, service, region, account, resource: rest.join(':') };
}
