import type { Athena } from '../athena/index.ts';
import type { EventBus } from '../events/index.ts';
import type { Catalog } from '../glue/index.ts';
import type { Keys } from '../kms/Keys.ts';
import type { Secrets } from '../secretsmanager/Secrets.ts';
import type { Queues } from '../sqs/Queues.ts';
import type { Deployment } from '../template/Deployment.ts';

/** The members of a fault that name the resource it is limited to. */
export const TARGET_MEMBERS = [
  'stream',
  'table',
  'queue',
  'workgroup',
  'secret',
  'function',
  'rule',
  'keyId',
] as const;

/** Such a member of a fault. */
export type TargetMember = (typeof TARGET_MEMBERS)[number];

/** Names of existing resources that a fault can be limited to, by the fault's member. */
export type FaultTargets = Readonly<Record<TargetMember, () => readonly string[]>>;

/**
 * The names of a running cloud: the deployment's, and of tables, queues, secrets and workgroups also those
 * made since by calls. A secret is named by its name or its ARN.
 */
export function faultTargets(
  { deliveryStreams }: Pick<Deployment, 'deliveryStreams'>,
  {
    catalog,
    queues,
    secrets,
    athena,
    bus,
    keys,
    functions,
  }: {
    /** Has the names of tables. */
    readonly catalog: Catalog;
    /** Has the names of queues. */
    readonly queues: Queues;
    /** Has the names of secrets. */
    readonly secrets: Secrets;
    /** Has the names of workgroups. */
    readonly athena: Pick<Athena, 'workGroups'>;
    /** Has the names of rules. */
    readonly bus: Pick<EventBus, 'rules'>;
    /** Has the names of keys. */
    readonly keys: Pick<Keys, 'names'>;
    /** Has the names of functions. */
    readonly functions: { readonly names: () => readonly string[] };
  },
): FaultTargets {
  return {
    stream: () => deliveryStreams,
    table: () =>
      catalog
        .databases()
        .flatMap((database) => catalog.tables(database.input.Name).map(({ input }) => input.Name)),
    queue: () => queues.all().map(({ name }) => name),
    workgroup: () => athena.workGroups(),
    function: () => functions.names(),
    rule: () => bus.rules(),
    keyId: () => keys.names(),
    secret: () => secrets.all().flatMap(({ name, arn }) => [name, arn]),
  };
}
