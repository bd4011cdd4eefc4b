import { APIGatewayClient } from '@aws-sdk/client-api-gateway';
import {
  CloudFormationClient,
  DescribeStacksCommand,
  paginateListStackResources,
  type Stack,
} from '@aws-sdk/client-cloudformation';
import { IAMClient } from '@aws-sdk/client-iam';
import { KMSClient } from '@aws-sdk/client-kms';
import { LakeFormationClient } from '@aws-sdk/client-lakeformation';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { isRegion } from '../../lib/schema/regions.ts';
import { type Deployment, openDeployment } from '../deployment.ts';
import { type DeploymentCommands, deploymentCommands } from '../deploymentCommands.ts';
import { ifThere } from '../explainAwsError.ts';
import { type Finding, type FindingCode, finding } from '../findings/catalogue.ts';
import type { Target } from '../target.ts';

/** The caller, and where the deployment is. */
interface Identity {
  readonly account: string;
  readonly arn: string;
  readonly partition: string;
  readonly region: string;
}

/** A deployment with what the doctor asks beyond `sluice status`: the account, the stack and its resources. */
export interface Setup extends Deployment {
  /** `sluice-prod` */
  readonly stackName: string;
  readonly identity: Identity;
  /** The stack, as CloudFormation describes it; undefined if it does not exist. */
  readonly deployed: Stack | undefined;
  /** Physical IDs of the stack's resources by logical ID: usually the name; of a queue its URL. */
  readonly resources: ReadonlyMap<string, string>;
  /** The key that encrypts the bucket, an existing one or the stack's. */
  readonly keyArn: string;
  readonly say: DeploymentCommands;
  readonly clients: ReturnType<typeof openClients>;
}

/** Nothing can be looked at, for the credentials or the region. */
export class NoSetup extends Error {
  readonly finding: Finding;

  constructor(code: FindingCode, detail: string) {
    super(detail);
    this.name = 'NoSetup';
    this.finding = finding(code, detail);
  }
}

/** Names of errors for credentials that are missing, unknown or expired: https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html */
const REFUSED =
  /^((Credentials|Token)ProviderError|ProcessCredentialsError|ExpiredToken(Exception)?|IncompleteSignature|Invalid(AccessKeyId|ClientTokenId|SignatureException)|SignatureDoesNotMatch|UnrecognizedClientException)$/;

/**
 * Opens a deployment again for the doctor, with clients that remember answers; `close` it at the end.
 *
 * @throws NoSetup; what AWS's clients throw.
 */
export async function openSetup({ aws, ...about }: Deployment): Promise<Setup> {
  const { config, stack, isLocal } = about;
  const deployment = openDeployment(about, aws);
  const clients = openClients(aws);
  deployment.glue.middlewareStack.add(sharedAnswers(), { step: 'initialize' });
  deployment.s3.middlewareStack.add(sharedAnswers(), { step: 'initialize' });
  const close = () => {
    deployment.close();
    for (const client of Object.values(clients)) client.destroy();
  };
  try {
    const identity = await readIdentity(clients, aws.region);
    // The local cloud has one account, whatever the configuration says.
    if (!isLocal && config.account !== null && config.account !== identity.account)
      throw new NoSetup(
        'SLUICE_FINDING_CREDENTIALS',
        `account: got ${identity.account}, expected ${config.account}.`,
      );
    if (!isRegion(identity.region)) throw new NoSetup('SLUICE_FINDING_REGION_UNFIT', `${identity.region}.`);
    const StackName = `${stack.service}-${stack.stage}`;
    const described = await ifThere(
      clients.cloudFormation.send(new DescribeStacksCommand({ StackName })),
      // CloudFormation has no specific error for a stack that does not exist.
      /^ValidationError$/,
    );
    const [deployed] = described?.Stacks ?? [];
    const resources = new Map<string, string>();
    if (deployed !== undefined)
      for await (const page of paginateListStackResources({ client: clients.cloudFormation }, { StackName }))
        for (const { LogicalResourceId = '', PhysicalResourceId = '' } of page.StackResourceSummaries ?? [])
          resources.set(LogicalResourceId, PhysicalResourceId);
    return {
      ...deployment,
      ...{ stackName: StackName, clients, identity, deployed, resources, close },
      keyArn: config.existing.keyArn ?? outputOf(deployed, 'KeyArn') ?? '',
      say: deploymentCommands(deployment, identity.region),
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** An output of a stack. */
export function outputOf(stack: Pick<Stack, 'Outputs'> | undefined, name: string): string | undefined {
  return stack?.Outputs?.find(({ OutputKey }) => OutputKey === name)?.OutputValue;
}

async function readIdentity({ sts }: Setup['clients'], region: string): Promise<Identity> {
  try {
    const { Account = '', Arn = '' } = await sts.send(new GetCallerIdentityCommand({}));
    return { account: Account, arn: Arn, partition: Arn.split(':')[1] ?? 'aws', region };
  } catch (error) {
    if (!(error instanceof Error) || !REFUSED.test(error.name)) throw error;
    throw new NoSetup('SLUICE_FINDING_CREDENTIALS', error.message);
  }
}

/** Clients of the services that only the doctor asks; a deployment has the others. It only reads, so every call can be retried. */
function openClients(aws: Target['aws']) {
  const options = {
    ...aws,
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 3_000, requestTimeout: 20_000, throwOnRequestTimeout: true },
  };
  return {
    apiGateway: new APIGatewayClient(options),
    cloudFormation: new CloudFormationClient(options),
    iam: new IAMClient(options),
    kms: new KMSClient(options),
    lakeFormation: new LakeFormationClient(options),
    lambda: new LambdaClient(options),
    secrets: new SecretsManagerClient(options),
    sts: new STSClient(options),
  };
}

/**
 * Lets equal questions of a client get the answer of the first: the doctor changes nothing, and several looks need the
 * same facts. An object's body can be read only once. S3 does not always name the call that it denies: errors do.
 */
function sharedAnswers() {
  const answers = new Map<string, Promise<unknown>>();
  return <Args extends { readonly input: object }, Answer>(
    next: (args: Args) => Promise<Answer>,
    { commandName = '' }: { readonly commandName?: string },
  ) =>
    (args: Args): Promise<Answer> => {
      const ask = () =>
        next(args).catch((error: unknown) => {
          if (error instanceof Error)
            error.message = `${commandName.replace(/Command$/, '')}: ${error.message}`;
          throw error;
        });
      if (commandName === 'GetObjectCommand') return ask();
      const question = `${commandName} ${JSON.stringify(args.input)}`;
      const answer = answers.get(question) ?? ask();
      answers.set(question, answer);
      // Of the same command with the same input.
      return answer as Promise<Answer>;
    };
}
