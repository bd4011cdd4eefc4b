import { memberOf } from '../base/json.ts';
import type { EdgeCall } from '../protocol/AwsService.ts';
import { arnAt, type NeededPermission, type PermissionContext } from './permissions.ts';

/**
 * The permissions that a call at the edge needs, by the page "Actions, resources, and condition keys" of its service. S3, KMS,
 * STS and IAM decide themselves: for their calls the result has no meaning.
 * https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
 */
export function neededPermissions(call: EdgeCall, place: PermissionContext): readonly NeededPermission[] {
  const { service, operation, resource = '', input } = call;
  switch (service) {
    case 'glue':
      return gluePermissions(operation, input, place);
    case 'firehose':
      return [need(call, resource === '' ? '*' : arnAt(place, 'firehose', `deliverystream/${resource}`))];
    case 'sqs': {
      // A batch needs the action of the single operation.
      const single = operation.replace(/Batch$/, '');
      const queue = resource === '' ? '*' : arnAt(place, 'sqs', resource);
      return [need({ service, operation: single }, queue), ...queueKeyPermissions(single, resource, place)];
    }
    case 'secretsmanager':
      return [need(call, resource === '' ? '*' : secretArn(resource, place))];
    case 'athena':
      return athenaNeeds(call, place);
    case 'cloudformation':
      return [need(call, stackArn(resource, place))];
    case 'monitoring':
      // CloudWatch's name in signatures differs from its name in actions.
      return [
        need(
          { service: 'cloudwatch', operation },
          operation === 'GetMetricData' ? arnAt(place, 'cloudwatch', 'dataset/default') : '*',
        ),
      ];
    case 'logs':
      return [need(call, resource === '' ? '*' : logGroupArn(resource, place))];
    default:
      return [need(call, '*')];
  }
}

/** Actions on a queue's key, by the operation on the queue. */
const OF_QUEUE_KEYS: ReadonlyMap<string, readonly string[]> = new Map([
  ['SendMessage', ['kms:GenerateDataKey', 'kms:Decrypt']],
  ['ReceiveMessage', ['kms:Decrypt']],
]);

/**
 * The permissions for the key that encrypts a queue, of senders and receivers.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
 */
export function queueKeyPermissions(
  operation: string,
  queue: string,
  place: Pick<PermissionContext, 'queueKey' | 'region' | 'account'>,
): NeededPermission[] {
  const key = place.queueKey(queue);
  if (key === undefined) return [];
  const context = {
    'kms:ViaService': `sqs.${place.region}.amazonaws.com`,
    'kms:CallerAccount': place.account,
  };
  return (OF_QUEUE_KEYS.get(operation) ?? []).map((action) => ({ action, resource: key, context }));
}

/** The permission of an operation whose action has the same name. */
function need(
  { service, operation }: Pick<EdgeCall, 'service' | 'operation'>,
  resource: string,
): NeededPermission {
  return { action: `${service}:${operation}`, resource, context: {} };
}

/** ARN of a stack, which calls name by its name or its ARN. For a name, the end of the ARN is unknown. */
function stackArn(name: string, place: PermissionContext): string {
  if (name === '') return '*';
  return name.startsWith('arn:') ? name : arnAt(place, 'cloudformation', `stack/${name}/*`);
}

/**
 * The ARN of a log group as CloudWatch checks it. A policy names a log group with `:*` at its end, because this ARN is longer:
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html. Its refusals show how:
 * https://github.com/prowler-cloud/prowler/pull/37
 */
function logGroupArn(name: string, place: PermissionContext): string {
  return arnAt(place, 'logs', `log-group:${name}:log-stream:`);
}

/** The ARN of a secret that doesn't exist has no known suffix: AWS generates its six characters. */
function secretArn(id: string, place: PermissionContext): string {
  return place.secretArn(id) ?? arnAt(place, 'secretsmanager', `secret:${id}-AAAAAA`);
}

/**
 * Work groups and data catalogs are Athena's only resources. A query is checked against its work group. A catalog is checked by
 * the name that the call has; whether AWS replaces that name by `AwsDataCatalog` first is not documented.
 */
function athenaNeeds(call: EdgeCall, place: PermissionContext): NeededPermission[] {
  const { operation, resource, input } = call;
  if (operation === 'ListWorkGroups' || operation === 'ListDataCatalogs') return [need(call, '*')];
  const catalog =
    memberOf(input, 'CatalogName') ??
    (operation.includes('DataCatalog') ? memberOf(input, 'Name') : undefined);
  if (catalog !== undefined) return [need(call, arnAt(place, 'athena', `datacatalog/${catalog}`))];
  return [need(call, arnAt(place, 'athena', `workgroup/${resource ?? 'primary'}`))];
}

/** Operations on a database whose name is their `Name`. Athena's calls have the same member. */
const OF_DATABASE = new Set(['GetDatabase', 'CreateDatabase', 'DeleteDatabase']);
/** Operations whose `Name` is a table's. Athena's calls have the same member. */
const OF_TABLE = new Set(['GetTable', 'CreateTable', 'UpdateTable', 'DeleteTable']);

/**
 * Glue checks the catalog, the database and the table separately. A list of tables needs permission for each table of
 * the database. https://docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html
 */
export function gluePermissions(
  operation: string,
  input: unknown,
  place: PermissionContext,
): NeededPermission[] {
  const named = (name: string) => memberOf(input, name);
  const database =
    named('DatabaseName') ??
    (OF_DATABASE.has(operation) ? named('Name') : undefined) ??
    nameInInput(input, 'DatabaseInput');
  const table =
    named('TableName') ??
    (OF_TABLE.has(operation) ? named('Name') : undefined) ??
    nameInInput(input, 'TableInput');
  const resources = ['catalog'];
  if (operation === 'GetDatabases') resources.push('database/*');
  if (database !== undefined) resources.push(`database/${database}`);
  if (database !== undefined && operation === 'GetTables') resources.push(`table/${database}/*`);
  if (database !== undefined && table !== undefined) resources.push(`table/${database}/${table}`);
  return resources.map((resource) => ({
    action: `glue:${operation}`,
    resource: arnAt(place, 'glue', resource),
    context: {},
  }));
}

/** The name in an input's own input. */
function nameInInput(input: unknown, member: string): string | undefined {
  return typeof input === 'object' && input !== null
    ? memberOf(Reflect.get(input, member), 'Name')
    : undefined;
}
