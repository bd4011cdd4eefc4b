import { APIGatewayClient } from '@aws-sdk/client-api-gateway';
import { CloudFormationClient, DescribeStacksCommand, type Stack } from '@aws-sdk/client-cloudformation';
import { IAMClient } from '@aws-sdk/client-iam';
import { KMSClient } from '@aws-sdk/client-kms';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { logicalIds } from '../../infra/template/Stack.ts';
import { arnIn } from '../../lib/access/arns.ts';
import { parseArn } from '../../lib/base/arn.ts';
import { problemLine } from '../../lib/schema/ConfigProblem.ts';
import { type RegionalSettings, regionProblems } from '../../lib/schema/regionProblems.ts';
import { isRegion } from '../../lib/schema/regions.ts';
import type { Deployment } from '../deployment.ts';
import { type DeploymentCommands, deploymentCommands } from '../deploymentCommands.ts';
import { CREDENTIALS_EXPIRED, CREDENTIALS_REFUSED, ifThere } from '../explainAwsError.ts';
import { readStackResources } from '../facts/flow/stackOutputs.ts';
import { type Finding, finding, seenNow } from '../findings/catalogue.ts';
import { readStatus, type Status } from '../findings/status.ts';
import type { Target } from '../target.ts';

/** A deployment with what the doctor asks beyond `sluice status`: the account, the stack and its resources. */
export interface Setup extends Deployment {
  /** `sluice-prod` */
  readonly stackName: string;
  /** The caller, and where the deployment is. */
  readonly identity: {
    readonly account: string;
    readonly arn: string;
    readonly partition: string;
    readonly region: string;
  };
  /** The stack, as CloudFormation describes it; undefined if it does not exist. */
  readonly deployed: Stack | undefined;
  /** Physical IDs of the stack's resources by logical ID. Most are the resource's name; that of a queue is its URL. */
  readonly resources: ReadonlyMap<string, string>;
  /**
   * The key that encrypts the bucket, an existing one or the stack's; empty if the stack has none yet, null if S3's own keys
   * encrypt it.
   */
  readonly keyArn: string | null;
  /** The role that CloudFormation takes: `iam.deploymentRole` of serverless.yml, else what the stack was deployed with. */
  readonly deploymentRole: string | undefined;
  readonly commands: DeploymentCommands;
  /** What `sluice status` answers: it is read once. */
  readonly status: () => Promise<Status>;
  readonly clients: DoctorClients;
}

/**
 * Asks for what looks need of a deployment. Resolves with a finding if nothing can be looked at.
 *
 * @param ownRole `iam.deploymentRole` of serverless.yml.
 */
export async function readSetup(
  deployment: Deployment,
  clients: Setup['clients'],
  ownRole?: string,
): Promise<Setup | Finding> {
  const { config, stack, isLocal } = deployment;
  const { region } = deployment.aws;
  const caller = await clients.sts.send(new GetCallerIdentityCommand({})).catch((error: unknown) => {
    if (!(error instanceof Error) || !CREDENTIALS_REFUSED.test(error.name)) throw error;
    return judgeRefusal(error);
  });
  if ('code' in caller) return caller;
  const { Account: account = '', Arn: arn = '' } = caller;
  // The local cloud has one account, whatever the configuration says.
  if (!isLocal && config.account !== null && config.account !== account)
    return judgeOtherAccount(account, config.account);
  const unfit = judgeRegion(region, config);
  if (unfit !== null) return unfit;
  const stackName = `${stack.service}-${stack.stage}`;
  const input = { StackName: stackName };
  const described = await ifThere(
    clients.cloudFormation.send(new DescribeStacksCommand(input)),
    // CloudFormation has no specific error for a stack that does not exist.
    /^ValidationError$/,
  );
  const [deployed] = described?.Stacks ?? [];
  const resources = deployed === undefined ? new Map() : await readStackResources(deployment);
  const { partition } = parseArn(arn);
  let status: Promise<Status> | undefined;
  // A stack has outputs only once it is complete.
  const keyId = resources.get(logicalIds.key);
  const ownKey =
    keyId === undefined ? undefined : arnIn({ partition, region, account }, 'kms', `key/${keyId}`);
  return {
    ...deployment,
    clients,
    stackName,
    deployed,
    resources,
    identity: { account, arn, region, partition },
    keyArn:
      config.existing.keyArn ??
      outputOf(deployed, 'KeyArn') ??
      ownKey ??
      (config.encryption === 's3' ? null : ''),
    deploymentRole: ownRole ?? deployed?.RoleARN,
    commands: deploymentCommands(deployment, region),
    status: () => {
      status ??= readStatus(deployment);
      return status;
    },
  };
}

/** Judges credentials that STS refuses. */
export function judgeRefusal({ name, message }: Error): Finding {
  return finding('SLUICE_FINDING_CREDENTIALS', {
    case: CREDENTIALS_EXPIRED.test(name) ? 'expired' : 'refused',
    ...seenNow(`AWS does not take the credentials: ${name}`, message),
  });
}

/** Judges credentials of another account than the configured one. */
export function judgeOtherAccount(account: string, configured: string): Finding {
  return finding('SLUICE_FINDING_CREDENTIALS', {
    case: 'otherAccount',
    ...seenNow(
      `The credentials are of the account ${account}, the configuration is for ${configured}`,
      `account: got ${account}, expected ${configured}.`,
    ),
  });
}

/** Judges the region of a stack; null if it fits. */
export function judgeRegion(region: string, config: RegionalSettings): Finding | null {
  if (!isRegion(region))
    return finding('SLUICE_FINDING_REGION_UNFIT', {
      case: 'unknown',
      ...seenNow(`The region ${region} is none in which the stack can be`, `${region}.`),
    });
  const [problem] = regionProblems(region, config);
  if (problem === undefined) return null;
  const titles = {
    functionUrl: `Lambda has no Function URLs in ${region}, where endpoint.kind is ${config.endpoint.kind}`,
    key: `The key ${config.existing.keyArn} is not in ${region}, the region of the stack`,
    logsKey: `The key ${config.logs.kmsKeyArn} is not in ${region}, the region of the stack`,
  };
  const { kind } = problem;
  return finding('SLUICE_FINDING_REGION_UNFIT', {
    case: kind,
    ...seenNow(titles[kind], problemLine(problem)),
  });
}

/** An output of a stack. */
export function outputOf(stack: Pick<Stack, 'Outputs'> | undefined, name: string): string | undefined {
  return stack?.Outputs?.find(({ OutputKey }) => OutputKey === name)?.OutputValue;
}

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

/** Opens the doctor's clients. They only read, so every call can be retried. */
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
