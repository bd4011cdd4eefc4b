import type { Location } from '../../base/s3Location.ts';
import type { Config } from '../../schema/config.ts';
import { receiptFolder } from '../../schema/sources.ts';

/** A folder in a customer's bucket that the configuration names. */
export interface CustomerFolder extends Location {
  /** The field that names the folder: `sources.0.datasets.1.folder`, or `sources.0.receipt`. */
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
      field: `sources.${i}.datasets.${j}.folder`,
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
