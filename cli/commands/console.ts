import { randomBytes } from 'node:crypto';
import { type Command, portOption, targetOptions } from '../terminal/commandLine.ts';
import { untilInterrupted } from '../terminal/interrupt.ts';
import { writeJson, writeNote, writeOut } from '../terminal/output.ts';

/** The usual port of the console of a deployment; that of the local cloud is beside its collector. */
const CONSOLE_PORT = 4702;

/** Bytes of a token: 192 bits that nobody guesses. */
const TOKEN_BYTES = 24;

/** Where a console is. */
interface ConsoleAddress {
  /** Address of the page, with its token. */
  readonly console: string;
  /** The token that calls of the API send. */
  readonly token: string;
  /** The stage of the deployment. */
  readonly stage: string;
  /** Whether it may change something. */
  readonly mayWrite: boolean;
  /** ID of the process. */
  readonly pid: number;
}

/** `sluice console`: the console of a deployment, on loopback, until Ctrl-C. */
export const consoleCommand: Command = {
  name: 'console',
  summary: 'Serve the console of a deployment on this machine, with your own AWS credentials, until Ctrl-C.',
  options: {
    port: { type: 'string', help: `port on 127.0.0.1 (default ${CONSOLE_PORT}; 0: any free port)` },
    write: { type: 'boolean', help: 'allow actions: redrive, ingest, backfill (default: read-only)' },
    ...targetOptions,
  },
  examples: ['sluice console --stage prod --write --port 0 --json'],
  jsonErrorsOn: 'stderr',
  changes: ({ values }) => values['write'] === true,
  async run(line) {
    const port = portOption(line, 'port', CONSOLE_PORT);
    const mayWrite = line.values['write'] === true;
    const [{ openConsole }, { configuredTarget }, { machineNotes }] = await Promise.all([
      import('../../console/index.ts'),
      import('../aws/target.ts'),
      import('../aws/machineNotes.ts'),
    ]);
    const deployment = await configuredTarget(line);
    const token = randomBytes(TOKEN_BYTES).toString('base64url');
    const notes = machineNotes(deployment);
    const page = await openConsole({ deployment, notes, port, mayWrite, token, log: writeNote });
    const interrupted = untilInterrupted();
    const { stack } = deployment;
    if (line.values['json'] === true)
      writeJson<ConsoleAddress>({
        console: page.address,
        token,
        stage: stack.stage,
        mayWrite,
        pid: process.pid,
      });
    else
      writeOut(
        `The console of ${stack.service}-${stack.stage} (${mayWrite ? 'actions are allowed' : 'read-only'}):\n\n  ${page.address}\n\nThe address has a token: it is for you alone. Ctrl-C stops it.\n`,
      );
    await interrupted;
    await page.close();
    writeNote('\nStopped.\n');
    return 0;
  },
};
