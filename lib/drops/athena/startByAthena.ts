import { VERSION_KEPT_MS, versionName } from '../../ledger/versions.ts';
import type { FileSchema } from '../../parquet/FileSchema.ts';
import { athenaNoteKey, versionNoteKey } from '../../tables/ledgerKeys.ts';
import type { Drop } from '../Drop.ts';
import { receivedAt } from '../load/inspectDrop.ts';
import { planAthenaLoad } from './AthenaPlan.ts';
import { type AthenaWork, placeOf, planKey, startStep } from './goOnByAthena.ts';

/**
 * Starts the load of a drop by Athena: writes its plan and its manifests, creates its tables, and starts the first step.
 *
 * @param schemas Of all files, from their footers.
 * @param why In words.
 * @returns Null if another owner has the day.
 * @throws AthenaError, LoadError.
 */
export async function startByAthena(
  work: AthenaWork,
  drop: Drop,
  schemas: readonly FileSchema[],
  why: string,
): Promise<'started' | null> {
  const { loader, athena, place, progress } = work;
  const { landing, clock, config } = loader;
  const began = clock.now();
  const version = versionName(began, loader.random);
  const where = placeOf(work, { version });
  const { plan, manifests } = planAthenaLoad(
    where,
    { source: place.source, dataset: place.dataset, unitIds: config.unitIds },
    drop,
    schemas,
    { loadedAt: began, receivedAt: receivedAt(drop) },
  );
  const { table, day } = where;
  await landing.putNote(versionNoteKey({ due: began + VERSION_KEPT_MS, table, day, version }));
  await loader.faultPoint?.('begun');
  await landing.putText(planKey(where), JSON.stringify({ ...plan, isBackfill: progress.isBackfill }));
  for (const [key, text] of manifests) await landing.putText(key, text);
  for (const one of plan.tables) await athena.createTable(one);
  await landing.putNote(athenaNoteKey({ table, day, version }));
  await loader.faultPoint?.('athena_planned');
  const load = {
    ...{ why, fingerprint: drop.fingerprint, version },
    ...{ executions: [], scannedBytes: 0, usd: 0, startedAt: began },
  };
  return startStep(work, plan, load, 'rows');
}
