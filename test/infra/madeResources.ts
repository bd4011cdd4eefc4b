import { resources, type StackResources } from '../../infra/resources.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import type { Config, ConfigInput } from '../../lib/schema/config.ts';

/** The stack `acme-prod` of a configuration as far as no Serverless is needed for it: without functions and their triggers. */
interface MadeResources {
  /** The configuration with its defaults. */
  readonly config: Config;
  /** As it goes to Serverless. */
  readonly template: StackResources;
}

/** Makes the resources of the stack `acme-prod`. @param input Fields of its configuration. */
export function madeResources(input: Partial<ConfigInput> = {}): MadeResources {
  const config = defineConfig({ bucket: 'acme-experiments', ...input });
  return { config, template: resources({ config, service: 'acme', stage: 'prod' }) };
}
