import type { ObjectStore } from '../../lib/base/ObjectStore.ts';
import { type GroupRow, readGroupRows } from '../../lib/groups/GroupRow.ts';
import { groupsObject } from '../../lib/groups/pullGroups.ts';
import type { Config } from '../../lib/schema/config.ts';
import { listExperiments } from '../../lib/schema/names.ts';
import { groupsKey } from '../../lib/tables/tableFolders.ts';
import { experimentNames } from '../../lib/wire/experimentNames.ts';

/** Experiments and gates in the configuration and in the table of experiment groups. */
export interface KnownExperiments {
  /** The whole table of experiment groups; empty before `sluice groups pull`. */
  readonly rows: readonly GroupRow[];
  /** Names in the configuration. */
  readonly configured: readonly string[];
  /** Names of experiments and gates in the table. */
  readonly inSpecs: readonly string[];
  /**
   * Makes the lookup of real names, which may be given hashed.
   *
   * @param also Names, in addition to those that are known.
   */
  realNames(also: readonly string[]): (given: string) => string;
  /** Rows of an experiment or a gate. */
  rowsOf(experiment: string, isGate: boolean): readonly GroupRow[];
  /** Its weights in the configuration. */
  splitOf(experiment: string): Readonly<Record<string, number>> | undefined;
}

/** Reads the table of experiment groups. @throws GroupsError; what the client of S3 throws. */
export async function readKnownExperiments(
  store: ObjectStore,
  config: Pick<Config, 'statsigFolder' | 'experiments'>,
): Promise<KnownExperiments> {
  const object = await groupsObject(store, groupsKey(config)).read();
  const rows = readGroupRows(object?.text ?? '');
  const configured = listExperiments(config);
  const ofGroups = rows.filter(({ entity }) => entity !== 'layer' && entity !== 'holdout');
  const byName = Map.groupBy(ofGroups, ({ experimentId }) => experimentId);
  return {
    rows,
    configured,
    inSpecs: [...byName.keys()],
    realNames(also) {
      const ids = rows.map(({ experimentId }) => experimentId);
      const isPlain = experimentNames([]);
      const resolve = experimentNames([
        ...configured,
        ...ids,
        ...also.filter((name) => isPlain(name).resolved),
      ]);
      return (given) => resolve(given).name;
    },
    rowsOf: (experiment, isGate) =>
      (byName.get(experiment) ?? []).filter(({ entity }) => (entity === 'gate') === isGate),
    splitOf(experiment) {
      const one = config.experiments.find((each) => typeof each !== 'string' && each.name === experiment);
      return typeof one === 'object' ? one.split : undefined;
    },
  };
}
