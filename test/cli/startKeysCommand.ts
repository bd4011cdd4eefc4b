import { createServer, request as httpRequest } from 'node:http';
import { buffer } from 'node:stream/consumers';
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
} from '@aws-sdk/client-secrets-manager';
import { startSecretsManager } from '../../packages/local-aws/src/testing/startSecretsManager.ts';
import { awsEnvironment, type CallOptions, callMain } from '../harness/callMain.ts';
import { listen } from '../harness/listen.ts';

/** The secret of the local cloud's stage. */
export const SECRET = 'sluice-local-keys';

/** A secret with an empty list, and `sluice keys` on it. */
export interface KeysCommand
  extends Pick<Awaited<ReturnType<typeof startSecretsManager>>, 'client' | 'secrets' | 'clock'> {
  /** Runs `sluice keys` with arguments. Variables of `env` are added to those of somebody who has AWS set up. */
  run(args: readonly string[], options?: CallOptions): ReturnType<typeof callMain>;
  /**
   * Runs it while somebody else adds keys `other-1`, `other-2`, …: one before each of the first versions that the command makes current.
   *
   * @param others How many they add.
   */
  runBeside(others: number, args: readonly string[], options?: CallOptions): ReturnType<typeof callMain>;
  /** The current value of a secret, parsed. @param name Default: {@link SECRET}. */
  stored(name?: string): Promise<StoredKeys>;
  /** Stops the local Secrets Manager. */
  close(): Promise<void>;
}

/** The value of a secret. Some tests write others, which have no member of it. */
interface StoredKeys {
  /** Its entries. */
  readonly keys: readonly { readonly label: string }[];
}

/** Starts a local Secrets Manager with the secret of the local cloud's stage. */
export async function startKeysCommand(): Promise<KeysCommand> {
  const local = await startSecretsManager();
  const { client, secrets, clock, options } = local;
  await client.send(new CreateSecretCommand({ Name: SECRET, SecretString: '{"keys":[]}' }));
  const runAt = (endpoint: string, args: readonly string[], { env, ...others }: CallOptions = {}) =>
    callMain(['keys', ...args], { ...others, env: { ...awsEnvironment(endpoint), ...env } });
  const stored = async (SecretId = SECRET): Promise<StoredKeys> => {
    const { SecretString = '' } = await client.send(new GetSecretValueCommand({ SecretId }));
    return JSON.parse(SecretString);
  };
  const addOther = async (number: number) => {
    const { keys } = await stored();
    const other = { label: `other-${number}`, sha256: String(number).padStart(64, '0') };
    const SecretString = JSON.stringify({ keys: [...keys, other] });
    await client.send(new PutSecretValueCommand({ SecretId: SECRET, SecretString }));
  };
  return {
    client,
    secrets,
    clock,
    stored,
    run: (args, callOptions) => runAt(options.endpoint, args, callOptions),
    async runBeside(others, args, callOptions) {
      let added = 0;
      const wire = await openWire(options.endpoint, async (target) => {
        if (!target.endsWith('.UpdateSecretVersionStage') || added === others) return;
        added += 1;
        await addOther(added);
      });
      return runAt(wire.address, args, callOptions).finally(() => wire.close());
    },
    close: () => local.close(),
  };
}

/** Passes calls on to an endpoint. @param before Awaited before each call, with its `x-amz-target`. */
async function openWire(
  endpoint: string,
  before: (target: string) => Promise<void>,
): Promise<{ readonly address: string; readonly close: () => void }> {
  const wire = createServer(async (request, response) => {
    const body = await buffer(request);
    const { url: path, method, headers } = request;
    await before(String(headers['x-amz-target']));
    const { port } = new URL(endpoint);
    const passed = httpRequest({ host: '127.0.0.1', port, path, method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    passed.end(body);
  });
  const address = await listen(wire);
  return {
    address,
    close() {
      wire.close();
      wire.closeAllConnections();
    },
  };
}
