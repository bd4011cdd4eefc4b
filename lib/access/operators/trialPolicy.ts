import { type Config, makesKey } from '../../schema/config.ts';
import {
  apiArn,
  arnIn,
  bucketArn,
  catalogArns,
  iamArn,
  identityNamesPattern,
  objectsArn,
  type PolicyScope,
} from '../arns.ts';
import { checkTemplate, keepBoundary, makeKey, seeKeys, unnamed } from '../deployPolicy.ts';
import { allow, type PolicyDocument, policyDocument } from '../policyDocument.ts';
import { seeDefaultDatabase, useKey } from '../readerStatements.ts';

/** Pattern of the names of stages of `sluice trial`: each ends in eight random characters. */
const STAGE = 'trial-????????';
/** Pattern of the names of trial stacks. Everything that a trial makes begins with the name of its stack. */
const STACK = `sluice-${STAGE}`;
/** Name of the boundary that is printed for a trial. */
const BOUNDARY = 'sluice-boundary';

/** Whether the ARN of a permissions boundary has the name of the one that is printed for a trial, at any path. */
export function isTrialBoundary(arn: string | null): boolean {
  return arn?.split('/').at(-1) === BOUNDARY;
}

/** Whether the boundary that is printed for a trial allows names of a stage. */
export function isTrialStage(stage: string): boolean {
  return new RegExp(`^${STAGE.replaceAll('?', '.')}`).test(stage);
}

/**
 * What a trial needs, in two documents, so that nobody who has the policy can become an administrator by a detour. By
 * `policy` roles can only be made with `boundary`, which it can neither change nor remove. The boundary is the most
 * that these roles can do: what the policy itself does with data. A trial has no reader, domain, access log, curation,
 * relay or export.
 *
 * @returns The documents, and the ARN of the boundary: the configured one, or a name that nothing here may change.
 */
export function trialPolicies(
  scope: PolicyScope,
  config: Config,
): { readonly boundaryArn: string; readonly boundary: PolicyDocument; readonly policy: PolicyDocument } {
  const { permissionsBoundary, tags, existing } = config;
  const boundaryArn = permissionsBoundary ?? iamArn(scope, `policy/${BOUNDARY}`);
  const roles = [iamArn(scope, `role/${identityNamesPattern(STACK)}`)];
  // A database's name may have _ in place of -.
  const database = `${STACK.replaceAll('-', '?')}*`;
  const functions = arnIn(scope, 'glue', `userDefinedFunction/${database}/*`);
  const keyArn = existing.keyArn ?? arnIn(scope, 'kms', 'key/*');
  /** All actions of services on what has a name of a trial. */
  const onTrialNames = (Sid: string, names: Readonly<Record<string, string>>) =>
    allow(
      Sid,
      Object.keys(names).map((service) => `${service}:*`),
      Object.entries(names).map(([service, name]) => arnIn(scope, service, `${name}${STACK}*`)),
    );
  const data = [
    allow('Buckets', ['s3:*'], [bucketArn(scope, `${STACK}*`)]),
    allow(
      'Objects',
      ['s3:*Object*', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'],
      [objectsArn(scope, `${STACK}*`)],
    ),
    onTrialNames('Data', {
      athena: 'workgroup/',
      firehose: 'deliverystream/',
      logs: 'log-group:/aws/*/',
      secretsmanager: 'secret:',
      sqs: '',
    }),
    seeDefaultDatabase(scope),
    allow('Sessions', ['sts:AssumeRole'], roles),
    allow(
      'Tables',
      ['glue:*Database*', 'glue:*Partition*', 'glue:*Table*'],
      [...catalogArns(scope, database), functions],
    ),
    config.encryption === 'kms' ? useKey({ ...scope, keyArn }) : undefined,
  ];
  // Resources that have no tag when they are made, or none at all, such as routes, can only be changed through
  // CloudFormation.
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-calledvia
  const byStack = { 'ForAnyValue:StringEquals': { 'aws:CalledVia': 'cloudformation.amazonaws.com' } };
  // Only CloudFormation sets this tag:
  // https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html
  const ofStack = { StringLike: { 'aws:ResourceTag/aws:cloudformation:stack-name': STACK } };
  const deleteKey = allow('DeleteKey', ['kms:ScheduleKeyDeletion'], [keyArn], ofStack);
  const ownKey = [...makeKey(scope, STACK, tags, byStack), deleteKey];
  const parts = ['apis/*/*', 'tags/*'].map((path) => apiArn(scope, path));
  return {
    boundaryArn,
    boundary: policyDocument(data),
    policy: policyDocument([
      ...data,
      ...(makesKey(config) ? ownKey : []),
      // Log groups of a trial have no key.
      ...seeKeys(existing.keyArn),
      allow('Stack', ['cloudformation:*'], [arnIn(scope, 'cloudformation', `stack/${STACK}/*`)]),
      onTrialNames('Parts', {
        cloudwatch: 'alarm:',
        events: 'rule/',
        lambda: 'function:',
        scheduler: 'schedule/default/',
      }),
      checkTemplate(),
      ...unnamed(scope, STACK),
      allow('MakeHttpApi', ['apigateway:POST'], [apiArn(scope, 'apis')]),
      allow('HttpApi', ['apigateway:*'], [apiArn(scope, 'apis/*')], ofStack),
      allow('HttpApiParts', ['apigateway:*'], parts, byStack),
      // This statement is for the limits of the account. The next is for metrics and settings, which have no ARN.
      allow('SeeLimits', ['apigateway:GET'], [apiArn(scope, 'account')]),
      allow('SeeAccount', ['cloudwatch:GetMetricData', 'lambda:GetAccountSettings'], ['*']),
      allow('Roles', ['iam:*'], [...roles, iamArn(scope, `policy/${STACK}-*RolePolicy*`)]),
      ...keepBoundary(boundaryArn),
    ]),
  };
}
