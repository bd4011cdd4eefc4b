import { realClock } from '../base/clock.ts';
import { startEdge } from '../edge/startEdge.ts';
import { Catalog, glueService } from '../glue/index.ts';
import type { AccessKeys } from '../iam/AccessKeys.ts';
import { createCallerLookup } from '../iam/Caller.ts';
import { identityPolicyGuard } from '../iam/decide.ts';
import { iamService } from '../iam/index.ts';
import { Roles } from '../iam/Roles.ts';
import { kmsService } from '../kms/index.ts';
import { Keys } from '../kms/Keys.ts';
import { keyAccess } from '../kms/keyAccess.ts';
import { s3Service } from '../s3/index.ts';
import { ObjectStore } from '../s3/model/ObjectStore.ts';
import { openCallPermissions } from '../server/callPermissions.ts';
import { stsService } from '../sts/index.ts';
import type { ClientOptions } from './startServices.ts';
import { temporaryDirectory } from './temporaryDirectory.ts';

/** The account and the region of the deployment. */
const place = { partition: 'aws', region: 'us-east-1', account: '000000000000' };

/** The services in which several accounts meet, and Glue, which is the deployment's alone. */
export interface Accounts {
  /** The buckets of all accounts. */
  readonly store: ObjectStore;
  /** The keys of KMS of all accounts. */
  readonly keys: Keys;
  /** The roles and users of all accounts. */
  readonly roles: Roles;
  /** The access keys of all accounts. */
  readonly principals: AccessKeys;
  /** Glue of the deployment's account. */
  readonly catalog: Catalog;
  /** Options of clients that sign as the root of the deployment's account. */
  readonly options: ClientOptions;
  /** The directory in which everything is kept. */
  readonly directory: string;
  /** Lets `close` close a client, and returns it. */
  kept<Client extends { destroy(): void }>(client: Client): Client;
  /** Stops the services and removes what they have stored. */
  close(): Promise<void>;
}

/** Starts the services in which several accounts meet. */
export async function startAccounts(): Promise<Accounts> {
  const { account } = place;
  const directory = temporaryDirectory();
  const store = ObjectStore.open({ directory: `${directory.path}/s3`, clock: realClock });
  const catalog = Catalog.open({ directory: `${directory.path}/glue`, clock: realClock });
  const keys = new Keys({ clock: realClock, ...place, directory: `${directory.path}/kms` });
  const roles = new Roles(`${directory.path}/iam`);
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const permissions = openCallPermissions({
    place,
    root: credentials,
    keySeed: 'test',
    secrets: { all: () => [] },
    queueKey: () => undefined,
  });
  const { principals } = permissions;
  const callerOf = createCallerLookup({ arnOf: (id) => principals.arnOf(id), roles, account });
  const sessionOf = principals.sessionOf.bind(principals);
  const sessions = { roles, clock: realClock, issue: principals.issueSession.bind(principals), sessionOf };
  const edge = await startEdge({
    services: [
      s3Service({
        store,
        callerOf,
        keyAccess: keyAccess(keys),
        hasIdentity: (arn) => roles.has(arn),
      }),
      kmsService({ keys, account, callerOf }),
      stsService({ account, callerOf, sessions }),
      iamService({ roles, callerOf, clock: realClock }),
      glueService({ catalog, clock: realClock, account }),
    ],
    clock: realClock,
    credentials: principals.secrets,
    sessionOf,
    admit: identityPolicyGuard({ callerOf, needsOf: permissions.needsOf, account }),
  });
  const clients: { destroy(): void }[] = [];
  return {
    store,
    keys,
    roles,
    principals,
    catalog,
    options: { endpoint: edge.url, region: place.region, credentials, maxAttempts: 1 },
    directory: directory.path,
    kept(client) {
      clients.push(client);
      return client;
    },
    async close() {
      for (const client of clients) client.destroy();
      await edge.close();
      store.close();
      directory.remove();
    },
  };
}
