import * as z from 'zod';
import { CatalogError } from '../../lib/catalog/CatalogError.ts';

const schema = z.object({
  /** The bucket that is watched: events of any other are ignored. */
  SLUICE_BUCKET: z.string().min(1),
});

/** What serverless.yml gives the registrar. */
export type Environment = Readonly<z.output<typeof schema>>;

/** @throws CatalogError SLUICE_CATALOG_ENVIRONMENT_INVALID, naming the variables. */
export function readEnvironment(variables: NodeJS.ProcessEnv): Environment {
  const result = schema.safeParse(variables);
  if (result.success) return result.data;
  const names = result.error.issues.map(({ path }) => path.join('.')).join(', ');
  throw new CatalogError('SLUICE_CATALOG_ENVIRONMENT_INVALID', names);
}
