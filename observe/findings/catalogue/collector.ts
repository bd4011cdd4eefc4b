import { MOST_CONTENT_BYTES } from '../../facts/tables/contentChanges.ts';
import { entriesOf } from './entry.ts';
import { failureCases, WHO, WHY_UNREAD } from './wording.ts';

const { problem, warning } = entriesOf('collector');

/** What becomes of copies that wait. */
const KEPT = 'They are tried again, and put aside after six days and a half.';
/** What becomes of copies that were put aside. */
const DELETED = 'They are deleted seven days after they were put aside.';
/** Ends the cure of copies that were put aside. */
const SENT_AGAIN = 'Then the second command says what would be sent again, and the third sends it.';

/** What becomes of requests whose copies were not kept. */
const UNKEPT =
  'Their events are stored, and the target never gets these requests. With `relay.required` they were answered 503 instead, and most SDKs send them again.';
/** What becomes of requests that were answered 503. */
const LOST = 'Most SDKs repeat them for minutes; what is not repeated is lost.';
/** What becomes of keys that cannot be read. */
const GO_ON = 'Collectors that have read it go on with those keys; new ones answer 503.';

/** Ends what ends findings on what differs from days before. */
const LIKE_IT = 'after the days that the detail names: those that it is compared with are like it then.';
/** What ends findings on what differs from days before, which become like it. */
const ending = `It goes once all has been as before for a day, or ${LIKE_IT}`;
/** What ends findings on numbers of which the last hours are compared with days before. */
const GOES_SOON = `It goes some hours after they are as before, or ${LIKE_IT}`;
const METADATA_READ = `Metadata are compared while status reads at most ${MOST_CONTENT_BYTES / 1e9} GB of the rest of events.`;
const OF_METADATA = `${GOES_SOON} ${METADATA_READ}`;
/** Events from before the time window whose sender states no clock. */
const TOO_MANY_LATE = 'The sender states no clock, and these are too many for phones that were offline.';
const OF_RECEIPT = 'The rows keep the time that was sent, and lie in the day of their receipt.';
const SENT_ON_PURPOSE =
  'If old events are sent on purpose, raise `timeWindow.pastDays` first and deploy, so that later ones lie in the day of their time.';
/** Why units or shares of groups are others at once, and what tells. */
const REALLOCATED =
  'Either it was changed in Statsig, and then `config_version` is another since; or a release of the app evaluates it otherwise, and then only the SDK version is.';
/** Ends the cure of groups that are not as before. */
const ASK_MEANT =
  'The command shows both, with the first and the last exposure to each group. Ask whoever changed that whether it is meant';
/** Ends the cause of less than usual. */
const STILL_SENT = 'Others of the same table came, so that requests arrive.';

/** Stops one event of an app, or its exposures to one experiment: each has a list of its own. */
const denying = (what: string) =>
  `Until the app is corrected, ${what}, with a deployment: what is left out, also of other versions, is in no table and is lost.`;
const DENY_EVENT = '`events.deny` of the configuration leaves out one event';
const DENY_EXPOSURES =
  '`exposures.deny` of the configuration leaves out all exposures to one experiment, gate or layer';
const DENY_EITHER = `${DENY_EVENT}, and ${DENY_EXPOSURES}`;
/** Begins the cure of what came more often. */
const MORE_SHOWN =
  'The command shows the days by SDK, version of the app and name, the most rows first: a version that has more came with a release, whose owner corrects it.';
const IF_MEANT = 'If it is meant, nothing is to be done. Rows stay as they are.';
/** Why a key that was accepted is refused. */
const REMOVED_KEY =
  'Somebody took the key out of the secret at the time that the detail names: by hand, or with `npx sluice keys remove`. SDKs do not send these requests again.';
/** Who did it. */
const SECRET_CHANGES = `${WHO} PutSecretValue, UpdateSecretVersionStage.`;
/** Has a key accepted that was in the list. */
const PUT_BACK =
  'The first command shows the list. Each command with `--sha256` puts a key back as it was, and collectors accept it within half a minute. If it was taken out on purpose, as a key that leaked is, do not put it back: give the app its new key.';
/** Has the key of an app accepted again. */
const ADD_KEY =
  'Put the key of your app into SDK_KEY: `printf %s "$SDK_KEY" | sha256sum` begins with the digits of the title if it is this key. Then the second command adds it, with a label of this app alone in place of LABEL; the first lists those that are there. If it is no key of yours, nothing is lost.';

/** Findings about requests, keys and what is stored of them. */
export const collectorFindings = {
  SLUICE_FINDING_RELAY_LATE: warning(
    'Copies of requests have waited for more than an hour to be relayed; after six days and a half they are put aside.',
    {
      answered: [
        `The target is reached, and does not take them: it answers as the title says. ${KEPT}`,
        'Have whoever runs the target correct that.',
      ],
      page: [
        `A web page answers in place of the target, as of maintenance or of a login: it takes no events, whatever its status. ${KEPT}`,
        'Have whoever runs the target, or the proxy or CDN before it, see that requests get to it: a target that takes events has to answer without a page. If this is no outage, correct `relay.url` and deploy.',
      ],
      moved: [
        `The target answers with the redirect of the title. It is not followed, as it may lead to the page of an outage. ${KEPT}`,
        'The first command prints where it leads as `location`. If the target has moved there, set `relay.url` to that and deploy; a page of an outage goes with the outage.',
      ],
      again: [
        'The target takes copies again: no run of the last ten minutes failed. Each that waits is tried within an hour, or once the `Retry-After` of the target is over, after 12 hours at most.',
        'Nothing is to be done. The command shows what it failed with.',
        '',
      ],
      expired: [
        `The certificate of the target is not valid at this time: most often it has expired. ${KEPT}`,
        'Have whoever runs the target renew its certificate.',
      ],
      chain: [
        `The target sends its own certificate without those between it and a public CA, or its CA is none that Node trusts. ${KEPT}`,
        'Have whoever runs the target install the whole chain of its certificate (`fullchain.pem`), of a public CA.',
      ],
      selfSigned: [
        `The certificate of the target is signed by itself, or by a CA of its owner. ${KEPT}`,
        'Have whoever runs the target install a certificate of a public CA.',
      ],
      otherName: [
        `The certificate of the target is for other names than the host in \`relay.url\`. ${KEPT}`,
        'Set `relay.url` to a name of the certificate and deploy, or have whoever runs the target add the name to it.',
      ],
      unnamed: [
        `DNS has no address for the host in \`relay.url\`. ${KEPT}`,
        'Correct the host in `relay.url` and deploy, or have whoever owns the name set its record again.',
      ],
      noResolver: [
        `DNS did not answer the function \`relay\`. ${KEPT}`,
        'Wait for an hour: this passes. If it stays, have whoever owns the name look at its name servers.',
      ],
      silent: [
        `The target does not answer in time, or its network drops the call. ${KEPT}`,
        'Have whoever runs the target look at its load, and let calls from any address of AWS through its firewall.',
      ],
      unanswered: [
        `No answer comes from the target: the call fails with the error of the title. ${KEPT}`,
        'Have whoever runs the target look why it ends the connection: the title has its host.',
      ],
      unheard: [
        `Nothing listens at the address and port of \`relay.url\`, or a firewall refuses the connection. ${KEPT}`,
        'Compare `relay.url` with the address that the target has: correct it and deploy, or have whoever runs the target start it there.',
      ],
      noTls: [
        `What listens at \`relay.url\` does not speak TLS with the function: most often it is plain HTTP behind \`https:\`. ${KEPT}`,
        'Correct the scheme or the port in `relay.url` and deploy; or have whoever runs the target serve TLS 1.2 or later there.',
      ],
      denied: [
        `AWS denies the role of the function \`relay\` a copy in the bucket, or its key: the target was not asked, or what it answered could not be kept, so that it gets a copy again. ${KEPT} ${WHO} PutRolePolicy, PutBucketPolicy, PutKeyPolicy.`,
        'The first command names what was changed of the role, the bucket or its key: set it back.',
      ],
      bucketFails: [
        `A call to the bucket fails with the error of the title: the target was not asked, or what it answered could not be kept, so that it gets a copy again. ${KEPT}`,
        'The command shows the log of that time. `SlowDown`, `InternalError` and `ServiceUnavailable` end by themselves; correct what another error names.',
      ],
      failing: [
        `The function \`relay\` fails: \`SLUICE_FINDING_FUNCTION_FAILED\` or \`SLUICE_FINDING_DEAD_LETTERS\` says with what. ${KEPT}`,
        'Do what that finding says.',
      ],
      slow: [
        `The target takes what it is sent: there are more copies than the function delivers. ${KEPT}`,
        'Raise `relay.concurrency` (docs/limits.md, "Ten times, a hundred times the traffic"), and deploy.',
        '',
      ],
      unread: [`${WHY_UNREAD[0]} ${KEPT}`, WHY_UNREAD[1], ''],
    },
    {
      section: 'relay',
      alarms: ['relay-age', 'relay-queue-age'],
      ending: 'Once that is done, copies are delivered within the hour.',
    },
  ),
  SLUICE_FINDING_RELAY_NOT_KEPT: problem(
    'The collector could not keep copies of requests for relay within 24 hours. The target never gets these requests.',
    {
      denied: [
        `A policy denies the role of the collector the call that keeps a copy, as the detail says. ${UNKEPT} ${WHO} PutRolePolicy, SetQueueAttributes, PutKeyPolicy.`,
        'The first command names what was changed of the role, the queue or its key: set it back, and later copies are kept at once.',
      ],
      missing: [
        `What keeps copies does not exist: the queue of relay, the bucket or their key. ${UNKEPT}`,
        'The first command names what is gone, and has the commands that make it again.',
      ],
      passes: [
        `SQS or S3 failed itself, or took no more calls, as the detail says. ${UNKEPT}`,
        'Wait for an hour: this passes. If others come after it, look at https://health.aws.amazon.com/health/status.',
      ],
      error: [
        `The call that keeps a copy failed with the error of the detail. ${UNKEPT}`,
        'Correct what it names; a timeout passes. The command shows the log.',
      ],
      unread: [
        `The log that says why has no line of them, or could not be read: then \`SLUICE_FINDING_UNREADABLE\` names it. ${UNKEPT}`,
        `Run the command: it shows \`relay_error\`, once the log can be read.`,
      ],
    },
    { section: 'relay', alarms: ['relay-not-kept'], ofDay: 'counted' },
  ),
  SLUICE_FINDING_NOT_STORED: problem(
    'Requests were answered 503 within 24 hours. Most SDKs repeat them for minutes.',
    {
      over: [
        'It is over: later requests of the same senders were stored. Most SDKs have repeated the others by then.',
        'Nothing is to be done. The command shows what AWS answered.',
      ],
      keysOver: [
        'It is over: collectors read the keys again, and requests were stored since. A key that is in no list is refused now: `SLUICE_FINDING_REFUSED`.',
        'Nothing is to be done. The command shows why the keys could not be read.',
      ],
      quiet: [
        'None failed within the last hour, and the log has no later request of these senders that was stored: it has a part of them.',
        'The command shows what AWS answered. If one of these senders still sends, `npx sluice tail` shows whether it is stored.',
      ],
      mangled: [
        'The bodies are compressed and no header says so: the gateway or the Function URL passes them on as text, which destroys them. An SDK sends such a body again as it was, and loses its events: each try is answered 503.',
        'Have the sender send the header `content-encoding: gzip` with such a body; the detail has what SDKs and senders without headers do. `npx sluice tail` shows whether its requests are stored then. The command shows those that were not.',
      ],
      stores: [
        `Neither Firehose nor the bucket took them. ${LOST}`,
        'The command shows what AWS answered, as `object_error` and `not_streamed`. After a denial correct the role, the bucket or its key: `npx sluice doctor` names it. A throttling or a timeout passes.',
      ],
      keys: [
        `Collectors cannot read the keys' secret. ${LOST}`,
        'Do what `SLUICE_FINDING_KEYS_UNREADABLE` says, which has the commands. The command here shows what Secrets Manager answered.',
      ],
      keyEntries: [
        `The keys' secret has entries that no collector can read, and these requests have other keys than those that can be read. ${LOST}`,
        'Do what `SLUICE_FINDING_KEYS_UNREADABLE` says, which has the commands. The command here shows the log.',
      ],
      keysUnknown: [
        `Collectors could not read the keys' secret then, and nothing is known to be wrong with it now. ${LOST}`,
        'Wait for ten minutes: collectors read it again. If others come after that, `npx sluice doctor --drift` names what was changed. The command shows what Secrets Manager answered.',
      ],
      other: [
        'The collector failed with these requests, as the detail says.',
        'Do what the detail says of the code. The command shows the log.',
      ],
    },
    { section: 'failed', alarms: ['api-5xx', 'url-5xx', 'mangled'], ofDay: 'counted' },
  ),
  SLUICE_FINDING_UNREACHED: problem(
    'Within 24 hours the gateway or the Function URL itself answered many requests.',
    {
      unlogged: [
        'The gateway answered 4xx by itself, and SDKs drop these events. AWS counts no statuses, and no line of an access log has them.',
        'Set `endpoint.accessLogDays` and deploy, unless it is set: from then on this finding says which status it is, and what ends it. Of 413 and 429 AWS may leave lines out. The first command names what was changed of the stack (403, 404), the second a limit of the account (429). If neither names any, have apps send batches below 3 MB (413): docs/limits.md, "Requests".',
      ],
      ofUrl: [
        'The Function URL answered 4xx by itself, and SDKs drop these events. AWS counts no statuses, and a Function URL has no log of requests: it answers 403 where its permission was changed, and 413 to requests that are larger than Lambda takes.',
        'Run the command: it names what was changed of the stack, and has the commands that set it back. If nothing was, have apps send batches below 3 MB: docs/limits.md, "Requests".',
      ],
      unnamed: [
        'The gateway answered with the status of the title by itself, and SDKs drop these events.',
        'The command shows lines of the access log: correct what `error` says at who sends from the address in `ip`.',
      ],
      tooMany: [
        'The gateway answers 429, and most SDKs drop these events: the requests of all APIs of the account in this region are above its quota, or those of this stage above its own limit.',
        'Ask AWS for a higher quota "Throttle rate" of API Gateway in Service Quotas, as its other APIs use it, too. Where `endpoint.requestsPerSecond` is set, raise that first, and deploy. The first command names a limit of the account below that of the stage; the second shows who was answered so, in `ip`.',
      ],
      tooLarge: [
        'The gateway answers 413, as the requests are larger than Lambda takes: 4.5 MB compressed, 6 MB plain. SDKs drop these events.',
        'Have the app send batches below 3 MB: docs/limits.md, "Requests". The command shows when such requests came, and from which `ip`.',
      ],
      forbidden: [
        `An authorizer, a policy or a WAF in front of the gateway refuses them, and SDKs drop these events. ${WHO} UpdateRoute, CreateAuthorizer, AssociateWebACL.`,
        'Run the first command: it names what was changed of the stack, and has the commands that set it back. A WAF is not of the stack: take the rule out that blocks them. The second shows whom it refuses, in `ip`.',
      ],
      closed: [
        `SDKs drop these events: somebody changed a route, the authorizer, the policy or the WAF of the gateway or the Function URL. Its routes take every path. ${WHO} UpdateRoute, DeleteRoute, CreateAuthorizer, AssociateWebACL, UpdateFunctionUrlConfig.`,
        'Run the first command: it names what was changed of the stack, and has the commands that set it back. A WAF is not of the stack: look at its rules next. If neither was changed, a program uses a method that no SDK does: the access log has its `ip`.',
      ],
      ...failureCases('Most SDKs send again.', 'The last command shows the log.'),
      throttledUrl: failureCases('The Function URL then answers 429, and SDKs drop these events.', '')
        .throttled,
      unknown: [
        'The log of the collector has no error: the endpoint could not invoke it, as its permission, its role or the function was changed. Most SDKs send again.',
        'The first command names what was changed, and has the commands that set it back. The second shows the log.',
      ],
    },
    {
      section: 'failed',
      alarms: ['stage-limit', 'concurrency', 'request-rate', 'collect-throttled', 'collect-errors'],
      ofDay: 'counted',
    },
  ),
  SLUICE_FINDING_REFUSED: problem(
    'Requests were refused with 4xx within 24 hours. SDKs do not send them again.',
    {
      emptied: [
        'The list has no key that may send, so that every key is refused. SDKs do not send these requests again.',
        'Run the first command. If it names keys of an earlier version, the second brings them back, also a leaked one. If it names none, put the key of your app into SDK_KEY: the third adds it, with a label of this app alone in place of LABEL.',
      ],
      unknownKey: [
        'The key is in no list. SDKs do not send these requests again. The log has the first digits of its SHA-256 only.',
        ADD_KEY,
      ],
      earlierUnread: [
        'The key is in no list now. Whether an earlier list had it is not known, as none could be read: `SLUICE_FINDING_UNREADABLE` says why. SDKs do not send these requests again.',
        `${ADD_KEY} If you do what \`SLUICE_FINDING_UNREADABLE\` says, ask again, and an earlier list had the key, this finding has the command that puts it back.`,
      ],
      removedKey: [`${REMOVED_KEY} ${SECRET_CHANGES}`, PUT_BACK],
      someRemoved: [
        `${REMOVED_KEY} ${SECRET_CHANGES} The other keys are in no list.`,
        `${PUT_BACK} Of another key put the text into SDK_KEY: if \`printf %s "$SDK_KEY" | sha256sum\` begins with its digits, the command with LABEL adds it, with a label of this app alone in place of LABEL.`,
      ],
      keysUnread: [
        'The collector knew no such key. Whether a list has it now is not known, as the keys could not be read. SDKs do not send these requests again.',
        'Do what `SLUICE_FINDING_KEYS_UNREADABLE` or `SLUICE_FINDING_UNREADABLE` says, and ask again.',
      ],
      over: [
        'The key was in no list then, and is in it now. SDKs do not send the refused requests again.',
        'Nothing is to be done.',
      ],
      cut: ['SDKs do not send what was cut again.', ''],
      codesUnread: [
        'The log that has their codes and their senders could not be read, and metrics have no code of them within the last hour. SDKs do not send these requests again.',
        'Do what `SLUICE_FINDING_UNREADABLE` says, and ask again: this finding then has the codes, and the cure of each.',
      ],
      other: [
        'The sender makes requests that the collector does not take. SDKs do not send them again.',
        'Have the sender changed so (docs/answers.md has every code).',
      ],
    },
    {
      section: 'refused',
      alarms: ['requests-refused', 'api-4xx', 'url-4xx', 'key-unknown', 'key-missing', 'key-not-for-events'],
      ofDay: 'counted',
      ending: '`tail` shows such requests until Ctrl-C. It goes a day after the last of them.',
    },
  ),
  SLUICE_FINDING_KEYS_UNREADABLE: problem(
    `The keys' secret cannot be read, or is no list of keys. ${GO_ON}`,
    {
      invalid: [
        `Somebody edited the secret by hand. ${WHO} PutSecretValue. ${GO_ON}`,
        'The first command shows what it would bring back. Look there whether a key leaked, then run the second: it drops what is not valid, and brings the last valid list back.',
      ],
      entries: [
        `Somebody edited the secret by hand. ${WHO} PutSecretValue. Requests with the keys of these entries are answered 503; other keys go on.`,
        'The first command shows what it would bring back. Look there whether a key leaked, then run the second: it drops these entries, and brings those of the last valid list back.',
      ],
      deleted: [
        `Somebody deleted the secret, and it can still be brought back. ${WHO} DeleteSecret. ${GO_ON}`,
        'The command takes the deletion back, with all keys of the secret, which AWS does not show until then.',
      ],
      gone: [
        `Somebody deleted the secret for good. ${WHO} DeleteSecret. ${GO_ON}`,
        'Run the commands in their order: they make it again, empty. Then add each key again with `npx sluice keys add LABEL`.',
      ],
      local: [
        'Somebody deleted the secret from the local cloud, which does not say who.',
        'Start the local cloud again, then add each key again with `npx sluice keys add LABEL`.',
      ],
      denied: [
        `A policy denies collectors the secret, as the detail says. Those that have read it go on with those keys; new ones answer 503. ${WHO} PutRolePolicy, PutResourcePolicy, PutKeyPolicy.`,
        'The command names what was changed of the role, the secret or its key: set it back. Collectors read the secret again within ten minutes.',
      ],
      busy: [
        `Secrets Manager answers collectors that the account asks too often. Those that have read the secret go on with its keys; new ones answer 503. ${WHO} GetSecretValue.`,
        'Wait: collectors read the secret again within ten minutes of its end. If it stays for an hour, see in Service Quotas which calls of Secrets Manager the account makes, and ask AWS for a higher quota.',
      ],
      awsFailed: [
        'Secrets Manager itself fails, and does not say who asks it. Collectors that have read the secret go on with its keys; new ones answer 503.',
        'Wait: collectors read the secret again within ten minutes of its end. If it stays for an hour, look at https://health.aws.amazon.com/health/status.',
      ],
      failed: [
        `Collectors cannot read the secret, as the detail says. Those that have read it go on with its keys; new ones answer 503. ${WHO} PutRolePolicy, PutResourcePolicy, PutSecretValue.`,
        'The command names what was changed of the role, the secret or its key: set it back. Collectors read the secret again within ten minutes.',
      ],
    },
    { section: 'failed', ofDay: 'begun' },
  ),
  SLUICE_FINDING_NO_KEY: problem(
    "No key may send events: the configuration and the keys' secret list none. Every request is answered 401, and its events are lost.",
    'Run the first command. If it names keys of an earlier version, the second brings them back, also a leaked one. If it names none, put the key of the app into SDK_KEY: the third adds it, with a label of this app alone in place of LABEL (docs/keys.md).',
    { section: 'refused' },
  ),
  SLUICE_FINDING_SILENT: warning(
    'No request came for an hour or more, where some came before.',
    {
      lasting: [
        'Nothing that the app sends arrives. An app that sends nothing, and one whose requests do not reach the endpoint, look alike from here.',
        'Send one event to the address of the app (docs/send.md): if `npx sluice tail` shows it, look at the last release of the app; if not, compare the address in the app: `npx sluice doctor` says whether its name leads to the endpoint.',
      ],
      over: [
        'Requests come again.',
        'If nobody stopped the app then, ask whoever runs it what happened. It goes a day after its end.',
      ],
    },
    { section: 'silent', alarms: ['exposures-silent', 'events-silent'] },
  ),
  SLUICE_FINDING_EVENT_MISSING: warning(
    'No event of a name came within 24 hours that each day before had, so many of them that this is no chance. Other events came.',
    {
      gone: [
        `The app does not log the event under this name any more, or a part of its users does not. ${STILL_SENT}`,
        'The second command shows names that came first since then. If one of them is its new name, have queries and experiments read both. If none is, ask whoever owns the app what its last release changed: the first command shows which SDK and version sent it last. A name is told, too, if all of its events come more than 14 days after their time: then nothing is lost.',
      ],
      quarantined: [
        'At least as many events are in quarantine as are missing: the title has how many. Which names they have stands in the rows alone.',
        'The first command shows rows of quarantine. If the event is among them, do what `SLUICE_FINDING_QUARANTINED` says of the reason. If not, ask whoever owns the app what its last release changed: the last command shows which SDK and version sent it last.',
      ],
    },
    { section: 'silent', ofDay: 'counted', ending: `It goes once such an event comes, or ${LIKE_IT}` },
  ),
  SLUICE_FINDING_EVENTS_UNUSUAL: warning(
    'What came within 24 hours is accepted and stored, and its content is not as on the days before.',
    {
      fewer: [
        `The app logs the event more seldom, or a part of its users does not log it any more. ${STILL_SENT}`,
        'The command shows the days by SDK and version: a version that has fewer came with a release, whose owner knows; if all have, ask whoever owns the app.',
      ],
      sdkEvent: [
        `The app with this SDK does not log the event any more, or hardly, while other SDKs do: a release lost it or gave it another name, or another app of the same product logs it now. ${STILL_SENT}`,
        'The first command shows the days by version of SDK and app, with the last event of each; the second the names that came first from this SDK since then. If one of them is its new name, have the app log the old one again, or have queries and experiments read both. If none is, ask whoever owns the app what the release after the last version changed. If the event moved to another SDK on purpose, nothing is to be done. Events that were not logged cannot be had again.',
      ],
      sdkExperiment: [
        'The app with this SDK does not log exposures to the experiment any more, or hardly, while other SDKs do. Its other exposures come: a release does not evaluate the experiment any more, or turned off its logging, or its users were taken out of the experiment on purpose.',
        'The command shows the days by version of SDK and app, with the last exposure of each: ask whoever owns the app what the release after the version of the title changed. If it was meant, nothing is to be done. If not, leave users of this SDK out of results from then on: units that came first since are in no group. Exposures that were not logged cannot be had again.',
      ],
      more: [
        'A release logs it in a loop, its requests are sent again, or a program sends it that should not, unless more users came there. Each counts, also in the bill.',
        `${MORE_SHOWN} ${denying(DENY_EVENT)} ${IF_MEANT}`,
      ],
      moreExposures: [
        'A release evaluates it in a loop, as each time that a view is drawn, its requests are sent again, or a program sends it that should not, unless more users came there. Each counts, also in the bill.',
        `${MORE_SHOWN} ${denying(DENY_EXPOSURES)} ${IF_MEANT}`,
      ],
      sdk: [
        `The app with this SDK sends less or nothing, or its requests do not get here. ${STILL_SENT}`,
        `Send an event with that app, and see whether \`npx sluice tail\` shows it. If it does, ask whoever owns the app what its last release turned off: the command shows its versions by day. If not, look at the address and the key that its last release has.`,
      ],
      origins: [
        'The gateway that is deployed answers only pages of the sites that the title names. A browser on a page of another site asks before it posts, is refused in this preflight, and sends nothing: the collector logs none of it. If all pages with this SDK are on these sites, the app sends less, or a release has another address or key.',
        "Put the site of your pages in place of `https://app.example` in the first command. If the answer has no `access-control-allow-origin`, add the site to `provider.httpApi.cors.allowedOrigins` of serverless.yml, or take that setting out, and deploy. If it has one, send an event with that app, and see whether `npx sluice tail` shows it: the second command shows the SDK's versions by day. Events of refused pages cannot be had again.",
      ],
      quarantined: [
        'Requests of the SDK come: their events are in quarantine in place of the table.',
        'Do what `SLUICE_FINDING_QUARANTINED` says of the reason. The first command here shows such rows.',
      ],
      leftOut: [
        'The lists `events` and `exposures` of the configuration leave out names that the app sends: the detail has them. They are in no table, and SDKs do not send them again.',
        'If that is meant, nothing is to be done. If not, correct `allow` and `deny`, which tell upper from lower case, and deploy.',
      ],
      redacted: [
        'The rule of `privacy.redact` that the title names takes it out of each event before it is stored. The app sends it as before.',
        'If that is meant, nothing is to be done. If not, take the rule out of `privacy.redact`, and deploy. Rows stay as they are.',
      ],
      group: [
        `The other groups of the experiment come, so that the app sends. ${REALLOCATED}`,
        `${ASK_MEANT}: do not read results of the experiment from then on until it is clear.`,
        `It goes once an exposure to the group comes, or ${LIKE_IT}`,
      ],
      experiment: [
        'Exposures to other experiments come. The experiment has ended or its allocation was lowered, or the app evaluates it less: who owns it knows.',
        'If that was meant, nothing is to be done. If not, ask whoever owns the app what its last release changed: the command shows which SDK and version sent it last.',
      ],
      names: [
        'A part of the name is another each time, as an ID in it. Each counts as an event, or an experiment, of its own.',
        `Have the app of the SDK that the command shows send one name, and put the ID into \`metadata\` or \`value\`. Rows stay as they are.`,
      ],
      unit: [
        'The app logs them before it knows the user, or a release lost the user: a new SDK version in the title came with a release. Exposures have the same user. No view counts them for the user whose they are; those with a `stable_id` count for their device.',
        `Have whoever owns the app set \`userID\` before it logs. The command shows by version what comes without a user, and without a device. Rows stay as they are.`,
      ],
      idForm: [
        'A release of the app has set another ID, or writes it otherwise, of at least ten: `ABC` is another ID than `abc`. Views and experiments count such a unit as a new one, and join none of the rows before. Where they are e-mail addresses, these lie in all tables.',
        'Ask whoever owns the app whether it is meant: the command shows an ID of each form by version, and when it came. If not, have it send the IDs of before. Rows stay as they are: an erasure has to name both IDs.',
      ],
      unitId: [
        'A release of the app lost this ID of the user, or sends it under another name in `customIDs`: the column has what `unitIds` of the configuration names. Exposures have the same user. What is counted by this unit leaves these rows out.',
        'Have whoever owns the app set the ID in `customIDs` by the name that `unitIds` has: the command shows the days and versions that lack it. Rows stay as they are.',
      ],
      unitColumn: [
        'No app is at fault: all sent the ID as before, and the stack did not write it into its column. The configuration that was deployed between these times did not have the ID in `unitIds`, as that of an old branch. Exposures of then lack it, too.',
        "Nothing is to be done in the app. If the column still gets no value, deploy the configuration that has the ID in `unitIds`. Rows stay as they are: to read the ID of then, too, write `coalesce(company_id, json_extract_scalar(custom_ids, '$.companyID'))` with the names of your `unitIds` in place of the column. The command shows by SDK and version which rows have no value in it.",
        'It goes 24 hours after the last such event.',
      ],
      noValues: [
        'The SDK evaluates before it has the values of the project, or cannot fetch them: its users get the default of the code. No view counts these exposures in a group.',
        'Have whoever owns the app wait for the SDK to initialize before it evaluates, and see in the app whether that succeeds: the command shows the versions by reason. Rows stay as they are.',
      ],
      unrecognized: [
        'The project of the key that the app initializes its SDK with has no experiment, gate or layer of this name, or not for this key: users get the default of the code. No view counts these exposures in a group.',
        'Have whoever owns the app compare its key and the names with the project in Statsig: the command shows the versions by reason. Rows stay as they are.',
      ],
      overridden: [
        'The app overrides the evaluation itself, as testers do. No view counts these exposures in a group.',
        'Have whoever owns the app take the override out of the version that the command shows, unless these are testers. Rows stay as they are.',
      ],
      value: [
        'A release of the app lost the value, or sends it as another text. Sums of `event_value` as a number leave these events out.',
        `Have whoever owns the app send the number in \`value\` again: the command shows by version what came, and since when. Rows stay as they are.`,
      ],
      email: [
        'Either a release of the app puts addresses of persons into the member of `metadata`, or the value, that the title names; or persons type them, as in a search or a form; or they are addresses of nobody, as of messages. At least ten of them differ. They lie in the table, and go to whoever reads it.',
        'Look at some of them first. If they are of persons, have whoever owns the app send none: the command shows which versions do, in which members. To keep them out of what is stored from now on, set `privacy.redact` for the member, as `value`, or `metadata.` with its path from the outermost object on, as `metadata.form.email`, to `drop` or `hash`, and deploy. How rows that are stored go: docs/privacy.md, "Removing values".',
        `${ending} ${METADATA_READ}`,
      ],
      mojibake: [
        'A release of the app, or what it reads, takes texts in UTF-8 for Latin-1 and encodes them again, as `ZÃ¼rich` for `Zürich`: queries take them for other texts.',
        'Have whoever owns the app read the text as UTF-8: the command shows which versions send such texts, in which members. Rows stay as they are.',
        `${ending} ${METADATA_READ}`,
      ],
      environment: [
        'Either the app initializes its SDK with this tier; or it sends none, and its key has it as `environment`, which the second command shows. Exposures have the same tier. Views and experiments read `production` alone, so that these rows are in the raw tables only.',
        `If these are users of the product, have the app initialize its SDK with the tier \`production\`, or, if its key has the other one and the app none, correct that of the key (\`npx sluice keys set LABEL --environment production\`, or \`keys\` of the configuration); if it is a test, give it the key of a stage for tests. The first command shows by version what comes. Rows stay as they are.`,
      ],
      time: [
        'The app sends many events with one time: it sets `time` to a constant, each process takes it once and keeps it, or it sends a history with the times of whole days. Within `timeWindow` its rows lie in the day of that time, and later days lack them, in views and experiments, too; else they lie in the day of their receipt, with the old time.',
        'Have whoever owns the app set `time` of each event to when it happens: the command shows the times by version, the most frequent first, with an event of each and when it came. Rows stay as they are; `received_at` tells when each came.',
        `${ending} A time within \`timeWindow\` may be told again some days later.`,
      ],
      key: [
        'A release of the app writes this key of `metadata` otherwise, or does not send it any more. Queries that read it find nothing in these events, and leave them out of groups and sums.',
        'Ask whoever owns the app whether it is meant: the command shows rows of the day before and since, by version and the keys that they have. If not, have it send the key of before. If it is, have queries read both, as in `coalesce`. Rows stay as they are.',
        OF_METADATA,
      ],
      newIds: [
        'Nearly each event has an ID of its own, while events are hardly more. Either a release of the app keeps no storage, so that its SDK makes an ID each time, or the app makes one itself; or a program that keeps none, as a crawler or a test of load, sends most events; or many users came who sent one event each, and those of other days did not come.',
        'Have whoever owns the app look whether the ID stays when the app is opened again: the command shows by version and day how many different ones came in how many rows. If it does not, users, devices and units of experiments are too many: do not read results of experiments by this ID from then on. Rows stay as they are.',
        `${ending} ${METADATA_READ}`,
      ],
      newHashes: [
        'The configuration hashes `user.userID` (`privacy.redact`), and no user of before came since then, where many come again on other days: `privacy.salt`, or what is hashed, changed with the deployment of that time. Each user is a new unit of running experiments, and joins none of the rows before. Only if nothing was deployed then, all apps may have begun to send other IDs at once.',
        'Put the former salt back (`SLUICE_SALT`, or what `privacy.salt` reads) and deploy: users have the hashes of before again. Rows since then keep theirs: leave them out of what is counted by user. If the salt was changed on purpose, nothing is to be done (docs/privacy.md, "Hashes"). The command shows the users of each SDK, of the day before and since.',
        `It goes one or two days after it began. ${METADATA_READ}`,
      ],
      offset: [
        'All of these are as far from their receipt, by a multiple of a quarter of an hour, where those before came at once: their sender writes its local time without an offset, which is read as UTC; or it held each for just so long. At least three users have them, in three hours or more of receipt: a phone that was offline sends what it has at once, and a queue that is late makes each time differ. Rows may lie in a wrong `ds`, which is the day of that time: those within these hours of midnight.',
        'Have whoever owns the app send UTC, or milliseconds since 1970, in `time`: the command shows rows of the day before and since, by version and by minutes from their time to their receipt. Rows stay as they are; `received_at` tells when each came.',
      ],
      amount: [
        'Either a release of the app sends the value in another unit, as in cents in place of euros, or with its decimal point elsewhere; or the values are so, as durations during an incident, or prices of a sale.',
        'The command shows rows of the day before and since the time of the title, by version of the SDK, with the largest value. If other versions are as before, or the value cannot be so, it is a release: ask whoever owns the app which unit is meant. Only then do queries have to convert those since, or those before. Values of an incident are true, and stay.',
        GOES_SOON,
      ],
      size: [
        'Either a release of the app puts far more into `metadata`, as a whole object or a dump; or they are so, as traces of the errors of an incident. They are stored, and queries of the column read them: both cost by their size.',
        'The command shows rows of the day before and since the time of the title, by version of the SDK, with the beginning of the largest metadata. If other versions are as before, or all events have the same in them, it is a release: have whoever owns the app send what queries need. Rows stay as they are.',
        OF_METADATA,
      ],
      repeats: [
        'A release of the app logs each of them twice, as where two parts of it listen for the same, or logs one for each of several things without saying which, also where `privacy.redact` drops what says it. These are no resends, which have the same time; events without a `time` are not compared.',
        'Have whoever owns the app log each once, or put what differs into `metadata`: the command shows the newest that came several times in a second. Rows stay as they are, and views count each.',
        OF_METADATA,
      ],
      split: [
        `Far more of the units of the experiment are in this group than before. ${REALLOCATED}`,
        `${ASK_MEANT}: results across the change compare other units. \`npx sluice check\` tests the ratio: of a split that was changed on purpose, once \`since\` of the experiment names its first whole day.`,
      ],
      newGroup: [
        'No unit came to this group on the days before. It was added in Statsig; or it is the rule of a holdout that `holdouts` of the configuration names no more, whose units count as a group since that deployment.',
        'Run the second command: of the rule of a holdout `SLUICE_FINDING_NAMES_UNKNOWN` names the gate. Add it to `holdouts`, and deploy. If the doctor names none, ask whoever changed the experiment whether the group is meant: the first command shows each group with its first and its last exposure.',
      ],
      crossover: [
        `Units changed their group within the day. ${REALLOCATED}`,
        `${ASK_MEANT}: such units count in their first group (docs/experiments.md).`,
      ],
    },
    { section: 'silent', ofDay: 'counted', ending },
  ),
  SLUICE_FINDING_SPIKE: warning(
    'Within 24 hours an hour had at least 50 times of what is usual in it, or three hours had four times the most that the same hour had on any of the seven days before.',
    `Ask whoever owns the sender that the title names whether it is meant. If it is not, the first commands show which experiment, gate or layer, and which event, of which version it is. ${denying(DENY_EITHER)} If all that the sender sends is unwanted, take its key out (\`npx sluice keys remove LABEL\`): nothing of the app is accepted then. The last command shows requests as they come, until Ctrl-C.`,
    { section: 'abuse', alarms: ['invocations'], ofDay: 'counted' },
  ),
  SLUICE_FINDING_IGNORED: warning(
    'Within 24 hours the configured lists left out far more events than usual: they are in no table. SDKs do not send them again.',
    {
      lasting: [
        'The lists `events` and `exposures` of the configuration leave out what was not left out before, or what they leave out is sent more often: they are in no table. SDKs do not send them again.',
        'The detail has the lists. Compare them with the names that the app sends: the log has none, and the command shows requests with `event_filtered` and `exposure_filtered` in `ignored_as`. If names that you want are left out, correct `allow` and `deny`, which tell upper from lower case, and deploy.',
      ],
      over: [
        'It is over: within the last hour the lists left out nothing. What they left out before is in no table, and SDKs do not send it again.',
        'Nothing is to be done.',
      ],
    },
    { section: 'abuse', ofDay: 'counted' },
  ),
  SLUICE_FINDING_TIME_SECONDS: warning(
    'Events of the last 24 hours have a time before the year 2000: their sender most likely counts seconds, where milliseconds are expected.',
    {
      lasting: [
        'Their sender most likely counts seconds, where milliseconds are expected.',
        'Have it send milliseconds since 1970. Rows that are stored stay as they are: docs/answers.md, "What is noted". The command shows such requests until Ctrl-C.',
      ],
      quiet: [
        'None came within the last hour. Their sender most likely counted seconds, where milliseconds are expected.',
        'If its owner has corrected it, nothing is to be done. If not, have it send milliseconds since 1970. Rows that are stored stay as they are: docs/answers.md, "What is noted". The command shows such requests until Ctrl-C.',
      ],
    },
    { ofDay: 'counted' },
  ),
  SLUICE_FINDING_CLOCK_OFF: warning(
    "Within 24 hours a sender's clock was off by 55 minutes or more, or many events came days after their time. Corrected events have the right day, others that of the time that was sent, and those from before `timeWindow` that of their receipt.",
    {
      stated: [
        'The clock of the sender is off. Corrected events have the right day, others that of the time that was sent.',
        'Have NTP set it, or the program send UTC in place of local time. Rows stay as they are: docs/answers.md, "What is noted". The command shows such requests until Ctrl-C.',
      ],
      late: [
        `${TOO_MANY_LATE} Its clock is behind, or it sends its history: their ages tell which, and no row of them was read from the table, as it is only with \`curate\`. ${OF_RECEIPT}`,
        `The first command shows which events they are: those of all names, about as old, tell a wrong clock, which NTP sets. ${SENT_ON_PURPOSE}`,
      ],
      behind: [
        `${TOO_MANY_LATE} All are as old within an hour, as a clock that is behind makes them, unless each is sent after just so many days. ${OF_RECEIPT}`,
        `Compare the names in the detail with what the sender sends: of a wrong clock, which NTP sets, all of it is so. ${SENT_ON_PURPOSE}`,
      ],
      history: [
        `${TOO_MANY_LATE} One clock makes all as old as the others, and the ages of these differ as the title says: a history is sent, or several senders each have a clock of their own that is behind. ${OF_RECEIPT}`,
        `The first command shows which events they are, and how old. ${SENT_ON_PURPOSE} Write a whole history as Parquet (docs/send.md).`,
      ],
      old: [
        'The sender states its clock, and it is right: the events are as old as they say, of phones that were offline or of a history that is sent. The rows keep their time, and lie in the day of their receipt.',
        'Nothing is to be corrected at the sender: the first command shows which events they are, and how old. To have later ones in the day of their time, raise `timeWindow.pastDays` and deploy; write a whole history as Parquet (docs/send.md).',
      ],
    },
    { ofDay: 'counted' },
  ),
  SLUICE_FINDING_RESENDS: warning(
    'Clients sent far more of the events of a day again than usual. Views and curated tables have each once a day, raw tables and bills have all.',
    {
      each: [
        'Nearly each event came equally often, so that it is no client that tries again: something on the way repeats or mirrors all requests, as a proxy, a CDN or a load balancer, or two such ways lead here.',
        'The command shows by SDK how often events came, and within how many seconds. Have whoever runs what stands before the collector turn off retries of requests that were answered, and mirrors.',
      ],
      some: [
        'A part of the events came again: clients do so after a 503 or a timeout. On the first day of it, a proxy may have begun to repeat all requests.',
        'The command shows by SDK how often events came, and within how many seconds. Where all of an SDK came equally often within a second, have whoever runs the proxy before the collector turn its retries off. Correct an app that sends again later what was answered 202; after 503 it is right.',
      ],
      over: [
        'The newest curated day has no more than usual.',
        'Nothing is to be done. The command shows by SDK how often events came, and within how many seconds.',
      ],
    },
    { section: 'abuse', ending: 'It goes once two days in a row are as usual.' },
  ),
  SLUICE_FINDING_QUARANTINED: warning(
    'Events that were received within 24 hours are in quarantine.',
    {
      sender: [
        'Their sender made them so. Only it can send them again.',
        'The command counts the rows, and shows them with `--reason`. Have the sender that the title names corrected: the detail says how, of each reason.',
      ],
      cut: [
        'They are not whole. No command makes them so again: only their sender has the rest.',
        'The command counts the rows, and shows them with `--reason`.',
      ],
      files: [
        'They are rows of files of customers, which the mapping of their dataset could not read. All other rows of these files are loaded, unless `SLUICE_FINDING_INGEST_FAILED` names their day.',
        'The first command shows the rows. Do what the detail says of each reason: a corrected file is loaded by the next run, and after a correction of the mapping `backfill` loads the days again.',
      ],
      rows: [
        'They are few of the rows of files of customers: the mapping of their dataset has read the other rows of their days, which are loaded.',
        'The command shows the rows of a day, with the column and the value that were refused. Have whoever delivers the files correct these rows: the next run loads corrected files.',
      ],
      redrive: [
        'They can be delivered once what refused them is corrected.',
        'The first command counts the rows, with the cure of each reason, and shows those of one with `--reason`. Once a reason is corrected, its `--dry-run` says what the command behind it delivers.',
      ],
      kinds: [
        'The keys of the detail are for events of another kind alone: their entries in the secret say so.',
        'If the app is to send them, run the commands: `keys set` allows both kinds, and five minutes later the last command delivers what its `--dry-run` counts.',
      ],
      configuredKinds: [
        'The keys of the detail are for events of another kind alone: `kinds` in the configuration says so.',
        'If the app is to send them, take `kinds` out of these keys in the configuration, and deploy. Then the last command delivers what its `--dry-run` counts.',
      ],
      redriven: [
        'A redrive has delivered rows since the last of these came, as the title says. Rows of quarantine stay there.',
        'Run each `--dry-run`: if it finds no row, nothing is to be done. If it finds some, the command behind it delivers them, once what the detail says of the reason is corrected.',
      ],
      mixed: [
        'They have several reasons: the detail says of each what corrects it, and who.',
        'The first command counts the rows, with the cure of each reason, and shows those of one with `--reason`. Once a reason is corrected, its `--dry-run` says what the command behind it delivers.',
      ],
    },
    { section: 'quarantine', ofDay: 'counted' },
  ),
  SLUICE_FINDING_RELAY_LOST: warning(
    'Copies of requests have no message in the queue of relay, which neither delivered them nor put them aside.',
    {
      gone: [
        `Somebody purged or deleted the queue. The events are in your tables; the target never gets them. ${WHO} PurgeQueue, DeleteQueue.`,
        'Nothing brings these copies back. Take sqs:PurgeQueue from whoever does not need it. The finding goes a day after it.',
      ],
      stranded: [
        `Somebody purged or deleted the queue, or the collector could not send their messages, which \`SLUICE_FINDING_RELAY_NOT_KEPT\` says for a day. Large copies are in the bucket, and without a message nobody sends them: S3 deletes them after seven days. ${WHO} PurgeQueue, DeleteQueue.`,
        'The first command says how many would be sent, with what the target refused; the second sends them. What the first does not find is of another release, which this one cannot read: S3 deletes it.',
      ],
    },
    { section: 'relay' },
  ),
  SLUICE_FINDING_RELAY_REFUSED: problem(
    'The target of relay refused copies of requests for good, or did not take them within six days and a half. They are deleted seven days after they were put aside.',
    {
      key: [
        `The target does not know the SDK key of these requests. ${DELETED}`,
        `Make the key known to the target, or have the app use a key that the target knows. ${SENT_AGAIN}`,
      ],
      body: [
        `The target cannot read these requests, or they are too large for it. ${DELETED}`,
        `Have the sender send what the target takes: docs/relay.md, "What was refused". These requests are in Sluice; only a target that has changed takes them. ${SENT_AGAIN}`,
      ],
      address: [
        `The address does not exist at the target: it is \`relay.url\` with the path of the request behind it. ${DELETED}`,
        `Correct \`relay.url\` so that this address exists, and deploy; or have whoever runs the target serve it. ${SENT_AGAIN}`,
      ],
      refused: [
        `The target refuses them for good with this status, as the title says. ${DELETED}`,
        `Ask whoever runs the target what it wants. ${SENT_AGAIN}`,
      ],
      expired: [
        `The target did not take them within six days and a half. ${DELETED}`,
        `Have whoever runs the target see that it answers again. ${SENT_AGAIN}`,
      ],
    },
    { section: 'relay', alarms: ['relay-refused'] },
  ),
} as const;
