import { CONFIGURATION_OUTPUT, deployedUnitIds } from '../../../infra/template/deployedConfiguration.ts';
import type { ForwardedKind } from '../../../lib/schema/kinds.ts';
import type { Deployment } from '../../deployment.ts';
import { contentPart, METADATA_PART, type SharedPart } from '../statusFacts.ts';
import {
  type ContentChanges,
  MOST_CONTENT_BYTES,
  readContentChanges,
  readMetadataChanges,
} from '../tables/contentChanges.ts';
import type { Look } from './beginLook.ts';

/** How the content of the tables differs, one member a query; null where it could not be read, or was not asked. */
export async function readContents(
  look: Pick<Look, 'ask' | 'outputs'>,
): Promise<readonly (ContentChanges | null)[]> {
  const events = readContent(look, 'events');
  return Promise.all([readContent(look, 'exposures'), events, readMetadata(look, events)]);
}

/** How the content of a table differs, by itself: a table that cannot be read hides no other. */
function readContent(
  { ask, outputs }: Pick<Look, 'ask' | 'outputs'>,
  table: ForwardedKind,
): Promise<ContentChanges | null> {
  return ask(contentPart(table), async (open) =>
    readContentChanges(await withDeployedColumns(open, outputs), table),
  );
}

/** A deployment by which the tables are asked for no column of a unit ID that the stack does not have. */
async function withDeployedColumns(open: Deployment, outputs: Look['outputs']): Promise<Deployment> {
  const { config } = open;
  const stated = (await outputs.catch(() => undefined))?.get(CONFIGURATION_OUTPUT);
  return { ...open, config: { ...config, unitIds: deployedUnitIds(config, stated) } };
}

/** How the metadata of events differs; not asked if the content of events could not be read, or is large. */
async function readMetadata(
  { ask }: Pick<Look, 'ask'>,
  ofEvents: Promise<ContentChanges | null>,
): Promise<ContentChanges | null> {
  const read = await ofEvents;
  if (read === null || read.scannedBytes > MOST_CONTENT_BYTES) return null;
  return ask(METADATA_PART satisfies SharedPart, readMetadataChanges);
}
