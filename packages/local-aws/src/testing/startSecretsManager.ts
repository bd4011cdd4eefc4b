import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ManualClock } from '../base/ManualClock.ts';
import { Faults } from '../faults/Faults.ts';
import { secretsManagerService } from '../secretsmanager/index.ts';
import { Secrets } from '../secretsmanager/Secrets.ts';
import { type ClientOptions, startServices } from './startServices.ts';
import { temporaryDirectory } from './temporaryDirectory.ts';

/** The time at which its clock stands, epoch milliseconds. */
export const START = Date.UTC(2026, 10, 20, 7, 32);

/** A local Secrets Manager that a test has started. */
export interface StartedSecretsManager {
  /** A client of it. */
  readonly client: SecretsManagerClient;
  /** The secrets themselves. */
  readonly secrets: Secrets;
  /** The clock of the secrets, which a test moves. */
  readonly clock: ManualClock;
  /** Faults of its calls; none at first. */
  readonly faults: Faults;
  /** Options of further clients. */
  readonly options: ClientOptions;
  /** Reads the directory again, as a restart does. */
  reopen(): Secrets;
  /** Stops it and removes what it has stored. */
  close(): Promise<void>;
}

/** Starts the local Secrets Manager over HTTP with a real client. */
export async function startSecretsManager(): Promise<StartedSecretsManager> {
  const directory = temporaryDirectory();
  const clock = new ManualClock(START);
  const open = () =>
    Secrets.open({
      directory: directory.path,
      clock,
      partition: 'aws',
      region: 'us-east-1',
      account: '000000000000',
    });
  const secrets = open();
  const faults = new Faults();
  const { options, close } = await startServices([secretsManagerService({ secrets })], faults);
  const client = new SecretsManagerClient(options);
  return {
    client,
    secrets,
    clock,
    faults,
    options,
    reopen: open,
    async close() {
      client.destroy();
      await close();
      directory.remove();
    },
  };
}
