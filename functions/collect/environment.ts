import { CollectError } from '../../lib/collect/CollectError.ts';

/** What serverless.yml gives the collector. */
export interface Environment {
  readonly exposuresStream: string;
  readonly eventsStream: string;
  readonly quarantineStream: string;
  /** What is too large for quarantine's rows is written there. */
  readonly bucket: string;
  /** ARN of the secret with the keys that may post. */
  readonly keysSecret: string;
  /** `--stage` of the deployment: a dimension of its metrics. */
  readonly stage: string;
  /** Set by the local cloud only: any client-… or secret-… key may post. */
  readonly allowAnyKey: boolean;
  /** Set by the local cloud only: requests that went well are logged too, every one. */
  readonly logSuccesses: boolean;
}

/**
 * Reads the collector's environment; by hand, since it would carry a schema library for this alone.
 *
 * @throws CollectError SLUICE_COLLECT_ENVIRONMENT_INVALID, naming the variables.
 */
export function readEnvironment(variables: NodeJS.ProcessEnv): Environment {
  const wrong: string[] = [];
  const text = (name: string): string => {
    const value = variables[name] ?? '';
    if (value === '') wrong.push(name);
    return value;
  };
  const flag = (name: string): boolean => {
    const value = variables[name] ?? 'false';
    if (value !== 'true' && value !== 'false') wrong.push(name);
    return value === 'true';
  };
  const environment = {
    exposuresStream: text('SLUICE_EXPOSURES_STREAM'),
    eventsStream: text('SLUICE_EVENTS_STREAM'),
    quarantineStream: text('SLUICE_QUARANTINE_STREAM'),
    bucket: text('SLUICE_BUCKET'),
    keysSecret: text('SLUICE_KEYS_SECRET'),
    stage: text('SLUICE_STAGE'),
    allowAnyKey: flag('SLUICE_ALLOW_ANY_KEY'),
    logSuccesses: flag('SLUICE_LOG_SUCCESSES'),
  };
  if (wrong.length > 0) throw new CollectError('SLUICE_COLLECT_ENVIRONMENT_INVALID', wrong.join(', '));
  return environment;
}
