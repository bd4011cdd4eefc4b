import { type Policy, readPolicy } from '../iam/policy.ts';
import { type ResolvedTemplate, resourcesOfType } from './resolveTemplate.ts';

/**
 * The policies of a template's queues, and the permissions of its functions, by the ARN of the queue or the function.
 *
 * @throws PolicyProblem, AwsError as {@link readPolicy}.
 */
export function policiesAtResources(resolved: ResolvedTemplate): Map<string, Policy> {
  const arns = new Map(resolved.resources.flatMap(({ physicalId, arn }) => (arn ? [[physicalId, arn]] : [])));
  const documents = new Map<string, unknown[]>();
  const put = (name: unknown, document: unknown) => {
    const arn = arns.get(String(name)) ?? String(name);
    documents.set(arn, [...(documents.get(arn) ?? []), document]);
  };
  for (const { properties } of resourcesOfType(resolved, 'AWS::SQS::QueuePolicy'))
    for (const url of [properties['Queues']].flat()) put(url, properties['PolicyDocument']);
  for (const { properties } of resourcesOfType(resolved, 'AWS::Lambda::Permission')) {
    const isForUrl =
      properties['FunctionUrlAuthType'] !== undefined || properties['InvokedViaFunctionUrl'] !== undefined;
    // These policies let in only callers of a Function URL, which checks them itself: endpoints.ts.
    if (!isForUrl) put(properties['FunctionName'], permissionDocument(properties));
  }
  return new Map([...documents].map(([arn, list]) => [arn, list.flatMap((policy) => readPolicy(policy))]));
}

/**
 * A Lambda permission as a statement of the function's policy.
 * https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html
 */
function permissionDocument({
  Action,
  Principal,
  SourceArn,
  SourceAccount,
}: Readonly<Record<string, unknown>>) {
  return {
    Statement: {
      Effect: 'Allow',
      Principal: /^(?:\d{12}|arn:.*)$/.test(String(Principal)) ? { AWS: Principal } : { Service: Principal },
      Action,
      Condition: {
        ...(SourceArn === undefined ? {} : { ArnLike: { 'aws:SourceArn': SourceArn } }),
        ...(SourceAccount === undefined ? {} : { StringEquals: { 'aws:SourceAccount': SourceAccount } }),
      },
    },
  };
}
