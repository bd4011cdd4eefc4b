import { DescribeStacksCommand, ListStackResourcesCommand, type Stack } from '@aws-sdk/client-cloudformation';
import { DescribeKeyCommand, type KeyMetadata } from '@aws-sdk/client-kms';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { requireRegion } from '../../../infra/serverless/requirements.ts';
import { logicalIds } from '../../../infra/template/Stack.ts';
import { ConfigError } from '../../../lib/config/ConfigError.ts';
import type { Config } from '../../../lib/schema/config.ts';
import { type Deployment, openDeployment } from '../../deployment.ts';
import { type DeploymentCommands, deploymentCommands } from '../../deploymentCommands.ts';
import { AwsAccessError } from '../../explainAwsError.ts';
import { readClock, type Target } from '../../target.ts';
import { type Ask, askAws, isAwsError, Unread } from '../askAws.ts';
import { askOnce, type Clients, openClients } from './clients.ts';

/** The caller, and where the deployment is. */
export interface Identity {
  readonly account: string;
  readonly arn: string;
  readonly partition: string;
  readonly region: string;
}

/** One resource of the deployed stack. */
export interface DeployedResource {
  readonly logicalId: string;
  /** `Ref`: usually the name; for a queue its URL, for a key its ID. */
  readonly physicalId: string;
  readonly type: string;
}

/** What every judge may know: nothing of it is asked again. */
export interface SetupFacts extends Pick<Deployment, 'config' | 'stack' | 'isLocal' | 'now'> {
  /** `sluice-prod` */
  readonly stackName: string;
  readonly identity: Identity;
  /** The stack, as CloudFormation describes it; undefined if it does not exist. */
  readonly deployed: Stack | undefined;
  /** Resources of the stack by logical ID. */
  readonly resources: ReadonlyMap<string, DeployedResource>;
  readonly say: DeploymentCommands;
}

/** A deployment with what the doctor asks beyond `sluice status`: the account, the stack and its resources. */
export interface Setup extends Deployment, SetupFacts {
  readonly clients: Clients;
  /** The key that encrypts the bucket, an existing one or the stack's. */
  key(): Promise<KeyMetadata & { readonly Arn: string }>;
  readonly ask: Ask;
}

/** Which deployment is looked at, and where it is. */
export interface SetupOptions extends Target {
  /** @throws ConfigError */
  readonly loadConfig: () => Promise<Config>;
}

/** Names of errors for credentials that are unknown or expired: https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html */
const REFUSED =
  /^(ExpiredToken(Exception)?|IncompleteSignature|Invalid(AccessKeyId|ClientTokenId|SignatureException)|SignatureDoesNotMatch|UnrecognizedClientException)$/;

/**
 * Opens a deployment for the doctor; `close` it at the end.
 *
 * @throws Unread if nothing can be looked at: for the configuration, the credentials or the region.
 */
export async function openSetup({ stack, aws, isLocal, loadConfig }: SetupOptions): Promise<Setup> {
  const config = await loadConfig().catch((error: unknown) => {
    if (!(error instanceof ConfigError)) throw error;
    throw new Unread('configuration', `${error.code}: ${error.message}`);
  });
  const located = { ...aws, region: aws.region ?? config.region };
  const clients = openClients(located);
  const deployment = openDeployment(
    { config, stack, isLocal, now: await readClock({ isLocal, aws }) },
    located,
  );
  askOnce(deployment.glue);
  askOnce(deployment.s3);
  const close = () => {
    deployment.close();
    for (const client of Object.values(clients)) client.destroy();
  };
  const ask: Ask = (permission, call, missing) => askAws({ permission, isLocal, missing }, call);
  try {
    const identity = await readIdentity(clients, ask, located.region);
    // The local cloud has one account, whatever the configuration says.
    if (!isLocal && config.account !== null && config.account !== identity.account)
      throw new Unread('credentials', `account: got ${identity.account}, expected ${config.account}.`);
    checkRegion(identity.region);
    const stackName = `${stack.service}-${stack.stage}`;
    const deployed = await readStack(clients, stackName, ask);
    const resources =
      deployed === undefined
        ? new Map<string, DeployedResource>()
        : await readResources(clients, stackName, ask);
    let key: ReturnType<Setup['key']> | undefined;
    return {
      ...deployment,
      ...{ stackName, clients, identity, deployed, resources, ask, close },
      say: deploymentCommands(deployment, identity.region),
      key() {
        key ??= readKey({ config, stackName, resources, clients, ask });
        return key;
      },
    };
  } catch (error) {
    close();
    throw error;
  }
}

async function readIdentity({ sts }: Clients, ask: Ask, region: string): Promise<Identity> {
  try {
    const { Account = '', Arn = '' } = await ask('sts:GetCallerIdentity', () =>
      sts.send(new GetCallerIdentityCommand({})),
    );
    return { account: Account, arn: Arn, partition: Arn.split(':')[1] ?? 'aws', region };
  } catch (error) {
    const none = error instanceof AwsAccessError && error.code === 'SLUICE_AWS_NO_CREDENTIALS';
    if (!(error instanceof Error) || !(none || REFUSED.test(error.name))) throw error;
    throw new Unread('credentials', error.message);
  }
}

function checkRegion(region: string): void {
  try {
    requireRegion(region);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new Unread('region', `${region}: ${error.message.replaceAll(/\s+/g, ' ')}`);
  }
}

async function readStack(
  { cloudFormation }: Clients,
  StackName: string,
  ask: Ask,
): Promise<Stack | undefined> {
  try {
    const { Stacks: [found] = [] } = await ask('cloudformation:DescribeStacks', () =>
      cloudFormation.send(new DescribeStacksCommand({ StackName })),
    );
    return found;
  } catch (error) {
    // CloudFormation has no specific error for a stack that does not exist.
    if (isAwsError(error, 'ValidationError')) return undefined;
    throw error;
  }
}

async function readResources(
  { cloudFormation }: Clients,
  StackName: string,
  ask: Ask,
): Promise<ReadonlyMap<string, DeployedResource>> {
  const resources = new Map<string, DeployedResource>();
  let NextToken: string | undefined;
  do {
    const token = NextToken;
    const answer = await ask('cloudformation:ListStackResources', () =>
      cloudFormation.send(new ListStackResourcesCommand({ StackName, NextToken: token })),
    );
    for (const {
      LogicalResourceId: logicalId = '',
      PhysicalResourceId: physicalId = '',
      ResourceType: type = '',
    } of answer.StackResourceSummaries ?? [])
      resources.set(logicalId, { logicalId, physicalId, type });
    NextToken = answer.NextToken;
  } while (NextToken !== undefined);
  return resources;
}

async function readKey({
  config: { existing },
  stackName,
  resources,
  clients: { kms },
  ask,
}: Pick<Setup, 'config' | 'stackName' | 'resources' | 'clients' | 'ask'>) {
  const KeyId = existing.keyArn ?? resources.get(logicalIds.key)?.physicalId;
  if (KeyId === undefined) throw new Unread('missing', `${stackName} has no ${logicalIds.key}.`);
  const { KeyMetadata } = await ask('kms:DescribeKey', () => kms.send(new DescribeKeyCommand({ KeyId })), {
    what: `The key ${KeyId}`,
  });
  return { KeyId, ...KeyMetadata, Arn: KeyMetadata?.Arn ?? KeyId };
}
