import { type ObjectRef, objectCreated } from '../../queue/objectCreated.ts';
import { CatalogError } from './CatalogError.ts';

/**
 * Reads the body of a queue's message: the object that it is about.
 *
 * @throws CatalogError SLUICE_CATALOG_MESSAGE_INVALID, naming what is wrong and nothing of the content.
 */
export function readObjectCreated(body: string): ObjectRef {
  const read = objectCreated(body);
  if ('wrong' in read) throw new CatalogError('SLUICE_CATALOG_MESSAGE_INVALID', read.wrong);
  return read;
}
