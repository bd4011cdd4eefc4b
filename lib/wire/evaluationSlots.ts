/** Members of an exposure's metadata that say what was evaluated and how. There are few such evaluations: rules times answers. */
export const WHAT = [
  'gate',
  'config',
  'ruleID',
  'gateValue',
  'rulePassed',
  'reason',
  'configVersion',
  'allocatedExperiment',
  'parameterName',
  'isExplicitParameter',
  'isManualExposure',
] as const;

/** Members that say when the rules were fetched, in the order of their keys: different for each device. */
export const WHEN = ['configSyncTime', 'initTime', 'lcut', 'receivedAt', 'serverTime', 'time'] as const;

/** Numbers of these members: those of `WHAT`, then those of `WHEN`. */
export const EVALUATION_SLOTS: ReadonlyMap<string, number> = new Map(
  [...WHAT, ...WHEN].map((name, slot): [string, number] => [name, slot]),
);
