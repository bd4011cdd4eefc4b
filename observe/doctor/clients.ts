import { createHash, createHmac } from 'node:crypto';
import { APIGatewayClient } from '@aws-sdk/client-api-gateway';
import { AthenaClient } from '@aws-sdk/client-athena';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { FirehoseClient } from '@aws-sdk/client-firehose';
import { GlueClient } from '@aws-sdk/client-glue';
import { IAMClient } from '@aws-sdk/client-iam';
import { KMSClient } from '@aws-sdk/client-kms';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { SQSClient } from '@aws-sdk/client-sqs';
import { STSClient } from '@aws-sdk/client-sts';
import { SignatureV4 } from '@smithy/signature-v4';
import * as z from 'zod';
import type { NamedPlace } from '../../observe/deployment.ts';

/** Attempts for one call: the doctor only reads, so every call can be retried. */
const MAX_ATTEMPTS = 3;

/** A client of each service that is checked. */
export interface Clients {
  readonly apiGateway: APIGatewayClient;
  readonly athena: AthenaClient;
  readonly cloudFormation: CloudFormationClient;
  readonly cloudWatch: CloudWatchClient;
  readonly firehose: FirehoseClient;
  readonly glue: GlueClient;
  readonly iam: IAMClient;
  readonly kms: KMSClient;
  readonly lakeFormation: LakeFormation;
  readonly lambda: LambdaClient;
  readonly logs: CloudWatchLogsClient;
  readonly s3: S3Client;
  readonly secrets: SecretsManagerClient;
  readonly quotas: ServiceQuotasClient;
  readonly sqs: SQSClient;
  readonly sts: STSClient;
}

/** Opens the clients; {@link closeClients} closes them. */
export function openClients(place: NamedPlace['place']): Clients {
  const options = {
    ...place,
    maxAttempts: MAX_ATTEMPTS,
    requestHandler: { connectionTimeout: 3_000, requestTimeout: 20_000, throwOnRequestTimeout: true },
  };
  const sts = new STSClient(options);
  return {
    apiGateway: new APIGatewayClient(options),
    athena: new AthenaClient(options),
    cloudFormation: new CloudFormationClient(options),
    cloudWatch: new CloudWatchClient(options),
    firehose: new FirehoseClient(options),
    glue: new GlueClient(options),
    iam: new IAMClient(options),
    kms: new KMSClient(options),
    lakeFormation: openLakeFormation(sts, place.endpoint),
    lambda: new LambdaClient(options),
    logs: new CloudWatchLogsClient(options),
    // A bucket in another region is asked there, so that a finding can name the region.
    s3: new S3Client({ ...options, followRegionRedirects: true }),
    secrets: new SecretsManagerClient(options),
    quotas: new ServiceQuotasClient(options),
    sqs: new SQSClient(options),
    sts,
  };
}

/** Closes the connections, for which the process would wait. */
export function closeClients(clients: Clients): void {
  for (const client of Object.values(clients)) client.destroy();
}

const TIMEOUT_MS = 20_000;

const permissionsSchema = z
  .array(
    z.object({
      Principal: z.object({ DataLakePrincipalIdentifier: z.string().optional() }).optional(),
      Permissions: z.array(z.string()).optional(),
    }),
  )
  .default([]);

/** The default permissions of new databases and tables, in addition to IAM. */
const settingsSchema = z.object({
  DataLakeSettings: z.object({
    CreateDatabaseDefaultPermissions: permissionsSchema,
    CreateTableDefaultPermissions: permissionsSchema,
  }),
});

/** The defaults of an account's data lake. */
export type DataLakeSettings = z.output<typeof settingsSchema>['DataLakeSettings'];

/** The part of Lake Formation that the doctor uses. */
interface LakeFormation {
  /** https://docs.aws.amazon.com/lake-formation/latest/APIReference/API_GetDataLakeSettings.html */
  getDataLakeSettings(): Promise<DataLakeSettings>;
  destroy(): void;
}

/** SHA-256 with the interface that the signer needs. */
class Sha256 {
  readonly #hash;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }
  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data));
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
  reset(): void {
    throw new Error('A hash is used once.');
  }
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data);
  return data instanceof ArrayBuffer
    ? new Uint8Array(data)
    : Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

/**
 * Calls Lake Formation with the credentials and region of another client. Its own client is a separate package, which one
 * request does not justify.
 *
 * @param endpoint Endpoint of the requests. Default AWS.
 */
function openLakeFormation({ config }: STSClient, endpoint: string | undefined): LakeFormation {
  return {
    async getDataLakeSettings() {
      const region = await config.region();
      const url = new URL(
        '/GetDataLakeSettings',
        endpoint ?? `https://lakeformation.${region}.amazonaws.com`,
      );
      const body = '{}';
      const signer = new SignatureV4({
        credentials: config.credentials,
        region,
        service: 'lakeformation',
        sha256: Sha256,
      });
      const signed = await signer.sign({
        method: 'POST',
        protocol: url.protocol,
        hostname: url.hostname,
        path: url.pathname,
        headers: { host: url.host, 'content-type': 'application/json' },
        body,
      });
      const answer = await fetch(url, {
        method: 'POST',
        headers: signed.headers,
        body,
        signal: AbortSignal.timeout(TIMEOUT_MS),
      }).catch((error: unknown) => {
        // `fetch` hides the code of a failed connection in the cause.
        throw error instanceof TypeError && error.cause instanceof Error ? error.cause : error;
      });
      const text = await answer.text();
      if (!answer.ok) throw serviceError(answer, text);
      return settingsSchema.parse(JSON.parse(text)).DataLakeSettings;
    },
    destroy: () => undefined,
  };
}

/** An error like those of AWS's clients, with the name that the service gives and the status. */
function serviceError(answer: Response, text: string): Error {
  const { __type, message, Message } = serviceErrorSchema.parse(jsonOrUndefined(text));
  const type = answer.headers.get('x-amzn-errortype') ?? __type ?? String(answer.status);
  const error = new Error(message ?? Message ?? text);
  // `com.amazon#AccessDeniedException:http://…` in full.
  error.name = type.replace(/:.*$/, '').replace(/^.*#/, '');
  return Object.assign(error, { $metadata: { httpStatusCode: answer.status } });
}

const serviceErrorSchema = z
  .object({ __type: z.string().optional(), message: z.string().optional(), Message: z.string().optional() })
  .catch({});

function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
