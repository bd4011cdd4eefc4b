import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { StackStatusChange } from '../events/publishedEvents.ts';
import { AwsError } from '../protocol/AwsError.ts';
import type { AwsService } from '../protocol/AwsService.ts';
import { queryOperation, queryService } from '../protocol/queryService.ts';
import type { XmlElement } from '../protocol/xml.ts';
import { stackId } from '../template/resourceTypes.ts';
import type { Stack } from './Stack.ts';

/**
 * Resources of a page of ListStackResources.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListStackResources.html
 */
const RESOURCES_A_PAGE = 100;

/**
 * CloudFormation on the wire for the one stack there is: what is deployed. `stack` is read at each call, because the
 * service exists before the template is resolved.
 */
export function cloudFormationService({
  stack,
}: {
  /** The stack; undefined before it is deployed. */
  readonly stack: () => DeployedStack | undefined;
}): AwsService {
  const requireStack = (name: string): DeployedStack => {
    const deployed = stack();
    if (deployed === undefined || (name !== deployed.name && name !== stackId(deployed, deployed.name)))
      throw stackNotFound(name);
    return deployed;
  };
  return queryService({
    signingName: 'cloudformation',
    version: '2010-05-15',
    namespace: 'http://cloudformation.amazonaws.com/doc/2010-05-15/',
    operations: new Map([
      queryOperation({
        name: 'DescribeStacks',
        input: z.strictObject({ StackName: z.string().min(1).optional() }),
        run({ StackName }) {
          const deployed = StackName === undefined ? stack() : requireStack(StackName);
          return [['Stacks', deployed === undefined ? [] : [['member', stackElement(deployed)]]]];
        },
      }),
      queryOperation({
        name: 'ListStackResources',
        input: z.strictObject({ StackName: z.string().min(1), NextToken: z.string().optional() }),
        run({ StackName, NextToken = '0' }) {
          const deployed = requireStack(StackName);
          const from = /^\d{1,6}$/.test(NextToken) ? Number(NextToken) : Number.NaN;
          if (!(from <= deployed.resources.length)) throw invalidToken(NextToken);
          const to = from + RESOURCES_A_PAGE;
          const page = deployed.resources.slice(from, to);
          return [
            [
              'StackResourceSummaries',
              page.map((resource) => ['member', resourceElement(resource, deployed)] as const),
            ],
            ...(to < deployed.resources.length ? [['NextToken', String(to)] as const] : []),
          ];
        },
      }),
    ]),
  });
}

/** A stack as `DescribeStacks` answers it. */
function stackElement(stack: DeployedStack): (XmlElement | undefined)[] {
  const { createdMs, updatedMs } = stack;
  return [
    ['StackName', stack.name],
    ['StackId', stackId(stack, stack.name)],
    ['CreationTime', new Date(createdMs).toISOString()],
    updatedMs === undefined ? undefined : ['LastUpdatedTime', new Date(updatedMs).toISOString()],
    ['StackStatus', stack.status ?? DEPLOYED],
    stack.roleArn === undefined ? undefined : ['RoleARN', stack.roleArn],
    ['EnableTerminationProtection', false],
    ['DisableRollback', false],
    [
      'Outputs',
      Object.entries(stack.outputs).map(([key, value]) => [
        'member',
        [
          ['OutputKey', key],
          ['OutputValue', value],
        ],
      ]),
    ],
  ];
}

/** A resource as `ListStackResources` answers it. */
function resourceElement(
  { logicalId, physicalId, type }: StackResource,
  { createdMs, updatedMs = createdMs, status = DEPLOYED }: DeployedStack,
): XmlElement[] {
  return [
    ['LogicalResourceId', logicalId],
    ['PhysicalResourceId', physicalId],
    ['ResourceType', type],
    ['LastUpdatedTimestamp', new Date(updatedMs).toISOString()],
    ['ResourceStatus', status],
  ];
}

/** One resource of a stack, as CloudFormation lists it. */
interface StackResource {
  /** Its name in the template. */
  readonly logicalId: string;
  /** `Ref`: mostly the name; for a queue its URL. */
  readonly physicalId: string;
  /** e.g. `AWS::S3::Bucket`. */
  readonly type: string;
}

/** The status of a stack that was never updated. */
const DEPLOYED = 'CREATE_COMPLETE';

/** The stack that the local cloud was built from. */
export interface DeployedStack {
  /** Name of the stack. */
  readonly name: string;
  /** The region of the stack. */
  readonly region: string;
  /** The account of the stack: twelve digits. */
  readonly account: string;
  /** The first part of ARNs after `arn:`. */
  readonly partition: string;
  /** Time of the first deployment, epoch ms. */
  readonly createdMs: number;
  /** Time of the last update, epoch ms; undefined before the first update. */
  readonly updatedMs?: number | undefined;
  /** Default `CREATE_COMPLETE`. */
  readonly status?: string;
  /** The role that CloudFormation takes; default none. */
  readonly roleArn?: string;
  /** The resources, in the order in which they were made. */
  readonly resources: readonly StackResource[];
  /** The values of the outputs by their names; empty without outputs. */
  readonly outputs: Readonly<Record<string, string>>;
}

/** How the stack of a running local cloud is described. */
export function describeStack(
  { name, createdMs, updatedMs, resources, outputs }: Stack,
  { region, account, partition }: Pick<DeployedStack, 'region' | 'account' | 'partition'>,
): DeployedStack {
  const status = updatedMs === undefined ? DEPLOYED : 'UPDATE_COMPLETE';
  return { name, region, account, partition, createdMs, updatedMs, status, resources, outputs };
}

/**
 * The event of a deployment that has ended, as EventBridge has it. No event has a client request token: operations here keep
 * none. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/event-detail-stack-status-change.html
 */
export function statusChangeEvent(stack: DeployedStack): StackStatusChange {
  const id = stackId(stack, stack.name);
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'CloudFormation Stack Status Change',
    source: 'aws.cloudformation',
    account: stack.account,
    // Whole seconds.
    time: new Date(stack.updatedMs ?? stack.createdMs).toISOString().replace(/\.\d+/, ''),
    region: stack.region,
    resources: [id],
    detail: { 'stack-id': id, 'status-details': { status: stack.status ?? DEPLOYED, 'status-reason': '' } },
  };
}

/**
 * The error for a stack that does not exist. CloudFormation has no code of its own for this error:
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html#API_DescribeStacks_Errors
 */
const stackNotFound = (name: string) =>
  new AwsError('ValidationError', 400, `Stack with id ${name} does not exist`);

/** A `NextToken` that no page gave out. */
const invalidToken = (token: string) => new AwsError('ValidationError', 400, `Token ${token} is invalid.`);
