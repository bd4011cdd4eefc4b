import { AthenaClient } from '@aws-sdk/client-athena';
import { CreateDatabaseCommand, CreateTableCommand, GlueClient } from '@aws-sdk/client-glue';
import type { S3Client } from '@aws-sdk/client-s3';
import type { ConfigInput } from '../../lib/schema/config.ts';
import { type StoryCloud, storyCloud } from '../harness/storyCloud.ts';
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

/** A deployment that has the seed, with its readers. */
export interface Readers {
  /** URL of the local cloud's AWS. */
  readonly edge: StoryCloud['cloud']['edge'];
  readonly config: StoryCloud['cloud']['config'];
  /** Credentials of the role or user with a logical ID. */
  readonly credentialsOf: StoryCloud['credentialsOf'];
  /** Clients of a reader, or of the account's root. */
  clientsOf(reader: keyof typeof PRINCIPALS | 'root'): Promise<ReaderClients>;
  close(): Promise<void>;
}

/** Deploys the readers, posts the seed by the collector, and sets the clock to {@link NOW}. */
export async function openReaders(): Promise<Readers> {
  const story = await storyCloud(readersConfig, { startsAt: NOW });
  const clientsOf: Readers['clientsOf'] = async (reader) => {
    const credentials = reader === 'root' ? undefined : await story.credentialsOf(PRINCIPALS[reader]);
    const place = story.clientOptions(credentials);
    return {
      athena: story.kept(new AthenaClient(place)),
      glue: story.kept(new GlueClient(place)),
      s3: story.s3By(credentials),
    };
  };
  const statsigMetadata = { sdkType: 'js-client', sdkVersion: '3.33.5' };
  for (const events of [[...exposures, ...productEvents], resent, refused]) {
    const status = await story.post({ body: JSON.stringify({ events, statsigMetadata }) });
    if (status !== 202) throw new Error(`The collector answered ${status}.`);
  }
  await story.cloud.flush();
  await addForeignTable((await clientsOf('root')).glue);
  return {
    edge: story.cloud.edge,
    config: story.cloud.config,
    credentialsOf: (principal) => story.credentialsOf(principal),
    clientsOf,
    close: () => story.close(),
  };
}

/** Makes the table that no reader of ours may read. */
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
