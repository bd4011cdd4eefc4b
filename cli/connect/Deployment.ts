import { readerId } from '../../infra/readers.ts';
import { ownResults } from '../../lib/access/ownResults.ts';
import type { Config } from '../../lib/config/configSchema.ts';
import type { MetabaseReader, StatsigReader } from '../../lib/config/readersSchema.ts';

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

/** Where a reader queries, by the stack's outputs, and where its workgroup puts results: `s3://<bucket>/query-results/<reader>/`. */
export function ownQueries(
  { outputs }: Pick<Deployment, 'outputs'>,
  config: Pick<Config, 'bucket' | 'athena'>,
  reader: StatsigReader | MetabaseReader,
): { readonly workgroup: string; readonly resultsLocation: string } {
  const { workgroup, resultsFolder } = ownResults(config.athena, reader);
  return {
    workgroup: outputs.get(readerId(reader, 'WorkgroupName')) ?? workgroup,
    resultsLocation: `s3://${outputs.get('DataBucketName') ?? config.bucket}/${resultsFolder}`,
  };
}
