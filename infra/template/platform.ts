import type { Config } from '../../lib/schema/config.ts';

/** A resource of a packaged template, whose properties are changed in place. */
interface PackagedResource {
  readonly Type: string;
  Properties?: Record<string, unknown>;
}

/** Resource types that take a permissions boundary. */
const BOUNDED: readonly string[] = ['AWS::IAM::Role', 'AWS::IAM::User'];

/**
 * Adds what holds for all resources of a type, whoever made them: the permissions boundary of roles and users, and the key of
 * log groups.
 *
 * @param resources Of the template that is packaged: changed in place.
 */
export function applyPlatform(
  resources: Readonly<Record<string, PackagedResource>>,
  { permissionsBoundary, logs }: Pick<Config, 'permissionsBoundary' | 'logs'>,
): void {
  for (const resource of Object.values(resources)) {
    if (permissionsBoundary !== null && BOUNDED.includes(resource.Type))
      resource.Properties = { ...resource.Properties, PermissionsBoundary: permissionsBoundary };
    if (logs.kmsKeyArn !== null && resource.Type === 'AWS::Logs::LogGroup')
      resource.Properties = { ...resource.Properties, KmsKeyId: logs.kmsKeyArn };
  }
}
