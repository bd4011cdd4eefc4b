import { SQSClient } from '@aws-sdk/client-sqs';
import { tablesOfReaders } from '../../lib/erase/erasePlaces.ts';
import { exportFolder } from '../../lib/tables/exportKeys.ts';
import { MADE_TABLES_FOLDER } from '../../lib/tables/objectKeys.ts';
import type { Place } from '../place.ts';
import { readQueue } from '../relay/relayCopies.ts';

/** Something that may hold rows of a unit, out of reach of the command. */
export interface ElsewhereHeld {
  readonly what: string;
  /** A bucket and prefix, or an address. */
  readonly where: string;
  /** What somebody has to do there. */
  readonly todo: string;
}

/**
 * What of a configuration may hold rows of a unit, and is not the deployment's own bucket, or cannot be searched.
 *
 * @throws What the client of SQS throws.
 */
export async function heldElsewhere(
  place: Pick<Place, 'config' | 'stack' | 'aws'>,
): Promise<readonly ElsewhereHeld[]> {
  const { config } = place;
  return [
    {
      what: 'Statsig',
      where: 'https://api.statsig.com',
      todo: 'What SDKs send to Statsig, and what Statsig imported from these tables, is there. Ask for its deletion: POST /v1/delete_user_data, for units of type user_id (https://docs.statsig.com/compliance/user_data_deletion_requests).',
    },
    ...config.exports.map((one) => ({
      what: `export ${one.name}`,
      where: `s3://${one.target.bucket}/${exportFolder(one)}`,
      todo: 'The next run of the export replaces the files of changed days. Its owner deletes old versions, and copies made from it.',
    })),
    ...config.sources.map((one) => ({
      what: `source ${one.name}`,
      where: `s3://${one.bucket}/`,
      todo: 'The customer deletes the rows in their bucket. A day that they change, or that is loaded again, brings back what they left.',
    })),
    ...(await relayHolds(place)),
    ...config.readers.flatMap((reader) =>
      reader.kind === 'owox'
        ? [
            {
              what: `results of ${reader.name}`,
              where: `s3://${reader.resultsBucket}/`,
              todo: 'Results of queries expire there by the lifecycle of that bucket. What the reader has stored elsewhere is theirs to delete.',
            },
          ]
        : [],
    ),
    ...tablesOfReaders(config).map((folder) => ({
      what: 'tables that a reader made',
      where: `s3://${config.bucket}/${folder}${MADE_TABLES_FOLDER}`,
      todo: 'The reader knows what they mean: make them again from the tables, or drop them.',
    })),
  ];
}

async function relayHolds({
  config,
  stack,
  aws,
}: Pick<Place, 'config' | 'stack' | 'aws'>): Promise<readonly ElsewhereHeld[]> {
  if (config.relay === undefined) return [];
  const sqs = new SQSClient(aws);
  try {
    const counts = await Promise.all(
      (['relay', 'relay-dead-letters'] as const).map((part) => readQueue({ stack, sqs }, part)),
    );
    const queued = counts.reduce((sum, { messages }) => sum + messages, 0);
    return [
      {
        what: 'relay: copies in the queue',
        where: `about ${queued} messages`,
        todo: 'A queue cannot be searched. Most copies are delivered within seconds, and none stays for more than eleven days.',
      },
      {
        what: 'relay: its target',
        where: 'url' in config.relay ? config.relay.url : 'Statsig',
        todo: 'What was delivered is there: delete the user there, too.',
      },
    ];
  } catch (error) {
    // Configured and not deployed yet.
    if (error instanceof Error && error.name === 'QueueDoesNotExist') return [];
    throw error;
  } finally {
    sqs.destroy();
  }
}
