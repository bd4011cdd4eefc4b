import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { defineErrorFamily } from '../../lib/base/errors.ts';
import { explainAwsError } from '../../observe/explainAwsError.ts';
import { type ConfiguredTarget, deploymentOptions } from '../../observe/target.ts';

/** Errors of `sluice connect`. */
export const ConnectError = defineErrorFamily('user', {
  SLUICE_CONNECT_NO_STACK: {
    cause: 'The deployment does not exist.',
    cure: 'Deploy it (`npx serverless deploy --stage …`), or choose another with --stage and --region. For the local cloud, run `npm start` and use --local.',
  },
  SLUICE_CONNECT_NOT_DEPLOYED: {
    cause: 'The reader is in the configuration, but not in the deployment.',
    cure: 'Deploy again (locally: stop the cloud and start it again), then run the command again.',
  },
  SLUICE_CONNECT_REFUSED: {
    cause: 'These credentials may not read the stack.',
    cure: 'Use credentials that are allowed cloudformation:DescribeStacks on the stack, such as those that deployed it.',
  },
});

/** The facts about a deployed stack that the forms need. */
export interface DeployedStack {
  /** `sluice-prod` */
  readonly stackName: string;
  readonly stage: string;
  readonly region: string;
  readonly account: string;
  /** Endpoint of the local cloud; undefined on AWS. */
  readonly localEndpoint: string | undefined;
  /** Options that name it, for commands that are printed. */
  readonly target: readonly string[];
  /** Outputs by name. */
  readonly outputs: ReadonlyMap<string, string>;
}

/**
 * Reads a stack's outputs.
 *
 * @throws ConnectError when there is no such stack or it may not be read; AwsAccessError when AWS cannot be reached.
 */
export async function readDeployment(where: ConfiguredTarget): Promise<DeployedStack> {
  const { isLocal, aws } = where;
  const { service, stage } = where.stack;
  const stackName = `${service}-${stage}`;
  const requestHandler = { connectionTimeout: 3_000, requestTimeout: 20_000, throwOnRequestTimeout: true };
  const client = new CloudFormationClient({ ...aws, maxAttempts: 3, requestHandler });
  try {
    const { Stacks: [stack] = [] } = await client.send(new DescribeStacksCommand({ StackName: stackName }));
    const [, , , region = '', account = ''] = (stack?.StackId ?? '').split(':');
    return {
      ...{ stackName, stage, region, account },
      target: deploymentOptions(where),
      localEndpoint: isLocal ? aws.endpoint : undefined,
      outputs: new Map(
        (stack?.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
      ),
    };
  } catch (error) {
    const problem = explainAwsError(error);
    if (problem === undefined) throw error;
    if (problem.kind === 'unasked') throw problem.error;
    // CloudFormation has no specific error for a stack that does not exist.
    throw problem.name === 'ValidationError'
      ? new ConnectError('SLUICE_CONNECT_NO_STACK', `${stackName}.`, { cause: error })
      : new ConnectError('SLUICE_CONNECT_REFUSED', `${problem.name}.`, { cause: error });
  } finally {
    client.destroy();
  }
}
