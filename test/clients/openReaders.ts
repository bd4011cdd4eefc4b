import { join } from 'node:path';
import { AthenaClient } from '@aws-sdk/client-athena';
import { CreateDatabaseCommand, CreateTableCommand, GlueClient } from '@aws-sdk/client-glue';
import { S3Client } from '@aws-sdk/client-s3';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import type { Config, ConfigInput } from '../../lib/schema/config.ts';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { loadTemplate } from '../../local/loadTemplate.ts';
import { localAccount } from '../../local/localAccount.ts';
import { type Cloud, startCloud } from '../../local/startCloud.ts';
import { resolveTemplate } from '../../packages/local-aws/src/template/index.ts';
import { temporaryDirectory, writeConfig } from '../harness/temporaryDirectory.ts';
import { type Policies, readPolicies } from '../permissions/Policies.ts';
import { exposures, NOW, productEvents, refused, resent } from './seed.ts';

/** Logical IDs of the readers that are deployed, by the tool that each is for. */
export const PRINCIPALS = {
  statsig: 'ReaderStatsigRole',
  owox: 'ReaderOwoxUser',
  metabase: 'ReaderMetabaseUser',
  /** A Metabase that may make tables. */
  models: 'ReaderModelsRole',
} as const;

/** Where OWOX writes, which is a bucket of its own. */
export const OWOX_BUCKET = 'acme-owox-results';

/** A database that is nobody's of ours, as every account has some. */
export const FOREIGN = { database: 'billing', table: 'invoices' } as const;

/** Configuration of the deployment for the clients. */
const readersConfig: ConfigInput = {
  bucket: 'sluice-experiments',
  statsigFolder: 'statsig',
  database: 'sluice',
  unitIds: { companyID: 'company_id' },
  jsonPaths: { plan: 'user.custom.plan' },
  experiments: [],
  readers: [
    { kind: 'statsig', name: 'statsig', principal: '111122223333', externalId: 'made-by-statsig' },
    { kind: 'owox', name: 'owox', resultsBucket: OWOX_BUCKET },
    { kind: 'metabase', name: 'metabase' },
    { kind: 'metabase', name: 'models', as: 'role', principal: 'ecs-tasks', ownDatabase: 'models' },
  ],
};

/** The clients of one reader, signing with credentials of its own. */
export interface ReaderClients {
  readonly athena: AthenaClient;
  readonly glue: GlueClient;
  readonly s3: S3Client;
}

/** The local cloud with three readers and a few events in it. */
export interface Readers {
  readonly edge: string;
  readonly config: Config;
  /** Clients of a reader, or of the account's root. */
  clientsOf(reader: keyof typeof PRINCIPALS | 'root'): Promise<ReaderClients>;
  control(path: string, method: string, body?: object): Promise<unknown>;
  /** The policies of what is deployed. */
  policies(): Promise<Policies>;
  close(): Promise<void>;
}

/**
 * Deploys the readers, posts the seed by the collector, and sets the clock to {@link NOW}.
 *
 * @param more What to configure otherwise than {@link readersConfig}. Default nothing.
 */
export async function openReaders(more: Partial<ConfigInput> = {}): Promise<Readers> {
  const directory = temporaryDirectory();
  const input = { ...readersConfig, ...more };
  process.env['SLUICE_CONFIG'] = writeConfig(directory.path, input);
  const cloud = await startCloud({
    port: 0,
    edgePort: 0,
    enforceIam: true,
    data: join(directory.path, 'data'),
  });
  const made: ReaderClients[] = [];
  const clients = (credentials: { accessKeyId: string; secretAccessKey: string }): ReaderClients => {
    const place = { endpoint: cloud.edge, region: localAccount.region, credentials, maxAttempts: 1 };
    const all = {
      athena: new AthenaClient(place),
      glue: new GlueClient(place),
      s3: new S3Client({ ...place, forcePathStyle: true }),
    };
    made.push(all);
    return all;
  };
  const control = async (path: string, method: string, body?: object) => {
    const answer = await fetch(`${cloud.edge}/_sluice/${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (answer.status !== 200) throw new Error(`${method} ${path}: ${text}`);
    return JSON.parse(text);
  };
  const credentialsOf = async (reader: keyof typeof PRINCIPALS) =>
    control('credentials', 'POST', { principal: PRINCIPALS[reader] });

  await control('clock', 'POST', { now: NOW });
  await post(cloud, [...exposures, ...productEvents]);
  await post(cloud, resent);
  await post(cloud, refused);
  await cloud.flush();
  await addForeignTable(clients(localAccount).glue);

  return {
    edge: cloud.edge,
    config: defineConfig(input),
    clientsOf: async (reader) =>
      reader === 'root' ? clients(localAccount) : clients(await credentialsOf(reader)),
    control,
    async policies() {
      const { region, id: account, partition } = localAccount;
      const loaded = await loadTemplate({
        root: repositoryRoot,
        cacheDirectory: join(repositoryRoot, '.sluice', 'template'),
      });
      const { stackName, template } = loaded;
      return readPolicies(
        resolveTemplate(template, { region, account, partition, stackName, endpoint: cloud.edge }),
      );
    },
    async close() {
      for (const all of made) for (const client of Object.values(all)) client.destroy();
      await cloud.close();
      delete process.env['SLUICE_CONFIG'];
      directory.remove();
    },
  };
}

async function post({ collector }: Cloud, events: readonly object[]): Promise<void> {
  const { status } = await fetch(`${collector}/v1/rgstr`, {
    method: 'POST',
    headers: { 'statsig-api-key': 'client-clients' },
    body: JSON.stringify({ events, statsigMetadata: { sdkType: 'js-client', sdkVersion: '3.33.5' } }),
  });
  if (status !== 202) throw new Error(`The collector answered ${status}.`);
}

async function addForeignTable(glue: GlueClient): Promise<void> {
  await glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: FOREIGN.database } }));
  await glue.send(
    new CreateTableCommand({
      DatabaseName: FOREIGN.database,
      TableInput: {
        Name: FOREIGN.table,
        TableType: 'EXTERNAL_TABLE',
        PartitionKeys: [],
        StorageDescriptor: {
          Columns: [{ Name: 'amount', Type: 'decimal(10,2)' }],
          Location: 's3://acme-billing/invoices/',
          InputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
          OutputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
          SerdeInfo: {
            SerializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe',
          },
        },
      },
    }),
  );
}
