import { text } from 'node:stream/consumers';
import { SignatureV4 } from '@smithy/signature-v4';
import * as z from 'zod';
import { parseJson } from '../../lib/base/json.ts';
import type { Setup } from './Setup.ts';

/** Who asks: the place, and the client whose connection and credentials are used. */
interface Asker {
  readonly aws: Setup['aws'];
  readonly clients: Pick<Setup['clients'], 'lambda'>;
}

const principal = z.object({ DataLakePrincipalIdentifier: z.string() });
const grants = z.array(
  z.object({ Principal: principal.optional(), Permissions: z.array(z.string()).default([]) }),
);
/** https://docs.aws.amazon.com/lake-formation/latest/APIReference/API_GetDataLakeSettings.html */
const settingsAnswer = z.object({
  DataLakeSettings: z.object({
    DataLakeAdmins: z.array(principal).default([]),
    CreateDatabaseDefaultPermissions: grants.default([]),
  }),
});
/** What is read of Lake Formation's settings. */
type Settings = z.output<typeof settingsAnswer>['DataLakeSettings'];

/** Reads Lake Formation's settings: who administers it, and who gets databases that are made. */
export async function readSettings(asker: Asker): Promise<{
  /** Undefined for an answer without settings. */
  readonly settings: Settings | undefined;
  /** The answer: its status, and its body. */
  readonly answered: string;
}> {
  const { status, said } = await ask(asker, 'GetDataLakeSettings', {});
  const settings = settingsAnswer.safeParse(parseJson(said)).data?.DataLakeSettings;
  return { settings, answered: `${status} ${said}` };
}

/**
 * Asks Lake Formation, by the connection and the credentials of another client: two questions are no reason to install a
 * client of its own. Its operations are POSTs of JSON.
 *
 * @returns The status, and the body of the answer or the refusal.
 */
async function ask({ aws, clients }: Asker, operation: string, input: object) {
  const { region } = aws;
  const { credentials, sha256, requestHandler } = clients.lambda.config;
  const url = new URL(aws.endpoint ?? `https://lakeformation.${region}.amazonaws.com`);
  const signer = new SignatureV4({ service: 'lakeformation', region, credentials, sha256 });
  const signed = await signer.sign({
    method: 'POST',
    protocol: url.protocol,
    hostname: url.hostname,
    ...(url.port === '' ? {} : { port: Number(url.port) }),
    path: `/${operation}`,
    query: {},
    headers: { host: url.host, 'content-type': 'application/json' },
    body: JSON.stringify(input),
  });
  const { response } = await requestHandler.handle(signed);
  return { status: response.statusCode, said: await text(response.body) };
}
