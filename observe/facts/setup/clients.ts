import { APIGatewayClient } from '@aws-sdk/client-api-gateway';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { FirehoseClient } from '@aws-sdk/client-firehose';
import { IAMClient } from '@aws-sdk/client-iam';
import { KMSClient } from '@aws-sdk/client-kms';
import { LakeFormationClient } from '@aws-sdk/client-lakeformation';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SQSClient } from '@aws-sdk/client-sqs';
import { STSClient } from '@aws-sdk/client-sts';
import type { Target } from '../../target.ts';

/** Attempts for one call: the doctor only reads, so every call can be retried. */
const MAX_ATTEMPTS = 3;

/** Clients of the services that only the doctor asks; a deployment has the others. */
export type Clients = ReturnType<typeof openClients>;

/** Opens the clients. */
export function openClients(aws: Target['aws']) {
  const options = {
    ...aws,
    maxAttempts: MAX_ATTEMPTS,
    requestHandler: { connectionTimeout: 3_000, requestTimeout: 20_000, throwOnRequestTimeout: true },
  };
  return {
    apiGateway: new APIGatewayClient(options),
    cloudFormation: new CloudFormationClient(options),
    firehose: new FirehoseClient(options),
    iam: new IAMClient(options),
    kms: new KMSClient(options),
    lakeFormation: new LakeFormationClient(options),
    lambda: new LambdaClient(options),
    secrets: new SecretsManagerClient(options),
    sqs: new SQSClient(options),
    sts: new STSClient(options),
  };
}

/** A client whose calls may share an answer. */
interface SharingClient {
  readonly middlewareStack: {
    add(middleware: ReturnType<typeof sharedAnswers>, where: { readonly step: 'initialize' }): void;
  };
}

/**
 * Lets equal questions of a client get the answer of the first: the doctor changes nothing, and several judges need the
 * same facts. An object's body can be read only once.
 */
export function askOnce(client: SharingClient): void {
  client.middlewareStack.add(sharedAnswers(), { step: 'initialize' });
}

function sharedAnswers() {
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
