/** A permission that a call needs: one action on one resource. */
export interface NeededPermission {
  /** IAM's name, which is not always the operation's: `s3:GetObject` for HeadObject. */
  readonly action: string;
  /** ARN, or `*` where the action knows no resource. */
  readonly resource: string;
  /** Condition keys that the call carries, e.g. `{ 's3:prefix': 'overflow/' }`. */
  readonly context: Readonly<Record<string, string>>;
}

/** A call and who made it. */
export interface Call {
  /** ARN of a role or user; a service's name, e.g. `events.amazonaws.com`; the account's root for the key `test`. */
  readonly principal: string;
  /** Name in a signature's scope, e.g. `s3`. */
  readonly service: string;
  /** AWS's name of the operation, e.g. `HeadObject`. */
  readonly operation: string;
  readonly permissions: readonly NeededPermission[];
  /**
   * `seen`: it was made here. `documented`: AWS's documentation says that the service makes it for what was seen here,
   * as Firehose does when it looks for unfinished uploads, or Lambda when it assumes a function's role.
   */
  readonly basis: 'seen' | 'documented';
}

/** Equal calls are one entry. */
export interface RecordedCall extends Call {
  readonly count: number;
  /** By the local cloud's clock, ISO 8601. */
  readonly firstAt: string;
  readonly lastAt: string;
}

/** What the ARNs of needed permissions are made of. */
export interface PermissionContext {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
  /** ARN of the KMS key that a bucket encrypts with by default; undefined when it doesn't. */
  readonly bucketKey: (bucket: string) => string | undefined;
  /** ARN of a secret, by its name or ARN; undefined when there is none. */
  readonly secretArn: (id: string) => string | undefined;
}

/** ARN of something in the account and region: `arnAt(place, 'glue', 'catalog')`. */
export function arnAt(
  { partition, region, account }: PermissionContext,
  service: string,
  resource: string,
): string {
  return `arn:${partition}:${service}:${region}:${account}:${resource}`;
}

/** ARN of a bucket, or of an object in it. */
export function s3Arn({ partition }: PermissionContext, bucket: string, key = ''): string {
  return `arn:${partition}:s3:::${bucket}${key === '' ? '' : `/${key}`}`;
}
