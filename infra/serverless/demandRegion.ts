import { ConfigError } from '../../lib/config/ConfigError.ts';
import type { Config } from '../../lib/config/configSchema.ts';
import { hasArm64, isRegion, type Region } from '../../lib/config/regions.ts';

/**
 * Refuses a region that lacks a service or the functions' architecture, and a key or a topic of another one: S3 takes keys of the bucket's region only
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html), and CloudWatch topics of the alarm's
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html).
 *
 * @param region Where to deploy: `region` of the configuration, unless `--region` says otherwise.
 * @throws ConfigError `SLUICE_CONFIG_INVALID`, naming the fields.
 */
export function demandRegion(
  { existing, alarms, architecture }: Pick<Config, 'existing' | 'alarms' | 'architecture'>,
  region: string,
): asserts region is Region {
  const problems: string[] = [];
  if (!isRegion(region)) {
    problems.push(
      `region: came "${region}", expected a region that has all of the services: lib/config/regions.ts lists them.`,
    );
  } else if (architecture === 'arm64' && !hasArm64(region)) {
    problems.push(
      `architecture: came "arm64", expected "x86_64", as AWS has not announced Lambda on arm64 for ${region}.`,
    );
  }
  for (const [field, arn] of [
    ['existing.keyArn', existing.keyArn],
    ['alarms.topicArn', alarms.topicArn],
  ] as const) {
    if (arn !== null && arn.split(':')[3] !== region)
      problems.push(`${field}: came "${arn}", expected one of ${region}, where the stack is deployed to.`);
  }
  if (problems.length > 0) throw new ConfigError('SLUICE_CONFIG_INVALID', `\n  ${problems.join('\n  ')}`);
}
