import { memberOf } from '../base/memberOf.ts';
import type { EdgeCall } from '../protocol/EdgeCall.ts';
import { glueNeeds } from './glueNeeds.ts';
import { arnAt, type Place } from './Place.ts';
import type { NeededPermission } from './RecordedCall.ts';
import { type S3Request, s3Needs } from './s3Needs.ts';

/**
 * What a call at the edge needs, by the "Actions, resources, and condition keys" page of its service under
 * https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
 */
export function callNeeds(call: EdgeCall, place: Place): readonly NeededPermission[] {
  const { service, operation, resource = '', input } = call;
  switch (service) {
    case 's3':
      return s3Needs(operation, s3Request(call), place);
    case 'glue':
      return glueNeeds(operation, input, place);
    case 'firehose':
      return [need(call, resource === '' ? '*' : arnAt(place, 'firehose', `deliverystream/${resource}`))];
    case 'sqs':
      // A batch needs the action of the single call.
      return [
        need(
          { service, operation: operation.replace(/Batch$/, '') },
          resource === '' ? '*' : arnAt(place, 'sqs', resource),
        ),
      ];
    case 'secretsmanager':
      return [need(call, resource === '' ? '*' : secretArn(resource, place))];
    case 'sts':
      return [need(call, operation === 'AssumeRole' && resource !== '' ? resource : '*')];
    case 'athena':
      return athenaNeeds(call, place);
    default:
      return [need(call, '*')];
  }
}

function need({ service, operation }: Pick<EdgeCall, 'service' | 'operation'>, resource: string) {
  return { action: `${service}:${operation}`, resource, context: {} };
}

/** A secret that isn't there has no suffix yet: AWS makes up six characters. */
function secretArn(id: string, place: Place): string {
  return place.secretArn(id) ?? arnAt(place, 'secretsmanager', `secret:${id}-AAAAAA`);
}

/** Work groups and data catalogs are Athena's only resources; a query is checked as one of its work group. */
function athenaNeeds(call: EdgeCall, place: Place): NeededPermission[] {
  const { operation, resource, input } = call;
  if (
    operation === 'ListWorkGroups' ||
    operation === 'ListDataCatalogs' ||
    operation === 'ListEngineVersions'
  )
    return [need(call, '*')];
  const catalog =
    memberOf(input, 'CatalogName') ??
    (operation.includes('DataCatalog') ? memberOf(input, 'Name') : undefined);
  if (catalog !== undefined) return [need(call, arnAt(place, 'athena', `datacatalog/${catalog}`))];
  return [need(call, arnAt(place, 'athena', `workgroup/${resource ?? 'primary'}`))];
}

function s3Request({ resource = '', input, reached, status }: EdgeCall): S3Request {
  const [bucket, key] = splitAtSlash(resource);
  const parts = typeof input === 'object' && input !== null ? input : {};
  return {
    bucket,
    key,
    query: 'query' in parts && parts.query instanceof URLSearchParams ? parts.query : new URLSearchParams(),
    headers: 'headers' in parts ? textMembers(parts.headers) : {},
    keys: reached.map((name) => splitAtSlash(name)[1]),
    status,
  };
}

function splitAtSlash(name: string): [string, string] {
  const slash = name.indexOf('/');
  return slash < 0 ? [name, ''] : [name.slice(0, slash), name.slice(slash + 1)];
}

function textMembers(value: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(Object(value)).flatMap(([name, text]) => (typeof text === 'string' ? [[name, text]] : [])),
  );
}
