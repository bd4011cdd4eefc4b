/** A permission that a call needs: one action on one resource. */
export interface NeededPermission {
  /** Name in IAM, which is not always the operation's: `s3:GetObject` for HeadObject. */
  readonly action: string;
  /** ARN, or `*` for an action without resources. */
  readonly resource: string;
  /** Condition keys of the call, e.g. `{ 's3:prefix': 'orders/' }`. */
  readonly context: Readonly<Record<string, string>>;
}

/** A call and its caller. */
export interface Call {
  /** ARN of a role or user; a service's name, e.g. `events.amazonaws.com`; the account's root for the key `test`. */
  readonly principal: string;
  /** Name in the signature's scope, e.g. `s3`. */
  readonly service: string;
  /** AWS's name of the operation, e.g. `HeadObject`. */
  readonly operation: string;
  /** Everything that the call needs; empty if it needs none. */
  readonly permissions: readonly NeededPermission[];
}

/** A call of a service that the policies do not allow. */
export interface ServiceRefusal {
  /** The sentence of the refusal: who, what and on which resource. */
  readonly reason: string;
  /** How often it was refused. */
  readonly count: number;
  /** Time of the last one, ISO 8601. */
  readonly lastAt: string;
}

/** Values needed to build the ARNs of permissions. */
export interface PermissionContext {
  /** The first part of ARNs after `arn:`. */
  readonly partition: string;
  /** The region of the deployment. */
  readonly region: string;
  /** The account of the deployment: twelve digits. */
  readonly account: string;
  /** ARN of a bucket's default KMS key; undefined when it has none. */
  readonly bucketKey: (bucket: string) => string | undefined;
  /** The KMS key that encrypts a queue, by the queue's name; undefined for one with SQS's own keys. */
  readonly queueKey: (queue: string) => string | undefined;
  /** ARN of a secret, by its name or ARN; undefined when it doesn't exist. */
  readonly secretArn: (id: string) => string | undefined;
}

/** ARN of a resource in the account and region: `arnAt(place, 'glue', 'catalog')`. */
export function arnAt(
  { partition, region, account }: PermissionContext,
  service: string,
  resource: string,
): string {
  return `arn:${partition}:${service}:${region}:${account}:${resource}`;
}

/** ARN of a bucket, or of an object in it. */
export function s3Arn({ partition }: PermissionContext, bucket: string, key = ''): string {
  const path = key === '' ? '' : `/${key}`;
  return `arn:${partition}:s3:::${bucket}${path}`;
}
