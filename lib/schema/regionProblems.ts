import { parseArn } from '../base/arn.ts';
import { type ConfigProblem, unexpected } from './ConfigProblem.ts';
import { type Endpoint, hasFunctionUrl } from './endpoint.ts';
import { hasFunctionUrls, type Region } from './regions.ts';

/** Settings that a region must fit. */
export interface RegionalSettings {
  /** The kind of the endpoint. */
  readonly endpoint: Pick<Endpoint, 'kind'>;
  /** The key of a bucket that exists already; null without one. */
  readonly existing: { readonly keyArn: string | null };
  /** The key of the log groups; null without one. */
  readonly logs: { readonly kmsKeyArn: string | null };
}

/** What of a configuration does not fit the region of the deployment. */
interface RegionProblem extends ConfigProblem {
  /**
   * `functionUrl`: the region has none. `key`, `logsKey`: the bucket's key, or that of the log groups, is of another
   * region.
   */
  readonly kind: 'functionUrl' | 'key' | 'logsKey';
}

/**
 * Finds a Function URL in a region that has none, and keys of another region. S3 would look at its key only with the first
 * object, and CloudWatch Logs would stop the deployment at the first log group.
 *
 * @param region The deployment's region, which `--region` may have chosen.
 */
export function regionProblems(
  region: Region,
  { endpoint, existing, logs }: RegionalSettings,
): readonly RegionProblem[] {
  const problems: RegionProblem[] = [];
  if (hasFunctionUrl(endpoint) && !hasFunctionUrls(region))
    problems.push({
      kind: 'functionUrl',
      ...unexpected(
        'endpoint.kind',
        endpoint.kind,
        `"http-api", as Lambda has no Function URLs in ${region}`,
      ),
    });
  const keys = [
    { kind: 'key', field: 'existing.keyArn', arn: existing.keyArn, place: 'the bucket is' },
    { kind: 'logsKey', field: 'logs.kmsKeyArn', arn: logs.kmsKeyArn, place: 'the log groups are' },
  ] as const;
  for (const { kind, field, arn, place } of keys) {
    if (arn === null) continue;
    const { region: keyRegion } = parseArn(arn);
    if (keyRegion === region) continue;
    const text = `got a key of ${keyRegion}, expected one of ${region}, where ${place}.`;
    problems.push({ kind, field, text });
  }
  return problems;
}
