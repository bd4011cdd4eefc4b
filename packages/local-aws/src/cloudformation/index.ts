import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { LocalAwsError } from '../base/errors.ts';
import { parseJson } from '../base/json.ts';
import { AwsError } from '../protocol/AwsError.ts';
import type { AwsService } from '../protocol/AwsService.ts';
import { queryOperation, queryService } from '../protocol/QueryService.ts';
import type { XmlElement } from '../protocol/xml.ts';
import type { ResolvedTemplate } from '../template/resolveTemplate.ts';
import { stackId } from '../template/resourceTypes.ts';
import type { Stack, StatusChange } from './Stack.ts';
import type { StackEvent } from './StackJournal.ts';
import { updateRules } from './updateRules.ts';

export type { LeftResource, MadeChange, StackUpdate } from './Stack.ts';
export { updateRules } from './updateRules.ts';

/** Resources of a page of ListStackResources: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListStackResources.html */
const RESOURCES_A_PAGE = 100;
/** AWS documents no number: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackEvents.html */
const EVENTS_A_PAGE = 100;
/** A template in a request has up to 51,200 bytes, and three times that in a form. */
const BODY_LIMIT_BYTES = 256 * 1024;
const TEMPLATE_BODY_BYTES = 51_200;

/**
 * CloudFormation on the wire for the one stack there is: what is deployed, and its update. `stack` is read at each
 * call, because the service exists before the template is resolved.
 */
export function cloudFormationService({
  stack,
  updates,
}: {
  readonly stack: () => DeployedStack | undefined;
  /** Updates the stack. Default: UpdateStack is not emulated. */
  readonly updates?: StackUpdates | undefined;
}): AwsService {
  // Nothing deletes the stack here, so it is kept for who asks, as long as the process runs.
  let isProtected = false;
  const find = (name: string): DeployedStack => {
    const found = stack();
    if (found === undefined || (name !== found.name && name !== stackId(found, found.name)))
      throw stackNotFound(name);
    return found;
  };
  return queryService({
    signingName: 'cloudformation',
    version: '2010-05-15',
    namespace: 'http://cloudformation.amazonaws.com/doc/2010-05-15/',
    bodyLimitBytes: BODY_LIMIT_BYTES,
    operations: new Map([
      ...(updates === undefined ? [] : [updateStack(find, updates)]),
      queryOperation({
        name: 'GetTemplate',
        input: z.strictObject({
          StackName: z.string().min(1),
          TemplateStage: z.enum(['Original', 'Processed']).optional(),
        }),
        run({ StackName }) {
          const { template } = find(StackName);
          return [
            ['TemplateBody', JSON.stringify(template, undefined, 2)],
            ['StagesAvailable', ['Original', 'Processed'].map((stage) => ['member', stage])],
          ];
        },
      }),
      queryOperation({
        name: 'UpdateTerminationProtection',
        input: z.strictObject({
          StackName: z.string().min(1),
          EnableTerminationProtection: z.enum(['true', 'false']),
        }),
        run({ StackName, EnableTerminationProtection }) {
          const found = find(StackName);
          isProtected = EnableTerminationProtection === 'true';
          return [['StackId', stackId(found, found.name)]];
        },
      }),
      queryOperation({
        name: 'DescribeStackEvents',
        input: z.strictObject({ StackName: z.string().min(1), NextToken: z.string().optional() }),
        run({ StackName, NextToken }) {
          const found = find(StackName);
          // The latest first. A token is an event's ID: new events come before it.
          const events = (found.events ?? []).toReversed();
          const from = NextToken === undefined ? 0 : events.findIndex(({ id }) => id === NextToken);
          if (from < 0) throw invalidToken(NextToken ?? '');
          const next = events[from + EVENTS_A_PAGE];
          return [
            [
              'StackEvents',
              events.slice(from, from + EVENTS_A_PAGE).map((event) => ['member', eventElement(event, found)]),
            ],
            ...(next === undefined ? [] : [['NextToken', next.id] as const]),
          ];
        },
      }),
      queryOperation({
        name: 'DescribeStacks',
        input: z.strictObject({ StackName: z.string().min(1).optional() }),
        run({ StackName }) {
          const found = StackName === undefined ? stack() : find(StackName);
          return [['Stacks', found === undefined ? [] : [['member', stackElement(found, isProtected)]]]];
        },
      }),
      queryOperation({
        name: 'ListStacks',
        // `StackStatusFilter.member.1` and so on: on the wire, a list is that many members.
        input: z.record(z.string().regex(/^StackStatusFilter\.member\.\d+$/), z.string()),
        run(filter) {
          const found = stack();
          const statuses = Object.values(filter);
          const isListed = statuses.length === 0 || statuses.includes(found?.status ?? 'CREATE_COMPLETE');
          return [
            ['StackSummaries', found === undefined || !isListed ? [] : [['member', summaryElement(found)]]],
          ];
        },
      }),
      queryOperation({
        name: 'ListStackResources',
        input: z.strictObject({ StackName: z.string().min(1), NextToken: z.string().optional() }),
        run({ StackName, NextToken = '0' }) {
          const found = find(StackName);
          const from = /^\d{1,6}$/.test(NextToken) ? Number(NextToken) : Number.NaN;
          if (!(from <= found.resources.length)) throw invalidToken(NextToken);
          const to = from + RESOURCES_A_PAGE;
          const page = found.resources.slice(from, to);
          return [
            [
              'StackResourceSummaries',
              page.map((resource) => ['member', resourceElement(resource, found)] as const),
            ],
            ...(to < found.resources.length ? [['NextToken', String(to)] as const] : []),
          ];
        },
      }),
    ]),
  });
}

/** Updates a stack. */
export interface StackUpdates {
  /**
   * Begins an update and resolves when CloudFormation has accepted it.
   *
   * @returns Whether anything differs.
   * @throws StackError STACK_UPDATE_REFUSED, TemplateError.
   */
  begin(template: unknown): Promise<boolean>;
  /** The text at a `TemplateURL`: an object in S3. @throws AwsError */
  read(url: string): Promise<string>;
}

/** `Capabilities.member.1` and so on as one list. */
function withLists(members: unknown): unknown {
  const entries = Object.entries(Object(members));
  const capabilities = entries.filter(([name]) => /^Capabilities\.member\.\d+$/.test(name));
  const others = entries.filter((entry) => !capabilities.includes(entry));
  return { ...Object.fromEntries(others), Capabilities: capabilities.map(([, value]) => value) };
}

/**
 * UpdateStack. Functions keep the directory of their code: there is no code in S3 here.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_UpdateStack.html
 */
function updateStack(find: (name: string) => DeployedStack, updates: StackUpdates) {
  return queryOperation({
    name: 'UpdateStack',
    input: z.preprocess(
      withLists,
      z.strictObject({
        StackName: z.string().min(1),
        TemplateBody: z.string().min(1).max(TEMPLATE_BODY_BYTES).optional(),
        TemplateURL: z.string().min(1).max(5120).optional(),
        Capabilities: z.array(z.enum(['CAPABILITY_IAM', 'CAPABILITY_NAMED_IAM', 'CAPABILITY_AUTO_EXPAND'])),
        ClientRequestToken: z.string().max(128).optional(),
      }),
    ),
    async run({ StackName, TemplateBody, TemplateURL, Capabilities }) {
      const found = find(StackName);
      const text = TemplateURL === undefined ? TemplateBody : await updates.read(TemplateURL);
      if (text === undefined || (TemplateURL !== undefined && TemplateBody !== undefined))
        throw validationError('Either Template URL or Template Body must be specified.');
      const template = parseJson(text);
      if (template === undefined) throw validationError('Template format error: it is not JSON.');
      requireCapabilities(template, Capabilities);
      const differs = await updates.begin(template).catch((error: unknown) => {
        throw error instanceof LocalAwsError ? validationError(error.detail) : error;
      });
      if (!differs) throw validationError('No updates are to be performed.');
      return [['StackId', stackId(found, found.name)]];
    },
  });
}

/** Resources of IAM need the caller's acknowledgement, named ones a stronger one. @throws AwsError */
function requireCapabilities(template: unknown, given: readonly string[]): void {
  const resources: unknown[] = Object.values(Object(Object(template).Resources));
  const iam = resources.flatMap((resource) => {
    const { Type, Properties } = Object(resource);
    const name = updateRules.get(String(Type))?.name;
    if (!String(Type).startsWith('AWS::IAM::')) return [];
    return [name !== undefined && Object.hasOwn(Object(Properties), name)];
  });
  if (iam.length === 0 || given.includes('CAPABILITY_NAMED_IAM')) return;
  const named = iam.includes(true);
  if (!named && given.includes('CAPABILITY_IAM')) return;
  throw new AwsError(
    'InsufficientCapabilitiesException',
    400,
    `Requires capabilities : [${named ? 'CAPABILITY_NAMED_IAM' : 'CAPABILITY_IAM'}]`,
  );
}

function eventElement(event: StackEvent, stack: DeployedStack): (XmlElement | undefined)[] {
  return [
    ['EventId', event.id],
    ['StackId', stackId(stack, stack.name)],
    ['StackName', stack.name],
    ['LogicalResourceId', event.logicalId],
    ['PhysicalResourceId', event.physicalId],
    ['ResourceType', event.type],
    ['Timestamp', new Date(event.atMs).toISOString()],
    ['ResourceStatus', event.status],
    event.reason === undefined ? undefined : ['ResourceStatusReason', event.reason],
  ];
}

function summaryElement(stack: DeployedStack): (XmlElement | undefined)[] {
  return [
    ['StackName', stack.name],
    ['StackId', stackId(stack, stack.name)],
    ['CreationTime', new Date(stack.createdMs).toISOString()],
    stack.updatedMs === undefined ? undefined : ['LastUpdatedTime', new Date(stack.updatedMs).toISOString()],
    ['StackStatus', stack.status ?? 'CREATE_COMPLETE'],
    stack.reason === undefined ? undefined : ['StackStatusReason', stack.reason],
  ];
}

function stackElement(stack: DeployedStack, isProtected: boolean): (XmlElement | undefined)[] {
  return [
    ...summaryElement(stack),
    ['EnableTerminationProtection', isProtected],
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

function resourceElement(
  { logicalId, physicalId, type, status = 'CREATE_COMPLETE', atMs }: StackResource,
  { createdMs }: DeployedStack,
): XmlElement[] {
  return [
    ['LogicalResourceId', logicalId],
    ['PhysicalResourceId', physicalId],
    ['ResourceType', type],
    ['LastUpdatedTimestamp', new Date(atMs ?? createdMs).toISOString()],
    ['ResourceStatus', status],
  ];
}

/** One resource of a stack, as CloudFormation lists it. */
interface StackResource {
  readonly logicalId: string;
  /** `Ref`: mostly the name; for a queue its URL. */
  readonly physicalId: string;
  /** e.g. `AWS::S3::Bucket`. */
  readonly type: string;
  /** Default `CREATE_COMPLETE`. */
  readonly status?: string;
  /** When it had this status, epoch ms. Default: when the stack was created. */
  readonly atMs?: number;
}

/** The stack that the local cloud was built from. */
export interface DeployedStack {
  readonly name: string;
  readonly region: string;
  readonly account: string;
  readonly partition: string;
  /** Epoch ms. */
  readonly createdMs: number;
  /** When the last update began, epoch ms; undefined before the first one. */
  readonly updatedMs?: number | undefined;
  /** Default `CREATE_COMPLETE`. */
  readonly status?: string;
  /** Why the last update failed. */
  readonly reason?: string | undefined;
  readonly resources: readonly StackResource[];
  readonly outputs: Readonly<Record<string, string>>;
  /** As it was deployed. */
  readonly template?: unknown;
  /** The oldest first. Default none. */
  readonly events?: readonly StackEvent[];
}

/** How the stack of a running local cloud is described. */
export function describeStack(
  stack: Stack,
  place: Pick<DeployedStack, 'region' | 'account' | 'partition'>,
): DeployedStack {
  return {
    ...place,
    ...stack.times,
    name: stack.name,
    status: stack.status,
    reason: stack.reason,
    resources: stack.states().map(({ resource: { logicalId, physicalId, type }, status, atMs }) => ({
      logicalId,
      physicalId,
      type,
      status,
      atMs,
    })),
    outputs: stack.resolved.outputs,
    template: stack.template,
    events: stack.events,
  };
}

/**
 * The event of a change of the stack's status, as EventBridge has it. No event has a client request token: operations
 * here keep none. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/event-detail-stack-status-change.html
 */
export function statusChangeEvent(
  { stackId: id, status, reason, atMs }: StatusChange,
  { region, account }: Pick<DeployedStack, 'region' | 'account'>,
): object {
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'CloudFormation Stack Status Change',
    source: 'aws.cloudformation',
    account,
    // Whole seconds.
    time: new Date(atMs).toISOString().replace(/\.\d+/, ''),
    region,
    resources: [id],
    detail: { 'stack-id': id, 'status-details': { status, 'status-reason': reason } },
  };
}

/** The stack of a template, its resources in the order in which they were made. */
export function deployedStack(
  { resources, outputs }: ResolvedTemplate,
  identity: Omit<DeployedStack, 'resources' | 'outputs' | 'account'> & { readonly id: string },
): DeployedStack {
  const { name, region, partition, id: account, createdMs } = identity;
  return { name, region, partition, account, createdMs, resources, outputs };
}

/** CloudFormation has no error of its own for it: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html#API_DescribeStacks_Errors */
const stackNotFound = (name: string) =>
  new AwsError('ValidationError', 400, `Stack with id ${name} does not exist`);

const validationError = (message: string) => new AwsError('ValidationError', 400, message);

/** A `NextToken` that no page gave out. */
const invalidToken = (token: string) => new AwsError('ValidationError', 400, `Token ${token} is invalid.`);
