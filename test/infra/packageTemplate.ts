import { join } from 'node:path';
import type { ConfigInput } from '../../lib/schema/config.ts';
import { packageService } from '../../local/packageService.ts';
import { projectRoot } from '../../local/roots.ts';
import { temporaryDirectory, writeConfig } from '../harness/temporaryDirectory.ts';

/** A salt of the configuration, which must be nowhere in a template. */
export const SALT = 'a salt that no template holds';

/** The template that `serverless package` makes of a configuration. */
export async function packageTemplate(options: Partial<ConfigInput> = {}, stage = 'prod'): Promise<unknown> {
  const directory = temporaryDirectory();
  const keys = [{ label: 'web', sha256: '0'.repeat(64) }];
  const config = { bucket: 'acme-experiments', keys, privacy: { salt: SALT }, ...options };
  try {
    const { template } = await packageService({
      root: projectRoot,
      workspace: join(directory.path, 'workspace'),
      configFile: writeConfig(directory.path, `${JSON.stringify(config)}, { stages: ['${stage}'] }`),
      stage,
      region: options.region ?? 'us-east-1',
    });
    return template;
  } finally {
    directory.remove();
  }
}
