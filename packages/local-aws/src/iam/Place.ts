/** Where the recorded calls go: what the ARNs in them are made of. */
export interface Place {
  readonly partition: string;
  readonly region: string;
  readonly account: string;
  /** ARN of the KMS key that a bucket encrypts with by default; undefined when it doesn't. */
  readonly bucketKey: (bucket: string) => string | undefined;
  /** ARN of a secret, by its name or ARN; undefined when there is none. */
  readonly secretArn: (id: string) => string | undefined;
}

/** ARN of something in the account and region: `arnAt(place, 'glue', 'catalog')`. */
export function arnAt({ partition, region, account }: Place, service: string, resource: string): string {
  return `arn:${partition}:${service}:${region}:${account}:${resource}`;
}

/** ARN of a bucket, or of an object in it. */
export function s3Arn({ partition }: Place, bucket: string, key = ''): string {
  return `arn:${partition}:s3:::${bucket}${key === '' ? '' : `/${key}`}`;
}
