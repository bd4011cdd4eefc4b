import { counted, listed } from '../../../../lib/base/text.ts';
import type { DeploymentCommands } from '../../../deploymentCommands.ts';
import { type BucketFault, settingPart } from '../../../facts/bucketFaults.ts';
import type { StatusFacts } from '../../../facts/statusFacts.ts';
import { type Finding, finding, seenNow } from '../../catalogue.ts';
import type { Findings, Place } from '../place.ts';

/** Settings of the bucket that differ. */
export function* bucketFindings({ bucketFaults }: StatusFacts, { commands, config }: Place): Findings {
  for (const fault of bucketFaults) if (!fault.isEarly) yield judgeSetting(config, fault, commands);
}

/** Rules of the bucket that delete what the configuration keeps: once that is deployed, they are of somebody else. */
export function* earlyRules({ bucketFaults }: StatusFacts, { commands, config }: Place): Findings {
  for (const fault of bucketFaults) if (fault.isEarly) yield judgeSetting(config, fault, commands);
}

/** Judges a setting of the bucket that differs. */
export function judgeSetting(
  { bucket, existing }: Pick<Place['config'], 'bucket' | 'existing'>,
  { name, why, points, repair, isEarly, isShared = false }: BucketFault,
  commands: Pick<DeploymentCommands, 'aws'>,
): Finding {
  const title = `The setting ${name} of the bucket ${bucket} differs in ${counted(points.length, 'point')}: ${points[0] ?? 'its form'}`;
  const told = seenNow(title, `${bucket}, ${name}: ${listed(points, '; ')}. ${why}`.trim());
  const owner = existing.bucket ? 'brought' : 'setting';
  const changed = isShared ? 'shared' : owner;
  const judged = { case: isEarly ? 'early' : changed, judgedBy: [settingPart(name)] } as const;
  return finding('SLUICE_FINDING_BUCKET_UNFIT', { ...judged, ...told }, [commands.aws(...repair)]);
}
