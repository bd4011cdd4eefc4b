/** What AWS says of a call that a policy denied to a role. */
export interface SaidDenial {
  /** Of the role's ARN: `aws`. */
  readonly partition: string;
  /** Of the role: twelve digits. */
  readonly account: string;
  /** Name of the role, without path and session. */
  readonly role: string;
  /** `s3:PutObject` */
  readonly action: string;
  /** ARN of what was asked for; `*` if it is not named. */
  readonly resource: string;
  /** Whether a statement denies the call; else no statement allows it. */
  readonly isExplicit: boolean;
  /** `identity-based policy`, `resource-based policy`, `service control policy`, `permissions boundary`, … */
  readonly policy: string;
}

/**
 * AWS's words for a denial, of S3 and of KMS, also within JSON: https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html,
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
 */
const DENIAL =
  /arn:(?<partition>[\w-]+):sts::(?<account>\d+):assumed-role\/(?<role>[^/\s]+)\/\S+ is not authorized to perform: (?<action>\w+:\w+)(?: on (?:the )?resource(?:: \\?"?(?<resource>[^"\\\s]+))?)?.*?(?<how>explicit deny in an?|because no) (?<policy>[\w -]*?(?:policy|boundary))/;

/** What a text says of a denied call, by AWS's own words; null if it has none that name the role and the policy. */
export function denialIn(text: string): SaidDenial | null {
  const said = DENIAL.exec(text)?.groups;
  if (said === undefined) return null;
  const { partition = '', account = '', role = '', action = '', resource = '*', how, policy = '' } = said;
  return { partition, account, role, action, resource, isExplicit: how !== 'because no', policy };
}
