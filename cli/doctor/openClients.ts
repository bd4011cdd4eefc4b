import { APIGatewayClient } from '@aws-sdk/client-api-gateway';
import { AthenaClient } from '@aws-sdk/client-athena';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { FirehoseClient } from '@aws-sdk/client-firehose';
import { GlueClient } from '@aws-sdk/client-glue';
import { IAMClient } from '@aws-sdk/client-iam';
import { KMSClient } from '@aws-sdk/client-kms';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { SQSClient } from '@aws-sdk/client-sqs';
import { STSClient } from '@aws-sdk/client-sts';
import type { NamedPlace } from '../aws/deploymentPlace.ts';
import { type LakeFormation, openLakeFormation } from './openLakeFormation.ts';

/** Tries of one call: everything the doctor asks may be asked again. */
const MAX_ATTEMPTS = 3;

/** A client of each service that is looked at. */
export interface Clients {
  readonly apiGateway: APIGatewayClient;
  readonly athena: AthenaClient;
  readonly cloudFormation: CloudFormationClient;
  readonly firehose: FirehoseClient;
  readonly glue: GlueClient;
  readonly iam: IAMClient;
  readonly kms: KMSClient;
  readonly lakeFormation: LakeFormation;
  readonly lambda: LambdaClient;
  readonly logs: CloudWatchLogsClient;
  readonly s3: S3Client;
  readonly secrets: SecretsManagerClient;
  readonly quotas: ServiceQuotasClient;
  readonly sqs: SQSClient;
  readonly sts: STSClient;
}

/** Makes them; {@link closeClients} at the end. */
export function openClients(place: NamedPlace['place']): Clients {
  const options = {
    ...place,
    maxAttempts: MAX_ATTEMPTS,
    requestHandler: { connectionTimeout: 3_000, requestTimeout: 20_000, throwOnRequestTimeout: true },
  };
  const sts = new STSClient(options);
  return {
    apiGateway: new APIGatewayClient(options),
    athena: new AthenaClient(options),
    cloudFormation: new CloudFormationClient(options),
    firehose: new FirehoseClient(options),
    glue: new GlueClient(options),
    iam: new IAMClient(options),
    kms: new KMSClient(options),
    lakeFormation: openLakeFormation(sts, place.endpoint),
    lambda: new LambdaClient(options),
    logs: new CloudWatchLogsClient(options),
    // A bucket of another region is asked there, so that it can be told which.
    s3: new S3Client({ ...options, followRegionRedirects: true }),
    secrets: new SecretsManagerClient(options),
    quotas: new ServiceQuotasClient(options),
    sqs: new SQSClient(options),
    sts,
  };
}

/** Lets go of the connections: the process would wait for them. */
export function closeClients(clients: Clients): void {
  for (const client of Object.values(clients)) client.destroy();
}
