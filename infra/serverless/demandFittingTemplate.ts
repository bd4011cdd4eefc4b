import { ACCESS_LIMITS } from '../../lib/access/limits.ts';
import { customerSession, exportSession, loadSession } from '../../lib/access/sessionPolicies.ts';
import { ConfigError } from '../../lib/config/ConfigError.ts';
import type { Config } from '../../lib/config/configSchema.ts';
import { exportFolder } from '../../lib/tables/exportKeys.ts';
import { TEMPLATE_LIMITS } from './templateLimits.ts';

/**
 * Refuses to package what CloudFormation would refuse to deploy: each dataset's table is a resource, and each of its
 * columns some of the template.
 *
 * @param template As it is uploaded, in JSON without white space.
 * @throws ConfigError `SLUICE_CONFIG_STACK_TOO_LARGE`
 */
export function demandFittingTemplate(template: { readonly Resources: object }): void {
  const resources = Object.keys(template.Resources).length;
  const bytes = Buffer.byteLength(JSON.stringify(template));
  if (resources <= TEMPLATE_LIMITS.resources && bytes <= TEMPLATE_LIMITS.bytes) return;
  throw new ConfigError(
    'SLUICE_CONFIG_STACK_TOO_LARGE',
    `${resources} resources of ${TEMPLATE_LIMITS.resources}, ${bytes} bytes of ${TEMPLATE_LIMITS.bytes}.`,
  );
}

/**
 * Refuses to package what STS would refuse at run time: the session policy of each dataset's load and of each export, and
 * those of the customers' roles, with the longest partition there is.
 *
 * @throws ConfigError `SLUICE_CONFIG_SESSION_TOO_LARGE`, naming the first.
 */
export function demandFittingSessions(config: Config): void {
  const { bucket, existing, sources, exports } = config;
  const place = { partition: 'aws-us-gov', account: '0'.repeat(12), bucket, keyArn: existing.keyArn };
  const demand = (field: string, policies: readonly string[]) => {
    const most = Math.max(...policies.map((policy) => policy.length));
    if (most > ACCESS_LIMITS.sessionPolicyCharacters)
      throw new ConfigError(
        'SLUICE_CONFIG_SESSION_TOO_LARGE',
        `${field}: ${most} characters of ${ACCESS_LIMITS.sessionPolicyCharacters}.`,
      );
  };
  for (const [i, source] of sources.entries())
    for (const [j, dataset] of source.datasets.entries())
      demand(`sources.${i}.datasets.${j}`, [
        loadSession(place, config, source, dataset),
        customerSession(source, `${dataset.folder}/`, 'read'),
      ]);
  for (const [i, exported] of exports.entries())
    demand(`exports.${i}`, [
      exportSession(place, config, exported),
      customerSession(exported.target, exportFolder(exported), 'write'),
    ]);
}
