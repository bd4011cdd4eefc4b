import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { AssumeRoleCommand, type STSClient, STSServiceException } from '@aws-sdk/client-sts';
import type { Source } from '../config/sourcesSchema.ts';
import { SourceError } from '../ingest/SourceError.ts';

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html: an hour, which every role allows. */
const SESSION_SECONDS = 3_600;
/** As the customer's CloudTrail shows it. */
const SESSION_NAME = 'sluice-ingest';

/**
 * A client of S3 for a customer's bucket: in the bucket's region, and with the credentials of the role that the source
 * names, which the SDK asks for again before they expire. Without a role it signs as the function, and the bucket's
 * policy lets it in. Make one for each source and keep it.
 *
 * Its calls reject with SourceError `SLUICE_SOURCE_ROLE_DENIED` or `SLUICE_SOURCE_UNAVAILABLE` when the role can't be
 * assumed.
 *
 * @param region Of the deployment: where a source names none.
 */
export function sourceS3Client(
  source: Pick<Source, 'name' | 'region' | 'role'>,
  region: string,
  sts: () => STSClient,
): S3Client {
  const { role } = source;
  const config: S3ClientConfig = {
    region: source.region ?? region,
    maxAttempts: 3,
    // A bucket of another region is refused by name, not followed: the configuration says which region is meant.
    followRegionRedirects: false,
    requestHandler: { connectionTimeout: 2_000, requestTimeout: 30_000, throwOnRequestTimeout: true },
  };
  return new S3Client(role === undefined ? config : { ...config, credentials: () => assume(role, sts()) });
}

async function assume({ arn, externalId }: NonNullable<Source['role']>, sts: STSClient) {
  try {
    const { Credentials } = await sts.send(
      new AssumeRoleCommand({
        RoleArn: arn,
        RoleSessionName: SESSION_NAME,
        ExternalId: externalId,
        DurationSeconds: SESSION_SECONDS,
      }),
    );
    const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = Credentials ?? {};
    if (AccessKeyId === undefined || SecretAccessKey === undefined || Expiration === undefined) {
      throw new TypeError('STS answered without credentials.');
    }
    return {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      expiration: Expiration,
      ...(SessionToken === undefined ? {} : { sessionToken: SessionToken }),
    };
  } catch (error) {
    const denied = error instanceof STSServiceException && error.$fault === 'client';
    throw new SourceError(
      denied ? 'SLUICE_SOURCE_ROLE_DENIED' : 'SLUICE_SOURCE_UNAVAILABLE',
      `${arn}: ${error instanceof Error ? error.name : 'unknown'}.`,
      { cause: error },
    );
  }
}
