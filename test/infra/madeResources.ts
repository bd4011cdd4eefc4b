import { resources } from '../../infra/resources.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../lib/schema/config.ts';

/** The resources of the stack `acme-prod` of a configuration, made without Serverless. */
export function madeResources(input: Partial<ConfigInput> = {}) {
  const config = defineConfig({ bucket: 'acme-experiments', ...input });
  return { config, made: resources({ config, service: 'acme', stage: 'prod' }) };
}
