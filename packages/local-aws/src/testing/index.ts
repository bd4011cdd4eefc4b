// Helpers for your own tests: a temporary cloud, single services, clocks, faults.
import type { LocalAws, LocalAwsOptions } from '../server/index.ts';
import type { ClientOptions } from './startServices.ts';
import { temporaryDirectory } from './temporaryDirectory.ts';

export { ManualClock, MovableClock } from '../base/index.ts';
export { Faults, type FaultsInput } from '../faults/index.ts';
export { type ClientOptions, startServices } from './startServices.ts';
export { temporaryDirectory } from './temporaryDirectory.ts';

/** A local cloud of a test. */
export interface TestAws {
  /** The cloud itself. */
  readonly aws: LocalAws;
  /** Options for AWS SDK clients that reach it as the account's root. They don't retry. */
  readonly options: ClientOptions;
  /** Stops the cloud and removes what it has stored, also if it throws what a close of the cloud throws. */
  close(): Promise<void>;
}

/**
 * Starts a local cloud in a temporary directory, for a test.
 *
 * @example
 * const { aws, options, close } = await startTestAws({ stack: { template, codeDirectory: 'src' } });
 * const athena = new AthenaClient(options);
 * @throws what `startLocalAws` throws. Nothing is left behind then.
 */
export async function startTestAws(options: Omit<LocalAwsOptions, 'directory'>): Promise<TestAws> {
  // The server loads DuckDB, which a test of S3 alone does not need.
  const { startLocalAws } = await import('../server/index.ts');
  const directory = temporaryDirectory();
  try {
    const aws = await startLocalAws({ ...options, directory: directory.path });
    const { region = 'us-east-1', accessKeyId = 'test', secretAccessKey = 'test' } = options.account ?? {};
    return {
      aws,
      options: {
        endpoint: aws.endpoint,
        region,
        credentials: { accessKeyId, secretAccessKey },
        maxAttempts: 1,
      },
      async close() {
        try {
          await aws.close();
        } finally {
          directory.remove();
        }
      },
    };
  } catch (error) {
    directory.remove();
    throw error;
  }
}
