import { execFile } from 'node:child_process';
import { localAccount } from '../../local/localAccount.ts';

/** Output of a command, and how it ended. */
interface Ended {
  /** What it printed as its result. */
  readonly stdout: string;
  /** What it printed of its work. */
  readonly stderr: string;
  /** Null when it was killed, as after its time. */
  readonly status: number | null;
}

/** A page of results or a log of dbt is far smaller. */
const OUTPUT_BYTES = 16 * 1024 * 1024;

/**
 * Runs a command that is a client of the local cloud, set up by environment variables as a user's is, while this process
 * answers it. Nothing of AWS in this process's own environment reaches it.
 *
 * @param options.edge Where the local cloud answers.
 * @param options.more Other variables. Default none.
 */
export function runClient(
  command: string,
  args: readonly string[],
  options: {
    readonly edge: string;
    readonly timeoutMs: number;
    readonly more?: Readonly<Record<string, string>>;
  },
): Promise<Ended> {
  const { edge, timeoutMs, more = {} } = options;
  const others = Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'));
  const env = {
    ...Object.fromEntries(others),
    AWS_ENDPOINT_URL: edge,
    AWS_ACCESS_KEY_ID: localAccount.accessKeyId,
    AWS_SECRET_ACCESS_KEY: localAccount.secretAccessKey,
    AWS_DEFAULT_REGION: localAccount.region,
    AWS_EC2_METADATA_DISABLED: 'true',
    ...more,
  };
  return new Promise((resolve) => {
    const child = execFile(
      command,
      [...args],
      { env, timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: OUTPUT_BYTES },
      (_, stdout, stderr) => resolve({ stdout, stderr, status: child.exitCode }),
    );
  });
}
