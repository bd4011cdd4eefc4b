import type { Config } from '../../lib/config/configSchema.ts';
import { QUERY_RESULTS_FOLDER } from '../../lib/layout/queryResultsFolder.ts';

/** A deployed stack, as far as a form asks about it. */
export interface Deployment {
  /** `sluice-prod` */
  readonly stackName: string;
  readonly stage: string;
  readonly region: string;
  readonly account: string;
  /** The address of the local cloud; undefined on AWS. */
  readonly localEndpoint: string | undefined;
  /** Outputs by name. */
  readonly outputs: ReadonlyMap<string, string>;
}

/** Where the workgroup puts results: `s3://<bucket>/query-results/`. */
export function resultsLocation(
  { outputs }: Pick<Deployment, 'outputs'>,
  config: Pick<Config, 'bucket'>,
): string {
  return `s3://${outputs.get('DataBucketName') ?? config.bucket}/${QUERY_RESULTS_FOLDER}`;
}
