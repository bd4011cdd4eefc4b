import { APIGatewayClient } from '@aws-sdk/client-api-gateway';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { IAMClient } from '@aws-sdk/client-iam';
import { KMSClient } from '@aws-sdk/client-kms';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { STSClient } from '@aws-sdk/client-sts';
import type { Target } from '../target.ts';

/** Clients of the services that only the doctor asks; a deployment has the others. */
export interface DoctorClients {
  readonly apiGateway: APIGatewayClient;
  readonly cloudFormation: CloudFormationClient;
  readonly iam: IAMClient;
  readonly kms: KMSClient;
  readonly lambda: LambdaClient;
  readonly secrets: SecretsManagerClient;
  readonly sts: STSClient;
}

/**
 * Opens the doctor's clients. The doctor only reads with them; `sluice trial`, which has the same, also writes: it replaces a
 * secret and deletes stacks. The caller destroys each.
 */
export function openClients(aws: Target['aws']): DoctorClients {
  return {
    apiGateway: new APIGatewayClient(aws),
    cloudFormation: new CloudFormationClient(aws),
    iam: new IAMClient(aws),
    kms: new KMSClient(aws),
    lambda: new LambdaClient(aws),
    secrets: new SecretsManagerClient(aws),
    sts: new STSClient(aws),
  };
}
