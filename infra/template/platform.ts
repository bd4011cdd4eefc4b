import type { Config } from '../../lib/schema/config.ts';
import { RETAINED } from './Stack.ts';

/** A resource of a packaged template, whose properties are changed in place. */
interface PackagedResource {
  /** Its type: `AWS::S3::Bucket`. */
  readonly Type: string;
  /** Its properties; absent without any. */
  Properties?: Record<string, unknown>;
  /** Action when the resource leaves the stack. Default `Delete`. */
  DeletionPolicy?: string;
  /** Action when another resource replaces it. Default `Delete`. */
  UpdateReplacePolicy?: string;
}

/** Matches the logical IDs of the addresses that SDKs post to. Serverless chooses most of them. */
const ADDRESS =
  /^(?:HttpApi|HttpApiStage|HttpApiIntegrationCollect|CollectLambdaPermissionHttpApi|CollectUrl\w*|Domain|DomainMapping)$/;

/** Resource types that take a permissions boundary. */
const BOUNDED: readonly string[] = ['AWS::IAM::Role', 'AWS::IAM::User'];

/**
 * Adds the properties that all resources have, whoever made them: the permissions boundary of roles and users, and the
 * key of log groups. An address of the collector goes on taking events when it leaves the template or is replaced,
 * because SDKs may still post to it.
 *
 * @param resources The resources of the template that is packaged, which are changed in place.
 */
export function applyPlatform(
  resources: Readonly<Record<string, PackagedResource>>,
  { permissionsBoundary, logs }: Pick<Config, 'permissionsBoundary' | 'logs'>,
): void {
  for (const [id, resource] of Object.entries(resources)) {
    if (ADDRESS.test(id) || isRouteToCollector(resource)) Object.assign(resource, RETAINED);
    if (permissionsBoundary !== null && BOUNDED.includes(resource.Type))
      resource.Properties = { ...resource.Properties, PermissionsBoundary: permissionsBoundary };
    if (logs.kmsKeyArn !== null && resource.Type === 'AWS::Logs::LogGroup')
      resource.Properties = { ...resource.Properties, KmsKeyId: logs.kmsKeyArn };
  }
}

/** Whether a resource is a route of the HTTP API to the collector. */
function isRouteToCollector({ Type, Properties }: PackagedResource): boolean {
  return (
    Type === 'AWS::ApiGatewayV2::Route' &&
    JSON.stringify(Properties?.['Target'] ?? null).includes('"HttpApiIntegrationCollect"')
  );
}
