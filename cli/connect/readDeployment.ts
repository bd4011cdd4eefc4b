import { parseArn } from '../../lib/base/arn.ts';
import { defineErrorFamily } from '../../lib/base/errors.ts';
import { readStack, type StackOutputs } from '../../observe/facts/flow/stackOutputs.ts';
import type { ConfiguredTarget } from '../../observe/target.ts';
import { explainingAws } from '../aws/withDeployment.ts';

/** Errors of `sluice connect`. */
export const ConnectError = defineErrorFamily('user', {
  SLUICE_CONNECT_NOT_CONFIGURED: {
    cause: 'The configuration has no such reader or bucket.',
    cure: 'Add it to `readers` or `statsigBucket` of the configuration, deploy, and run the command again. docs/readers.md has an example of each.',
  },
  SLUICE_CONNECT_NOT_DEPLOYED: {
    cause: 'The reader is in the configuration, but not in the deployment.',
    cure: 'Deploy again (locally: stop the cloud and start it again), then run the command again.',
  },
});

/** The facts about a deployed stack that the forms need. */
export interface DeployedStack {
  /** `sluice-prod` */
  readonly stackName: string;
  /** `prod` */
  readonly stage: string;
  /** `eu-central-1` */
  readonly region: string;
  /** The account of AWS: twelve digits. */
  readonly account: string;
  /** Endpoint of the local cloud; undefined on AWS. */
  readonly localEndpoint: string | undefined;
  /** The outputs of the stack. */
  readonly outputs: StackOutputs;
}

/** Reads a stack's outputs. @throws AwsAccessError when there is no such stack, or it may not be read. */
export async function readDeployment(where: ConfiguredTarget): Promise<DeployedStack> {
  const { service, stage } = where.stack;
  const { id, outputs } = await explainingAws(() => readStack(where));
  const { region, account } = parseArn(id);
  return {
    stackName: `${service}-${stage}`,
    stage,
    region,
    account,
    outputs,
    localEndpoint: where.isLocal ? where.aws.endpoint : undefined,
  };
}
