import type { Config } from './config.ts';

/** The names in `experiments`. Not beside the schema: the collector needs the names, and its bundle has no schema library. */
export function listExperiments({ experiments }: Pick<Config, 'experiments'>): string[] {
  return experiments.map((experiment) => (typeof experiment === 'string' ? experiment : experiment.name));
}
