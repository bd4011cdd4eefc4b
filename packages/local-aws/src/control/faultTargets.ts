import type { Athena } from '../athena/openAthena.ts';
import type { Catalog } from '../glue/model/Catalog.ts';
import type { Secrets } from '../secretsmanager/model/Secrets.ts';
import type { Queues } from '../sqs/Queues.ts';
import type { Deployment } from '../template/Deployment.ts';

/** What faults can be narrowed down to, under the member of the fault: the names of what there is now. */
export type FaultTargets = Readonly<
  Record<'stream' | 'table' | 'queue' | 'secret' | 'workgroup', () => readonly string[]>
>;

/**
 * The names of a running cloud: the deployment's, and of tables, queues, secrets and workgroups also those that somebody else
 * has made since. A secret is asked for by its name or its ARN.
 */
export function faultTargets(
  { deliveryStreams }: Pick<Deployment, 'deliveryStreams'>,
  {
    catalog,
    queues,
    secrets,
    athena,
  }: {
    readonly catalog: Catalog;
    readonly queues: Queues;
    readonly secrets: Secrets;
    readonly athena: Pick<Athena, 'workGroups'>;
  },
): FaultTargets {
  return {
    stream: () => deliveryStreams.map(({ name }) => name),
    table: () =>
      catalog
        .databases()
        .flatMap((database) => catalog.tables(database.input.Name).map(({ input }) => input.Name)),
    queue: () => queues.all().map(({ name }) => name),
    workgroup: () => athena.workGroups(),
    secret: () => secrets.all().flatMap(({ name, arn }) => [name, arn]),
  };
}
