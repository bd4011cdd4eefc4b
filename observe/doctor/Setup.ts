import { DescribeStacksCommand, type Stack } from '@aws-sdk/client-cloudformation';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { logicalIds } from '../../infra/template/Stack.ts';
import { arnIn } from '../../lib/access/arns.ts';
import { parseArn } from '../../lib/base/arn.ts';
import { CREDENTIALS_REFUSED } from '../answerKinds.ts';
import type { Deployment } from '../deployment.ts';
import { type DeploymentCommands, deploymentCommands } from '../deploymentCommands.ts';
import type { BucketKey } from '../facts/bucketFaults.ts';
import { outputsOf, readStackResources } from '../facts/flow/stackOutputs.ts';
import type { Finding } from '../findings/catalogue.ts';
import { readStatus, type Status } from '../findings/status.ts';
import { ifThere } from '../ifThere.ts';
import { judgeOtherAccount, judgeRefusal, judgeRegion } from './accountFindings.ts';
import type { DoctorClients } from './clients.ts';

/** A deployment with what the doctor asks beyond `sluice status`: the account, the stack and its resources. */
export interface Setup extends Deployment {
  /** `sluice-prod` */
  readonly stackName: string;
  /** The caller, and where the deployment is: in the caller's account. */
  readonly identity: {
    /** The account of both: twelve digits. */
    readonly account: string;
    /** ARN of the caller. */
    readonly arn: string;
    /** The partition of both: `aws`. */
    readonly partition: string;
    /** The region of the deployment. */
    readonly region: string;
  };
  /** The stack, as CloudFormation describes it; undefined if it does not exist. */
  readonly deployed: Stack | undefined;
  /** Physical IDs of the stack's resources by logical ID. Most are the resource's name; that of a queue is its URL. */
  readonly resources: ReadonlyMap<string, string>;
  /** What encrypts the bucket: an existing key, the stack's, which is unknown as long as the stack has none, or keys of S3's own. */
  readonly key: BucketKey;
  /** The role that CloudFormation takes: `iam.deploymentRole` of serverless.yml, else what the stack was deployed with. */
  readonly deploymentRole: string | undefined;
  /** Commands that findings print. */
  readonly commands: DeploymentCommands;
  /** What `sluice status` answers: it is read once. */
  readonly status: () => Promise<Status>;
  /** Clients of the services that a deployment has none of. */
  readonly clients: DoctorClients;
}

/**
 * Asks for what looks need of a deployment.
 *
 * @param ownRole `iam.deploymentRole` of serverless.yml.
 * @returns A finding if nothing can be looked at: of a region in which the stack cannot be, or of credentials.
 * @throws What the clients of STS and CloudFormation throw, but for refused credentials.
 */
export async function readSetup(
  deployment: Deployment,
  clients: DoctorClients,
  ownRole?: string,
): Promise<Setup | Finding> {
  const { config, stack, isLocal } = deployment;
  const { region } = deployment.aws;
  // A region that does not exist has no STS that would answer, and one that is not enabled refuses the credentials.
  const unfit = judgeRegion(region, config);
  if (unfit !== null) return unfit;
  const caller = await clients.sts.send(new GetCallerIdentityCommand({})).catch((error: unknown) => {
    if (!(error instanceof Error) || !CREDENTIALS_REFUSED.test(error.name)) throw error;
    return judgeRefusal(error);
  });
  if ('code' in caller) return caller;
  const { Account: account = '', Arn: arn = '' } = caller;
  // The local cloud has one account, whatever the configuration says.
  if (!isLocal && config.account !== null && config.account !== account)
    return judgeOtherAccount(account, config.account);
  const stackName = `${stack.service}-${stack.stage}`;
  const described = await ifThere(
    clients.cloudFormation.send(new DescribeStacksCommand({ StackName: stackName })),
    // CloudFormation has no specific error for a stack that does not exist.
    /^ValidationError$/,
  );
  const [deployed] = described?.Stacks ?? [];
  const resources = deployed === undefined ? new Map<string, string>() : await readStackResources(deployment);
  const { partition } = parseArn(arn);
  const identity = { account, arn, region, partition };
  let status: Promise<Status> | undefined;
  return {
    ...deployment,
    clients,
    stackName,
    deployed,
    resources,
    identity,
    key: keyOf(config, identity, { deployed, resources }),
    deploymentRole: ownRole ?? deployed?.RoleARN,
    commands: deploymentCommands(deployment, region),
    status: () => {
      status ??= readStatus(deployment);
      return status;
    },
  };
}

/** What encrypts the bucket of a stack. */
function keyOf(
  { existing, encryption }: Deployment['config'],
  identity: Setup['identity'],
  { deployed, resources }: Pick<Setup, 'deployed' | 'resources'>,
): BucketKey {
  const keyId = resources.get(logicalIds.key);
  // A stack has outputs only once it is complete.
  const ownKey = keyId === undefined ? undefined : arnIn(identity, 'kms', `key/${keyId}`);
  const arn = existing.keyArn ?? outputsOf(deployed).get('KeyArn') ?? ownKey;
  if (arn !== undefined) return { kind: 'kms', arn };
  return { kind: encryption === 's3' ? 's3' : 'unknown' };
}
