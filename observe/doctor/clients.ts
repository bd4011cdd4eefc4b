import { APIGatewayClient } from '@aws-sdk/client-api-gateway';
import { AthenaClient } from '@aws-sdk/client-athena';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { FirehoseClient } from '@aws-sdk/client-firehose';
import { GlueClient } from '@aws-sdk/client-glue';
import { IAMClient } from '@aws-sdk/client-iam';
import { KMSClient } from '@aws-sdk/client-kms';
import { LakeFormationClient } from '@aws-sdk/client-lakeformation';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { SQSClient } from '@aws-sdk/client-sqs';
import { STSClient } from '@aws-sdk/client-sts';
import type { Target } from '../target.ts';

/** Attempts for one call: the doctor only reads, so every call can be retried. */
const MAX_ATTEMPTS = 3;

/** A client of each service that is checked. */
export interface Clients {
  readonly apiGateway: APIGatewayClient;
  readonly athena: AthenaClient;
  readonly cloudFormation: CloudFormationClient;
  readonly cloudWatch: CloudWatchClient;
  readonly firehose: FirehoseClient;
  readonly glue: GlueClient;
  readonly iam: IAMClient;
  readonly kms: KMSClient;
  readonly lakeFormation: LakeFormationClient;
  readonly lambda: LambdaClient;
  readonly logs: CloudWatchLogsClient;
  readonly s3: S3Client;
  readonly secrets: SecretsManagerClient;
  readonly quotas: ServiceQuotasClient;
  readonly sqs: SQSClient;
  readonly sts: STSClient;
}

/** Opens the clients; {@link closeClients} closes them. */
export function openClients(aws: Target['aws']): Clients {
  const options = {
    ...aws,
    maxAttempts: MAX_ATTEMPTS,
    requestHandler: { connectionTimeout: 3_000, requestTimeout: 20_000, throwOnRequestTimeout: true },
  };
  const clients = {
    apiGateway: new APIGatewayClient(options),
    athena: new AthenaClient(options),
    cloudFormation: new CloudFormationClient(options),
    cloudWatch: new CloudWatchClient(options),
    firehose: new FirehoseClient(options),
    glue: new GlueClient(options),
    iam: new IAMClient(options),
    kms: new KMSClient(options),
    lakeFormation: new LakeFormationClient(options),
    lambda: new LambdaClient(options),
    logs: new CloudWatchLogsClient(options),
    // A bucket in another region is asked there, so that a finding can name the region.
    s3: new S3Client({ ...options, followRegionRedirects: true }),
    secrets: new SecretsManagerClient(options),
    quotas: new ServiceQuotasClient(options),
    sqs: new SQSClient(options),
    sts: new STSClient(options),
  };
  clients.glue.middlewareStack.add(askOnce(), { step: 'initialize' });
  clients.kms.middlewareStack.add(askOnce(), { step: 'initialize' });
  clients.s3.middlewareStack.add(askOnce(), { step: 'initialize' });
  return clients;
}

/**
 * The doctor changes nothing, and checks share facts with each other and with `sluice status`: an equal question gets the
 * answer of the first. An object's body can be read only once.
 */
function askOnce() {
  const answers = new Map<string, Promise<unknown>>();
  return <Args extends { readonly input: object }, Answer>(
    next: (args: Args) => Promise<Answer>,
    { commandName }: { readonly commandName?: string },
  ) =>
    (args: Args): Promise<Answer> => {
      if (commandName === 'GetObjectCommand') return next(args);
      const question = `${commandName} ${JSON.stringify(args.input)}`;
      const answer = answers.get(question) ?? next(args);
      answers.set(question, answer);
      // Of the same command with the same input.
      return answer as Promise<Answer>;
    };
}

/** Closes the connections, for which the process would wait. */
export function closeClients(clients: Clients): void {
  for (const client of Object.values(clients)) client.destroy();
}
