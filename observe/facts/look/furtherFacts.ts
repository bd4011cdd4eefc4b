import { s3ObjectStore } from '../../../lib/aws/s3ObjectStore.ts';
import { DAY_MS } from '../../../lib/base/time.ts';
import { isCuredByRedrive } from '../../../lib/landing/quarantineReasons.ts';
import { hasGateway } from '../../../lib/schema/endpoint.ts';
import { type AllowedOrigins, readAllowedOrigins } from '../allowedOrigins.ts';
import { readArchivedDays } from '../days/files/archivedDays.ts';
import { readDamagedEntries } from '../days/files/damagedFiles.ts';
import { restorableDays } from '../days/files/restorableDays.ts';
import { readDeniedCalls } from '../deniedCalls.ts';
import { readEncryptionDemands } from '../encryptionDemands.ts';
import type { Change } from '../flow/changes.ts';
import { readFirstKeyFailure } from '../flow/failures/lastFailure.ts';
import { readOverflowError, readUnkeptError } from '../flow/logged/collectorErrors.ts';
import { type MainSender, readMainSender } from '../flow/logged/mainSender.ts';
import { readRelayAnswer } from '../flow/relayAnswer.ts';
import { areCopiesLate } from '../flow/relayCopies.ts';
import { readFormerKeys } from '../formerKeys.ts';
import { failedByKey, readFailures } from '../functions/waitingFailures.ts';
import { undeliveredHours } from '../receivedHours.ts';
import type { StatusFacts } from '../statusFacts.ts';
import { isOfBrowsers } from '../tables/contentChanges.ts';
import { lastRedrive } from '../tables/lastRedrive.ts';
import { type Look, streamOf } from './beginLook.ts';
import { isKeyOff } from './bucketKey.ts';

/** How far back the first failure of a key is looked for, milliseconds. */
const KEY_FAILED_MS = 14 * DAY_MS;

/** Facts that tell why something is as it is: what is asked depends on what others say. */
type FurtherFact =
  | 'redrivenAt'
  | 'formerKeys'
  | 'failures'
  | 'keyFailedSince'
  | 'deniedCalls'
  | 'spikeFrom'
  | 'ignoredFrom'
  | 'overflowError'
  | 'relayAnswer'
  | 'unkeptError'
  | 'restorable'
  | 'undeliveredHours'
  | 'archivedDays'
  | 'allowedOrigins'
  | 'encryptionDemands'
  | 'damagedEntries';

/** What a look has read before. */
export type FirstFacts = Omit<StatusFacts, FurtherFact | 'unknown'>;

/**
 * Reads why something is as it is, one after the other: an account may call FilterLogEvents few times a second.
 *
 * @param delivered When the newest file of a table was stored, epoch milliseconds; null if none was, or if that could not be read.
 * @throws What AWS's clients throw when AWS cannot be reached.
 */
export async function readFurtherFacts(
  look: Look,
  facts: FirstFacts,
  delivered: number | null,
): Promise<Pick<StatusFacts, FurtherFact>> {
  const { deployment, damagedKeys, ask } = look;
  const redrivenAt = await readRedriven(look, facts);
  const formerKeys = await ask('the earlier lists of keys', (open) => readFormerKeys(open, facts));
  const failed = await readFailed(look, facts, delivered);
  const logged = await readLogged(look, facts);
  const restorable = await ask('the versions of lost files', () => restorableDays(deployment, facts));
  const undelivered = await ask('what the stream delivered', () =>
    undeliveredHours(deployment, facts.receivedHours ?? [], () => streamOf(look)),
  );
  const archivedDays = await ask('archived files', () => readArchivedDays(deployment, facts));
  const allowedOrigins = await readOrigins(look, facts);
  const exportRole = (await look.outputs.catch(() => undefined))?.get('ExportRoleArn');
  const encryptionDemands = await ask('policies of targets', () =>
    readEncryptionDemands(deployment, facts.exports ?? [], exportRole),
  );
  const damagedEntries = await ask('damaged entries', () => readDamagedEntries(deployment, damagedKeys));
  return {
    redrivenAt,
    formerKeys,
    ...failed,
    ...logged,
    restorable,
    undeliveredHours: undelivered,
    archivedDays,
    allowedOrigins,
    encryptionDemands,
    damagedEntries,
  };
}

/** When a redrive delivered rows of quarantine last; asked only if there are rows that one can deliver. */
async function readRedriven(
  { deployment, ask }: Pick<Look, 'deployment' | 'ask'>,
  { quarantine }: Pick<FirstFacts, 'quarantine'>,
): Promise<string | null> {
  const canRedrive = quarantine?.some(({ reason }) => isCuredByRedrive(reason)) === true;
  if (!canRedrive) return null;
  const { s3, config, now } = deployment;
  return ask('what was redriven', () => lastRedrive(s3ObjectStore(s3, config.bucket), now));
}

/** With what functions fail, since when because of the key, and which calls AWS denies. */
async function readFailed(
  { deployment, deployed, ask, askLog }: Look,
  facts: FirstFacts,
  delivered: number | null,
): Promise<Pick<StatusFacts, 'failures' | 'keyFailedSince' | 'deniedCalls'>> {
  const { config, now } = deployment;
  const { deadLetters, functionErrors, stackState, undeployed } = facts;
  const failures = await readFailures(deployment, { ...facts, isKeyOff: isKeyOff(facts.key) }, askLog);
  const keyLogs = failedByKey(config, { failures, deadLetters });
  const keyFailedSince =
    keyLogs.length === 0
      ? null
      : await ask('the failures of the key', () =>
          readFirstKeyFailure(deployment, keyLogs, Math.max(delivered ?? 0, now - KEY_FAILED_MS)),
        );
  // Denials are told of the deployed configuration alone: what an undeployed one needs the roles do not have.
  const deniedCalls =
    stackState !== null && undeployed === null
      ? await ask('denied calls', async () =>
          readDeniedCalls(deployment, { stack: await deployed, failures, functionErrors }),
        )
      : null;
  return { failures, keyFailedSince, deniedCalls };
}

/** What the logs tell of senders, and of what the collector and the relay could not hand on. */
async function readLogged(
  { deployment, askLog }: Look,
  { lastDay, relay, unkept }: FirstFacts,
): Promise<Pick<StatusFacts, 'spikeFrom' | 'ignoredFrom' | 'overflowError' | 'relayAnswer' | 'unkeptError'>> {
  const changeOf = (...wanted: readonly Change['what'][]) =>
    lastDay?.changes.find(({ what }) => wanted.includes(what));
  const senderOf = (change: Change | undefined): Promise<MainSender | null> =>
    askLog('collect', () => readMainSender(deployment, change));
  const spikeFrom = await senderOf(changeOf('requests', 'events'));
  const ignoredFrom = await senderOf(changeOf('ignored'));
  const overflowAt = changeOf('overflowed')?.last ?? null;
  const overflowError =
    overflowAt === null ? null : await askLog('collect', () => readOverflowError(deployment, overflowAt));
  const isRelayLate = relay !== null && areCopiesLate(relay, deployment.now);
  const relayAnswer = isRelayLate ? await askLog('relay', readRelayAnswer) : null;
  const unkeptError =
    unkept === null ? null : await askLog('collect', () => readUnkeptError(deployment, unkept));
  return { spikeFrom, ignoredFrom, overflowError, relayAnswer, unkeptError };
}

/** The origins to whose pages the gateway is limited; asked while an SDK of browsers sends less. */
async function readOrigins(
  { deployment, outputs, ask }: Look,
  { contentChanges }: Pick<FirstFacts, 'contentChanges'>,
): Promise<AllowedOrigins | null> {
  const { config, isLocal } = deployment;
  const hasLimits = !isLocal && hasGateway(config.endpoint) && (contentChanges ?? []).some(isOfBrowsers);
  return hasLimits
    ? ask('the origins of the gateway', async (open) => readAllowedOrigins(open, await outputs))
    : null;
}
