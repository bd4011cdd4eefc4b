import { sdkLabel } from '../../../../lib/wire/sdkRequest.ts';
import type { AnsweredGroup } from '../../../facts/flow/logged/loggedAnswers.ts';
import type { SentGroup } from '../../../facts/flow/logged/loggedRequests.ts';
import type { StatusFacts } from '../../../facts/statusFacts.ts';

/**
 * Names the key of a sender by its label, where the log has the first digits of its SHA-256 as it was not accepted.
 *
 * @param labelOf The labels by SHA-256; undefined if they are not known.
 */
export function labelledBy(
  labelOf: Readonly<Record<string, string>> | undefined,
): <Sender extends SentGroup>(sender: Sender) => Sender {
  const labels = Object.entries(labelOf ?? {});
  return (sender) => {
    const known = labels.find(([sha256]) => sender.key !== null && sha256.startsWith(sender.key));
    return known === undefined ? sender : { ...sender, key: known[1] };
  };
}

/** The SDK of requests as the log has it that is not on Statsig's list: any name would be a name of its own in metrics. */
const OTHER_SDK = 'other';

/** A sender of refused requests with the label that its key has, or had, and with the SDK that quarantine knows. */
export function namedSender(
  group: AnsweredGroup,
  { keys, formerKeys, quarantine }: Pick<StatusFacts, 'keys' | 'formerKeys' | 'quarantine'>,
): AnsweredGroup {
  const former = Object.fromEntries(formerKeys?.map(({ sha256, label }) => [sha256, label] as const) ?? []);
  return namedByQuarantine(labelledBy({ ...former, ...keys?.labels })(group), quarantine);
}

/** Names the SDK of a sender as quarantine has it, where the log has {@link OTHER_SDK}: by the reason, the key and the version. */
function namedByQuarantine(sender: AnsweredGroup, quarantine: StatusFacts['quarantine']): AnsweredGroup {
  if (sender.sdk?.split(' ', 1)[0] !== OTHER_SDK) return sender;
  const { senders = [] } = quarantine?.find(({ reason }) => reason === sender.code) ?? {};
  const [known, ...more] = senders.filter(
    ({ sdk, key }) => key === sender.key && sdk !== null && loggedSdk(sdk) === sender.sdk,
  );
  return known === undefined || more.length > 0 ? sender : { ...sender, sdk: known.sdk };
}

/** An SDK of quarantine as the log has it: a version that is no release number is not in the log. */
function loggedSdk(sdk: string): string {
  const end = sdk.lastIndexOf(' ');
  return end < 0 ? sdkLabel(sdk, null) : sdkLabel(sdk.slice(0, end), sdk.slice(end + 1));
}
