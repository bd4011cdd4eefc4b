import type { Config } from '../../schema/config.ts';
import { receiptFolder, type Source } from '../../schema/sources.ts';

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
    ...sources.map((source, i) => ({ ...source, field: `sources.${i}` })),
    ...exports.map(({ target }, i) => ({ ...target, field: `exports.${i}.target` })),
  ];
}

/** A folder in a customer's bucket that the configuration names. */
export interface CustomerFolder {
  /** The name of the bucket. */
  readonly bucket: string;
  /** With the slash at its end. */
  readonly folder: string;
  /** The field that names it: `sources.0.receipt`. */
  readonly field: string;
}

/** The folders of all datasets, each with the name of its source. */
export function datasetFolders(
  sources: Config['sources'],
): readonly (CustomerFolder & { readonly source: string })[] {
  return sources.flatMap(({ name, bucket, datasets }, i) =>
    datasets.map(({ folder }, j) => ({
      source: name,
      bucket,
      folder: `${folder}/`,
      field: `sources.${i}.datasets.${j}`,
    })),
  );
}

/** The folders that receipts are written to. */
export function receiptFolders(sources: Config['sources']): readonly CustomerFolder[] {
  return sources.flatMap((source, i) => {
    const folder = receiptFolder(source);
    return folder === null ? [] : [{ bucket: source.bucket, folder, field: `sources.${i}.receipt` }];
  });
}
