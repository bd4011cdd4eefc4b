// biome-ignore-all lint/suspicious/noTemplateCurlyInString: faults are texts of code.
// Faults that `npm run mutate -- --by-hand` puts into the product, one at a time: each is something that a tired colleague
// could write, and that Stryker does not make or does not see.
// Each old text is in its file exactly once (test/repository/mutations.test.ts). Use short texts, because they have to be
// changed when their line changes.

/** A fault, and the suites that should see it. */
export interface Mutation {
  /** Path of the file from the repository's root. */
  readonly file: string;
  /** A text that the file has once, which the fault replaces. */
  readonly old: string;
  /** The text that takes the place of the old one. */
  readonly fault: string;
  /** Suites that see the fault, the nearest first. */
  readonly suites: readonly string[];
}

/**
 * The faults of a file, given as pairs of an old text and a fault. Suites are named without `test/` and `.test.ts`, between
 * spaces.
 */
function faultsOf(
  file: string,
  suites: string,
  pairs: readonly (readonly [old: string, fault: string])[],
): readonly Mutation[] {
  const paths = suites.split(' ').map((suite) => `test/${suite}.test.ts`);
  return pairs.map(([old, fault]) => ({ file, old, fault, suites: paths }));
}

/** The suite of answers in pages. */
const PAGES = 'lib/aws/pages.contract';
/** The suite of the curation. */
const CURATE = 'lib/curate/curateTask.contract';
/** The suites of the writer. */
const WRITE = [
  'writeObjects',
  'refusedLines',
  'failingBucket',
  'largeObjects',
  'damagedBytes',
  'finishedEvents',
]
  .map((suite) => `lib/landing/write/${suite}.contract`)
  .join(' ');
/** The suites that read the landing's lines. */
const LANDED = 'lib/landing/lines/LandedObject lib/landing/lines/otherBytes lib/landing/lines/lineHours';
/** The suites of loads in pieces. */
const PIECES = ['pieces', 'changedPieces', 'askedPieces', 'failedPieces']
  .map((suite) => `lib/drops/load/${suite}.contract`)
  .join(' ');
/** The suites of the plan. */
const PLAN = ['runPlan', 'failingPlan', 'lookedAtAgain']
  .map((suite) => `lib/drops/plan/${suite}.contract`)
  .join(' ');
/** The suites of exports. */
const EXPORT = ['exportDay', 'changedExport', 'failedExport']
  .map((suite) => `lib/export/${suite}.contract`)
  .join(' ');

/** All faults, by the paths of their files. */
export const mutations: readonly Mutation[] = [
  faultsOf('cli/commands/doctor.ts', 'observe/doctor/doctor.story', [
    ['problems > 0 ? PROBLEMS_FOUND : ', ''],
  ]),
  faultsOf('cli/commands/erase.ts', 'cli/dryRun.contract', [['isDryRun(line)', 'false']]),
  faultsOf('cli/commands/export.ts', 'cli/exitCodes.story', [['hasProblem ? PROBLEMS_FOUND : 0', '0']]),
  faultsOf('cli/commands/ingest.ts', 'cli/exitCodes.story', [
    ['hasProblem ? PROBLEMS_FOUND : ', ''],
    ["state === 'failed' ||", ''],
    ['page.rows.length > 0 ? PROBLEMS_FOUND : ', ''],
  ]),
  faultsOf('cli/aws/changeKeyList.ts', 'cli/aws/changeKeyList', [
    ['if (await secret.replace(edit(text), version))', 'await secret.replace(edit(text), version);'],
  ]),
  faultsOf('cli/commands/reconcile.ts', 'e2e/receivedHours.proof', [
    ['return closes ? 0 : PROBLEMS_FOUND;', 'return 0;'],
  ]),
  faultsOf('cli/commands/redrive.ts', 'cli/dryRun.contract', [
    ['redriveLanding(deployment, dryRun)', 'redriveLanding(deployment, false)'],
    ['name, dryRun', 'name, false'],
  ]),
  faultsOf('cli/commands/relay.ts', 'cli/exitCodes.story', [
    ['state.refused.length === 0 ? 0 : PROBLEMS_FOUND', '0'],
  ]),
  faultsOf('cli/commands/status.ts', 'e2e/onCall.story', [['answer.isWell ? 0 : PROBLEMS_FOUND', '0']]),
  faultsOf('cli/commands/trace.ts', 'cli/commands/trace', [
    ['now - Number(days) * DAY_MS', 'now - Number(days) * 600_000'],
  ]),
  faultsOf('cli/commands/trace.ts', 'observe/trace.proof', [
    ["found.state === 'nowhere' ? PROBLEMS_FOUND : ", ''],
  ]),
  faultsOf('cli/terminal/tables.ts', 'cli/terminal/tables', [
    ['visibleLine(cell(row[name]))', 'cell(row[name])'],
    ['[visibleLine(name), ', '[name, '],
  ]),
  faultsOf('cli/trial/trialKeys.ts', 'cli/trial/runTrial.contract', [
    ['||= isFromCollector(seen)', '= true'],
  ]),
  faultsOf('console/api/live.ts', 'console/pages.story', [
    ['row: null }', 'row: entry.row }'],
    ['sent && shortText(sent, BRIEF)', 'sent'],
  ]),
  faultsOf('console/api/quarantine.ts', 'console/actions.contract', [
    ['selection, isDry', 'selection, false'],
  ]),
  faultsOf('console/api/route.ts', 'console/actions.contract', [
    ['().default(true)', '().default(false)'],
    ['?? z.never()', '?? z.literal(true)'],
  ]),
  faultsOf('functions/curate/handler.ts', 'functions/curate/handler.contract', [
    ['(), SLUICE_PLAN_QUEUE', '(), SLUICE_TASK_QUEUE'],
    ['settings.SLUICE_TRIES', '99'],
  ]),
  faultsOf('functions/export/handler.ts', 'functions/export/handler.contract', [
    ['deadline: endsAt - MARGIN_MS', 'deadline: endsAt'],
    ['session ?? { s3: s3Client()', '{ s3: s3Client()'],
  ]),
  faultsOf('functions/ingest-load/handler.ts', 'functions/ingest-load/handler.contract', [
    ['session ?? { s3: s3Client()', '{ s3: s3Client()'],
    ['config.sources.some(({ receipt }) => receipt !== undefined)', 'false'],
    ['settings.SLUICE_TRIES', '99'],
  ]),
  faultsOf('functions/ingest-plan/handler.ts', 'functions/ingest-plan/handler.contract', [
    ['(), SLUICE_TASK_QUEUE', '(), SLUICE_PLAN_QUEUE'],
    ['deadline: endsAt - MARGIN_MS', 'deadline: endsAt'],
  ]),
  faultsOf('functions/ingest-trigger/handler.ts', 'functions/ingest-trigger/handler.contract', [
    [': settings.SLUICE_ALLOW_ANY_KEY', ': true'],
    ['config.allowAnyKey || settings.SLUICE_ALLOW_ANY_KEY', 'true'],
    [".default('false')", ".default('true')"],
    ['config.keys', '[]'],
  ]),
  faultsOf('functions/reconcile/handler.ts', 'functions/reconcile/handler.contract', [
    ["outcome.hasMore ? 'more rows than are read' : ", ''],
    ['.catch(failed)', ''],
    ['SLUICE_AFTER_SECONDS * 1_000', 'SLUICE_AFTER_SECONDS'],
    ['.SLUICE_REGISTER', '.SLUICE_COLLECT'],
  ]),
  faultsOf('functions/relay/handler.ts', 'functions/relay/handler.contract', [
    ['deadline: endsAt - MARGIN_MS', 'deadline: endsAt'],
    ['attributes.SentTimestamp', 'Date.now()'],
    ['attributes.ApproximateReceiveCount', '1'],
    ['environment.SLUICE_RELAY_DEAD_LETTERS)', 'queue)'],
  ]),
  faultsOf('infra/alarms/alarm.ts', 'infra/alarms', [
    ["'GreaterThanOrEqualToThreshold'", "'GreaterThanThreshold'"],
  ]),
  faultsOf('infra/alarms/curateAlarms.ts', 'infra/alarms', [
    ['(stack, curations_failed', '(stack, curations_waiting'],
  ]),
  faultsOf('infra/alarms/dropAlarms.ts', 'infra/alarms', [['days_failed,\n', 'datasets_unreadable,\n']]),
  faultsOf('infra/data/bucket.ts', 'infra/resources.contract', [
    ["VersioningConfiguration: { Status: 'Enabled' },", ''],
    [', sub(`\\${${id}.Arn}/*`)', ''],
    ['rule.versionDays', '1'],
  ]),
  faultsOf('infra/data/catalog.ts', 'infra/settings', [["Permissions: ['ALL']", "Permissions: ['SELECT']"]]),
  faultsOf('infra/data/catalog.ts', 'infra/resources.contract', [
    ['Description: comment', 'Description: name'],
  ]),
  faultsOf('infra/data/key.ts', 'infra/settings', [['PENDING_WINDOW_DAYS = 30', 'PENDING_WINDOW_DAYS = 7']]),
  faultsOf('infra/endpoint/endpoint.ts', 'infra/endpoint', [
    ["'RegionalHostedZoneId'", "'RegionalDomainName'"],
  ]),
  faultsOf('infra/roles/customerAccess.ts', 'infra/customerAccess', [
    ['kmsViaS3({ region })', "kmsViaS3({ region: 'us-east-1' })"],
  ]),
  faultsOf('infra/roles/exportRole.ts', 'permissions/roles.contract', [[", 's3:AbortMultipartUpload'", '']]),
  faultsOf('infra/roles/functionRoles.ts', 'permissions/roles.contract', [['LANDING_NOTES, .', '.']]),
  faultsOf('infra/roles/relayRoles.ts', 'permissions/roles.contract', [[", 's3:DeleteObject'", '']]),
  faultsOf('infra/serverless/serviceFunctions.ts', 'infra/service', [
    ["      functionResponseType: 'ReportBatchItemFailures',\n", ''],
  ]),
  faultsOf('infra/streams/objectCreatedRules.ts', 'infra/resources.contract', [
    ["          DeadLetterConfig: { Arn: getAtt(idOf(part, 'DeadLetterQueue')) },\n", ''],
  ]),
  faultsOf('infra/streams/queues.ts', 'infra/resources.contract', [
    ['          [`${deadLetters}Policy`]: queuePolicy(deadLetters, rules),\n', ''],
  ]),
  faultsOf('infra/streams/schedules.ts', 'infra/settings', [
    ['MaximumRetryAttempts: 10', 'MaximumRetryAttempts: 0'],
  ]),
  faultsOf('infra/streams/schedules.ts', 'infra/resources.contract', [[', deadLetters', '']]),
  faultsOf('lib/access/operators/trialPolicy.ts', 'lib/access/trialPolicies.contract', [
    ['...keepBoundary(boundaryArn),', ''],
  ]),
  faultsOf('lib/aws/athenaStatements.ts', PAGES, [[', NextToken: token', '']]),
  faultsOf('lib/aws/exportBucket.ts', PAGES, [
    [': NextUploadIdMarker', ': undefined'],
    ['prefix, { token }', 'prefix'],
  ]),
  faultsOf('lib/aws/gluePartitionCatalog.ts', PAGES, [['Expression, NextToken: token', 'Expression']]),
  faultsOf('lib/aws/glueViews.ts', PAGES, [['NextToken: token, ', '']]),
  faultsOf('lib/aws/landedTable.ts', PAGES, [
    ['location, { token }', 'location'],
    ['table, token, batch', 'table, undefined, some'],
  ]),
  faultsOf('lib/aws/landingBucket.ts', PAGES, [['prefix, { after }', 'prefix']]),
  faultsOf('lib/aws/partialAnswers.ts', 'lib/aws/partialAnswers.contract', [
    ['Errors.map(({ Key', '[].map(({ Key'],
    ['Successful.map(({ Id }) => Id)', 'Array.from({ length: 10 }, (_, i) => String(i))'],
    ['Errors.map(({ PartitionValues,', '[].map(({ PartitionValues,'],
    ['Errors.map(({ PartitionValueList,', '[].map(({ PartitionValueList,'],
  ]),
  faultsOf('lib/aws/s3EraseBucket.ts', PAGES, [
    ['VersionIdMarker: answer.NextVersionIdMarker', 'VersionIdMarker: undefined'],
  ]),
  faultsOf('lib/base/Breaker.ts', 'lib/landing/store/StreamBreaker', [
    ['this.#probeAt = now + this.#pauseMs();\n    ', ''],
  ]),
  faultsOf('lib/base/ObjectStore.ts', PAGES, [['prefix, { token }', 'prefix, { after: token }']]),
  faultsOf('lib/base/claim.ts', 'lib/base/claim', [['remove(key, eTag)', "remove(key, '*')"]]),
  faultsOf('lib/base/retry.ts', 'lib/base/retry', [['  await wait(pauseMs);\n', '  void wait(pauseMs);\n']]),
  faultsOf('lib/collect/rows/eventTimes.ts', 'lib/collect/eventTime', [
    ['? corrected', '? sent'],
    ['corrected >', 'sent >'],
  ]),
  faultsOf('lib/curate/ListedDays.ts', 'lib/curate/ListedDays', [
    ['undefined || !isSameDay(seen, entry)', 'undefined'],
    ['?.eTag ?? null))', '?.eTag ?? null) || true)'],
  ]),
  faultsOf('lib/curate/countDays.ts', `${CURATE} lib/curate/planDays.contract`, [
    ['(queued?.at ?? now) > DAY_MS', '(queued?.at ?? now) > 0'],
  ]),
  faultsOf('lib/curate/curateTask.ts', CURATE, [['isFinal || run.isLastAttempt', 'isFinal']]),
  faultsOf('lib/curate/decideDay.ts', 'lib/curate/decideDay', [['=== version && !isLacking', '=== version']]),
  faultsOf('lib/curate/lookAtDays.ts', 'lib/curate/lookAtDays lib/curate/timeOfLooks', [
    ['hasFolder, entry];', 'hasFolder];'],
    ['await note(table.kind, lookOf(noted));', ''],
  ]),
  faultsOf('lib/curate/lostFiles.ts', 'lib/curate/lostFiles', [
    ['forwardedDays - timeWindow.futureDays', 'forwardedDays'],
    ["accepted === 'drop'", "accepted === 'keep'"],
    ['undefined && isMade(run)', 'undefined'],
  ]),
  faultsOf('lib/curate/makeSlice.ts', 'lib/curate/kills.contract', [
    [
      'await landing.putNote(versionNoteKey(note));',
      'void landing.putNote(versionNoteKey(note)).catch(() => 0);',
    ],
  ]),
  faultsOf('lib/curate/planDays.ts', `${CURATE} lib/curate/planDays.contract`, [
    ['  await publish(plans.some(({ chosen }) => chosen.length > 0));\n', ''],
  ]),
  faultsOf('lib/curate/planDays.ts', 'lib/curate/planMessages lib/curate/timeOfLooks', [
    [', ...unseen])', '])'],
  ]),
  faultsOf('lib/curate/planMessages.ts', 'lib/curate/planMessages.contract', [
    ['if (work.deployments.some((id) => failures.has(id))) failures.add(publishing);\n  else', ''],
  ]),
  faultsOf('lib/curate/publishVersion.ts', 'lib/curate/kills.contract', [
    ['await landing.putNote(key);', 'void landing.putNote(key).catch(() => 0);'],
  ]),
  faultsOf('lib/curate/publishVersion.ts', CURATE, [
    ['  await requireTableOfToday(curator, kind, retries);\n', ''],
    ['&& noteKey !== key', '&& other === key'],
  ]),
  faultsOf('lib/curate/queueDays.ts', `${CURATE} lib/curate/planDays.contract`, [
    ['if (hasBegun || ', 'if ('],
    [
      '(bodies.map((body) => JSON.stringify(body)))',
      '(bodies.map((body) => JSON.stringify(body))).catch(() => 0)',
    ],
  ]),
  faultsOf('lib/curate/servedDays.ts', PAGES, [['partitions(table, token)', 'partitions(table, undefined)']]),
  faultsOf('lib/drops/Drop.ts', 'lib/drops/files/commitMarkers', [[' && !committed.has(transaction)', '']]),
  faultsOf('lib/drops/listDrops.ts', PAGES, [['page.next', 'undefined']]),
  faultsOf('lib/drops/load/loadDrop.ts', PIECES, [['(run?.plans ?? 0) + ', '']]),
  faultsOf('lib/drops/load/loadMessages.ts', 'lib/drops/load/loadMessages.contract', [
    ['loaded.again', 'false'],
    ['(await look(loader, invocation)) && swept', 'swept && (await look(loader, invocation))'],
    ["error', event: 'ingest_files", "error', event: 'ingest_load"],
  ]),
  faultsOf('lib/drops/load/loadPieces.ts', PIECES, [
    ['Math.max(longest, ((began - startedAt) * size) / Math.max(1, bytes))', 'longest'],
    ['reasonFor(fingerprint)', 'reason'],
  ]),
  faultsOf('lib/drops/load/loadTask.ts', PIECES, [['      await sendNextPiece(loader, task, entry);\n', '']]),
  faultsOf(
    'lib/drops/load/publishDay.ts',
    'lib/drops/load/sweepVersions.contract lib/drops/load/failedDays.contract',
    [
      [
        'await landing.putNote(versionNoteKey({ due, table, day, version: replaced }));',
        'void landing.putNote(versionNoteKey({ due, table, day, version: replaced })).catch(() => 0);',
      ],
      ['await landing.remove(stale);', 'void landing.remove(stale).catch(() => 0);'],
    ],
  ),
  faultsOf('lib/drops/mapping/jsonText.ts', 'lib/drops/mapping/jsonTexts.contract', [
    ['NOT ${isJsonSql(text)} AND ${isJsonSql(withNulls)}', '${isJsonSql(text)}'],
    ['CASE WHEN contains(${text}, ${quoteText(MARK)}) THEN ${text} ELSE ${replaced} END', '${replaced}'],
  ]),
  faultsOf('lib/drops/plan/decideDay.ts', 'lib/drops/plan/decideDay', [
    ['now || isUnderWay', 'now'],
    ['known?.lease', 'entry?.lease'],
  ]),
  faultsOf('lib/drops/plan/late/lateDrops.ts', 'lib/drops/plan/late/expectedDrops.contract', [
    [': due.map(({ day }) => day)', ': []'],
  ]),
  faultsOf('lib/drops/plan/late/lateTurns.ts', 'lib/drops/plan/late/expectedDrops.contract', [
    ['at || open.includes(day)', 'at'],
  ]),
  faultsOf('lib/drops/plan/lookElsewhere.ts', PAGES, [['next !== undefined', "next === ''"]]),
  faultsOf('lib/drops/plan/newerFiles.ts', 'lib/drops/plan/newerFiles', [
    ['Math.min(writtenAt, since)', 'since'],
  ]),
  faultsOf('lib/drops/plan/planMessages.ts', PLAN, [
    ['await runPlan(planner, request)', '(await runPlan(planner, request), { again: false })'],
  ]),
  faultsOf('lib/drops/plan/planMessages.ts', 'lib/drops/plan/splitSources.contract', [
    ['missing + failed', 'failed'],
    ['!isRun && new Set', 'new Set'],
  ]),
  faultsOf('lib/drops/usual/daysBefore.ts', 'lib/drops/usual/usualContent', [['isLong(before) && ', '']]),
  faultsOf('lib/drops/usual/usualRows.ts', 'lib/drops/usual/usualRows', [[' && !lacksRows(entry)', '']]),
  faultsOf('lib/erase/ObjectEraser.ts', 'lib/erase/ObjectEraser', [
    ['last = result', 'last = result.catch(() => undefined)'],
  ]),
  faultsOf('lib/erase/erasePlaces.ts', 'operate/erase.contract', [
    ['null && parseRelayRefusedKey(key) === null', 'null'],
  ]),
  faultsOf('lib/erase/eraseUnits.ts', 'lib/erase/eraseUnits', [
    ['turns: new Turns()', 'turns: undefined'],
    ['run.startedAt', 'now'],
  ]),
  faultsOf('lib/export/exportDay.ts', EXPORT, [['    claim = renewed;\n', '']]),
  faultsOf('lib/export/exportMessages.ts', 'lib/export/runRequest.contract lib/export/runTask.contract', [
    ['? !(await runRequest(exporter, message))', '? ((await runRequest(exporter, message)), true)'],
    [': !(await runTask(exporter, message))', ': ((await runTask(exporter, message)), true)'],
  ]),
  faultsOf('lib/export/planExports.ts', 'lib/export/planExports.contract', [['reason }, seen', 'reason }']]),
  faultsOf('lib/landing/LandingNote.ts', 'lib/landing/LandingNote lib/landing/write/lookAtLanding', [
    ['Math.floor(modifiedAt / 1000)', 'modifiedAt'],
  ]),
  faultsOf('lib/landing/catalog/catalogCalls.ts', PAGES, [
    ['listFolders(prefix, { token })', 'listFolders(prefix, {})'],
  ]),
  faultsOf('lib/landing/catalog/rawDays.ts', 'lib/landing/catalog/rawDays', [
    [
      'await store.write(key, JSON.stringify(next), { expected: stored?.eTag ?? null });',
      'void store.write(key, JSON.stringify(next), { expected: stored?.eTag ?? null }).catch(() => 0);',
    ],
    ['time - SETTLED_MS', 'time'],
    ['wasLost || known', 'known'],
    ['known.seenAt,', 'now,'],
    ['forwardedDays - config.timeWindow.futureDays', 'forwardedDays'],
  ]),
  faultsOf('lib/landing/catalog/registerMessages.ts', 'lib/landing/catalog/registerMessages', [
    ['ours[index]', 'messages[index]'],
  ]),
  faultsOf('lib/landing/catalog/registerPartitions.ts', 'lib/landing/catalog/registerPartitions', [
    ['table.name, token', 'table.name, undefined'],
  ]),
  faultsOf('lib/landing/heldTimes.ts', 'lib/reconcile/reconcileDays lib/reconcile/waitingHours', [
    ['Math.min(deliveredAt, last)', 'deliveredAt'],
    ['= MINUTE_MS', '= 0'],
    ['({ from, to', '({ from: from - RECORD_MS, to'],
  ]),
  faultsOf('lib/landing/lines/LandedReader.ts', LANDED, [['|| !beginsAsRow(text)', '']]),
  faultsOf('lib/landing/lines/Skipped.ts', LANDED, [
    ['whole, ...this.#broken', 'broken, ...this.#whole'],
    [' || !isUtf8(bytes)', ''],
  ]),
  faultsOf('lib/landing/lines/gzipMember.ts', LANDED, [
    ['end: lengthStart', 'end'],
    ['length - HEADER.length + 1', 'length'],
  ]),
  faultsOf('lib/landing/lines/landedLines.ts', LANDED, [['> MOST_OTHERS', '> 2 * MOST_OTHERS']]),
  faultsOf('lib/landing/quarantineWriter.ts', 'lib/landing/quarantineWriter', [
    ['.slice(0, MAX_TEXT_LENGTH).toWellFormed()', ''],
  ]),
  faultsOf('lib/landing/store/land.ts', 'lib/landing/store/land', [
    ['.update(record)', '.update(record.subarray(0, 64))'],
    ['.update(requestId ?? randomUUID())', ''],
  ]),
  faultsOf('lib/landing/write/finishedEvents.ts', 'lib/landing/write/finishedEvents', [
    ['counts[hour] ??= {}', 'counts[hour] ??= this.#inHour'],
  ]),
  faultsOf('lib/landing/write/lookAtLanding.ts', 'lib/landing/write/lookAtLanding', [
    ['send(bodies)', 'send(bodies).catch(() => undefined)'],
    ['for (const note of notes.of(object)) keptNotes.add(note);', ''],
    ['> agesReached(lastLook - modifiedAt)', '> 0'],
  ]),
  faultsOf('lib/landing/write/openObject.ts', 'lib/landing/write/openObjects.contract', [
    ['body.destroy();\n    await', 'await'],
  ]),
  faultsOf('lib/landing/write/removeWritten.ts', `lib/landing/write/lookAtLanding ${WRITE}`, [
    ['remaining.map(({ key }) => ({ key, why: errorName(error) }))', '[]'],
    ['&& !answer.gone.includes(key)', ''],
    ['removeAll(remaining)', "removeAll(remaining.map(({ key }) => ({ key, eTag: '*' })))"],
    ['tries: 3', 'tries: 1'],
  ]),
  faultsOf('lib/landing/write/writeMessages.ts', 'functions/write/handler.contract', [
    ['messages ?? []).', 'messages ?? []).slice(0, 1).'],
    ['deadline) return false', 'deadline) return true'],
  ]),
  faultsOf('lib/landing/write/writeObjects.ts', WRITE, [
    ['await this.#writer.store.removeAll(anyVersion(put)).catch(() => []);', ''],
    ['await writeNote(store, version, { written: true, why, events: counter.counts });', 'void 0;'],
    [', events: counter.counts', ''],
    ['{ from: at, events }', '{ from: at }'],
    ['      for (const object of ended) await this.#putAside(object);\n', ''],
    ['{ ...as, expected: object.putETag }', 'as'],
    [
      'await store.write(key, body, { contentType, signal });',
      'void store.write(key, body, { contentType, signal }).catch(() => 0);',
    ],
  ]),
  faultsOf('lib/landing/write/writeObjects.ts', 'lib/landing/write/openObjects.contract', [
    ['    this.#notes = undefined;\n', ''],
  ]),
  faultsOf('lib/landing/write/writeRound.ts', 'lib/landing/write/refusedLines.contract', [
    ['this.#refusedOfKind.get(lines.kind) ?? 0', 'this.refused.length'],
  ]),
  faultsOf('lib/ledger/LedgerEntry.ts', 'lib/ledger/ledger', [['(entry), attempts: 0', '(entry)']]),
  faultsOf('lib/ledger/erasureNotes.ts', 'lib/ledger/erasureNotes lib/curate/lostFiles', [
    ['before, ...replaced', 'replaced'],
    ['get(name) === tag', 'has(name)'],
  ]),
  faultsOf('lib/ledger/ledgerStore.ts', 'lib/drops/plan/oldestFirst.contract', [['a.at - b.at', '0']]),
  faultsOf('lib/ledger/sweepVersions.ts', 'lib/ledger/sweepVersions', [
    ['after = keys.at(-1);', 'after = undefined;'],
    ['await landing.remove([key]);', 'void landing.remove([key]).catch(() => 0);'],
  ]),
  faultsOf('lib/ledger/turns.ts', 'lib/ledger/turns', [
    ['share || isDue(day, span)', 'share'],
    ['isKnown(day) && ', ''],
  ]),
  faultsOf('lib/ledger/versionFiles.ts', 'lib/ledger/versionFiles', [
    ['[...lackingDays(before), ...always]', 'always'],
    ['isWhole && noted', 'noted'],
    ['([, lacks]) => !lacks', '() => true'],
    ['items.at(-1)?.key ?? `${folder}:`', '`${folder}:`'],
  ]),
  faultsOf('lib/parquet/pageChecksums.ts', 'lib/parquet/verifyPages.contract', [['piece, crc', 'piece']]),
  faultsOf('lib/reconcile/judgeHour.ts', 'lib/reconcile/judgeHour', [
    ['Math.max(events + equal, isExact ? finished : 0)', 'events + equal'],
  ]),
  faultsOf('lib/reconcile/reconcileDays.ts', 'lib/reconcile/reconcileDays lib/reconcile/waitingHours', [
    ['      failures.push(error);\n', '      throw error;\n'],
  ]),
  faultsOf('lib/reconcile/waitingObjects.ts', 'lib/reconcile/reconcileDays lib/reconcile/waitingHours', [
    ['time.from < from + HOUR_MS', 'time.to < from + HOUR_MS'],
  ]),
  faultsOf('lib/relay/CopyKeeper.ts', 'lib/relay/CopyKeeper', [
    ['await put(key, text, left())', 'void put(key, text, left()).catch(() => 0)'],
    ['choice.redacted', 'choice.redacted || redaction === null'],
    ['redaction.event(shared)', 'shared'],
  ]),
  faultsOf('lib/relay/Tries.ts', 'lib/relay/relayMessages', [
    ['await store.write', 'void store.write'],
    ['since >= TRIED_MS', 'copy.keptAt >= MAX_AGE_MS'],
  ]),
  faultsOf('lib/relay/relayMessages.ts', 'lib/relay/relayMessages', [
    ['await relayer.queues.bury(body)', 'void relayer.queues.bury(body).catch(() => 0)'],
    ['object.key, object.eTag', "object.key, '*'"],
    ['message.sentAt', 'copy.keptAt'],
    ['message.receives', '1'],
    ['await store.remove(object.key, object.eTag);', ''],
    ['stay(message, 0, relayer);\n    }', 'true;\n    }'],
  ]),
  faultsOf('lib/schema/fields/layout.ts', 'lib/schema/fields/layout', [
    ['isIsoDayFolder && i === last', 'i < 0'],
    ['?<month>[1-9]\\d?', '?<month>\\d'],
  ]),
  faultsOf('lib/schema/mapping/tableMapping.ts', 'lib/schema/bounds', [
    ['MOST_COLUMNS = 500', 'MOST_COLUMNS = 501'],
  ]),
  faultsOf('lib/tables/tableFolders.ts', 'lib/access/exportSession.contract', [
    [': tableFolders(layout, kind)', ': [tableFolder(layout, kind)]'],
  ]),
  faultsOf('lib/wire/decodeBody.ts', 'lib/wire/decodeBody', [['    remainingBytes -= buffer.length;\n', '']]),
  faultsOf('lib/wire/keys/KeyCache.ts', 'lib/wire/keys/KeyGate', [
    ['Promise.race([this.#underWay, late.promise])', 'this.#underWay'],
    ['this.#failure = described.code;', ''],
  ]),
  faultsOf('observe/facts/days/curatedTable.ts', 'observe/facts/days/curatedCalendar', [
    ['return now - (entry?.queued?.at ?? now) > DAY_MS', 'return entry?.queued !== undefined'],
  ]),
  faultsOf('observe/facts/days/dropsPage.ts', 'observe/manyDatasets.contract', [
    ['cursorOf(needs.get(last) ?? null, last)', 'null'],
    ['lines, isAll ? span : { days: 0 }', 'lines, span'],
    ['i >= first || always.has(day)', 'i >= first'],
  ]),
  faultsOf('observe/facts/days/files/fileVersions.ts', PAGES, [
    ['VersionIdMarker: answer.NextVersionIdMarker', 'VersionIdMarker: undefined'],
  ]),
  faultsOf('observe/facts/days/files/goneFiles.ts', 'operate/restore.contract', [
    ['own = files.at(-1)', 'own = files[1]'],
  ]),
  faultsOf('observe/facts/days/ledgerDays.ts', 'observe/manyDatasets.contract', [
    ['const PARALLEL = 48;', 'const PARALLEL = 16;'],
  ]),
  faultsOf('observe/facts/days/pagesByNeed.ts', 'observe/manyDatasets.contract', [['a.rank - b.rank', '0']]),
  faultsOf('observe/facts/flow/overTime.ts', 'observe/facts/flow/overTime', [
    ["'ApproximateAgeOfOldestMessage', 'Maximum'", "'ApproximateAgeOfOldestMessage', 'Average'"],
  ]),
  faultsOf('observe/facts/flow/relayCopies.ts', 'operate/eraseComplete.contract', [
    [", readQueue(deployment, 'relay-dead-letters')", ''],
  ]),
  faultsOf('observe/facts/stackFaults.ts', 'e2e/changedByHand.proof', [['ResultConfiguration, ', '']]),
  faultsOf('observe/findings/judge/days/resends.ts', 'observe/judge/judge', [
    ['>= RESENT.times * low', '> RESENT.times'],
  ]),
  faultsOf('observe/findings/judge/Ringing.ts', 'observe/judge/judge', [
    ['for (const name of names) this.#left.delete(name);', ''],
  ]),
  faultsOf('observe/findings/judge/days/rawDays.ts', 'observe/judge/states', [
    ['kind && kept.every((keptDay) => keptDay.day !== lostDay.day)', 'kind'],
  ]),
  faultsOf('observe/findings/lastSight.ts', 'observe/findings/lastSight', [['isHidden(finding) &&', '']]),
  faultsOf('observe/live/deployedLive.ts', PAGES, [['      nextToken: page?.token,\n', '']]),
  faultsOf('observe/readLog.ts', PAGES, [[', nextToken', '']]),
  faultsOf('operate/curate/acceptLost.ts', 'cli/dryRun.contract observe/curatedDays.contract', [
    ['!dryRun && tables', 'tables'],
  ]),
  faultsOf('operate/requestedDays.ts', 'operate/ingest/requests.contract', [
    ['* DAYS_A_REQUEST)', '* DAYS_A_REQUEST - 1)'],
  ]),
  faultsOf('operate/ingest/requests.ts', 'operate/ingest/requests.contract', [
    ['asked,\n    sources', "asked: 'backfill' as const,\n    sources"],
  ]),
  faultsOf('operate/quarantine/redriveRecord.ts', 'operate/quarantine/redriveRecord.contract', [
    ['receivedAt <', 'receivedAt <= Number.MAX_VALUE && this.#rows.has(quarantineId) && 0 <'],
  ]),
  faultsOf('operate/redriveDamaged.ts', 'operate/redriveDamaged.contract', [
    ['remove(key, eTag)', 'remove(key)'],
    [', opened.eTag', ''],
    ['|| key.startsWith(damagedKey(againKey(DAMAGED_FOLDER, now)))', ''],
  ]),
  faultsOf('operate/redriveLanding.ts', 'operate/redriveLanding.contract', [
    ['if (dryRun) return', 'if (dryRun && messages === 0) return'],
    ['if (dryRun) return', 'if (dryRun || messages === 0) return'],
  ]),
  faultsOf('operate/relay/redriveCopies.ts', 'operate/relay/redriveCopies.contract', [
    ['await sendMessageOf(waitingKey)', 'void sendMessageOf(waitingKey)'],
    [
      `await sendMessageOf(waitingKey);
      await store.remove(Key, ETag);`,
      `await store.remove(Key, ETag);
      await sendMessageOf(waitingKey);`,
    ],
    ['Key, ETag', "Key, '*'"],
  ]),
  faultsOf('operate/restore.ts', 'operate/restore.contract', [['dataVersionDays + 1)', 'dataVersionDays)']]),
].flat();
