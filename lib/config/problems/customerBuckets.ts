import type { Config } from '../../schema/config.ts';
import type { Source } from '../../schema/sources.ts';

/** One place of the configuration that names a customer's bucket. */
export interface NamedBucket {
  /** The field that names it: `sources.0`. */
  readonly field: string;
  /** The name of the bucket. */
  readonly bucket: string;
  /** The account that owns it; undefined if the field does not say. */
  readonly owner?: string | undefined;
  /** Its region. Default: the deployment's. */
  readonly region?: string | undefined;
  /** ARN of the key that its objects are encrypted with; undefined without one. */
  readonly kmsKeyArn?: string | undefined;
  /** How it is encrypted; undefined if the field does not say. */
  readonly encryption?: Source['encryption'];
  /** The role that leads to the bucket. Default: the bucket's policy does. */
  readonly role?: Source['role'];
}

/** The places that name a customer's bucket: sources, then targets of exports. */
export function customerBuckets({
  sources,
  exports,
}: Pick<Config, 'sources' | 'exports'>): readonly NamedBucket[] {
  return [
    ...sources.map((source, i) => namedBucket(`sources.${i}`, source)),
    ...exports.map(({ target }, i) => namedBucket(`exports.${i}.target`, target)),
  ];
}

/** What a field says of a bucket. */
function namedBucket(
  field: string,
  { bucket, owner, region, kmsKeyArn, encryption, role }: Omit<NamedBucket, 'field'>,
): NamedBucket {
  return { field, bucket, owner, region, kmsKeyArn, encryption, role };
}
