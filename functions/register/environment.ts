import * as z from 'zod';
import { environmentReader } from '../../lib/lambda/environment.ts';
import { CatalogError } from '../../lib/landing/catalog/CatalogError.ts';

const schema = z.object({
  /** The bucket that is watched: events of any other are ignored. */
  SLUICE_BUCKET: z.string().min(1),
});

/** What serverless.yml gives the registrar. */
export type Environment = Readonly<z.output<typeof schema>>;

/** @throws CatalogError SLUICE_CATALOG_ENVIRONMENT_INVALID, naming the variables. */
export const readEnvironment = environmentReader(
  schema,
  (names) => new CatalogError('SLUICE_CATALOG_ENVIRONMENT_INVALID', names),
);
