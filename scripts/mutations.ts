// biome-ignore-all lint/suspicious/noTemplateCurlyInString: faults are texts of code.
// Faults that `npm run mutate` puts into the product, one at a time: what a tired colleague could write. Each old text is in
// its file exactly once (test/repository/mutations.test.ts). Take short ones: they have to be mended when their line changes.

/** A fault, and who should see it. */
export interface Mutation {
  readonly file: string;
  readonly old: string;
  /** What takes its place. */
  readonly fault: string;
  /** Suites that see it, the nearest first. */
  readonly suites: readonly string[];
}

/** Faults of a file, as pairs of an old text and a fault. Suites are named without `test/` and `.test.ts`, between spaces. */
function of(file: string, suites: string, pairs: readonly (readonly [old: string, fault: string])[]) {
  const paths = suites.split(' ').map((suite) => `test/${suite}.test.ts`);
  return pairs.map(([old, fault]): Mutation => ({ file, old, fault, suites: paths }));
}

const PAGES = 'lib/aws/pages.contract';
const CURATE = 'lib/curate/curateTask.contract';
const OPERATE = 'operate/redrives.contract';

/** All of them. */
export const mutations: readonly Mutation[] = [
  // Counts of the writer.
  of('lib/landing/write/finishedEvents.ts', 'lib/landing/write/finishedEvents', [
    ['counts[hour] ??= {}', 'counts[hour] ??= this.#inHour'],
  ]),
  // Pieces.
  of('lib/drops/load/loadTask.ts', 'lib/drops/load/pieces.contract', [
    ['      await sendNextPiece(loader, task, known);\n', ''],
    ["failure.code === 'SLUICE_LOAD_FILES_CHANGING' && run !== undefined", 'false'],
  ]),
  of('lib/drops/load/loadDrop.ts', 'lib/drops/load/pieces.contract', [
    ['Math.max(longest, perByte * bytesOf(files))', 'longest'],
    ['reasonFor(fingerprint)', 'reason'],
  ]),
  // Keys.
  of('lib/wire/keys/KeyCache.ts', 'lib/wire/keys/KeyGate', [
    ['Promise.race([this.#underWay, late.promise])', 'this.#underWay'],
    ['this.#keyring === undefined ? AFTER_FIRST_FAILURE : ', ''],
    ['isNeeded ? deadline : Math.min(deadline, usual)', 'deadline'],
    ['this.#failure = described.code;', ''],
    ['this.#failures > 0', 'false'],
    [' || this.#isOlder(UNKNOWN_KEY_PAUSE_MS)', ''],
  ]),
  // Later pages of lists.
  of('lib/aws/gluePartitionCatalog.ts', PAGES, [['            NextToken: token,\n', '']]),
  of('lib/aws/glueViews.ts', PAGES, [['            NextToken: token,\n', '']]),
  of('lib/aws/customerBucket.ts', PAGES, [['{ ContinuationToken: next }', '{}']]),
  of('lib/aws/athenaStatements.ts', PAGES, [[', NextToken: token', '']]),
  of('lib/aws/exportBucket.ts', PAGES, [
    [': NextUploadIdMarker', ': undefined'],
    ['prefix, { token }', 'prefix'],
  ]),
  of('lib/aws/s3EraseBucket.ts', PAGES, [
    ['VersionIdMarker: answer.NextVersionIdMarker', 'VersionIdMarker: undefined'],
  ]),
  of('observe/facts/days/goneFiles.ts', PAGES, [
    ['VersionIdMarker: answer.NextVersionIdMarker', 'VersionIdMarker: undefined'],
  ]),
  of('lib/aws/landingBucket.ts', PAGES, [['prefix, { after }', 'prefix']]),
  of('lib/aws/landedTable.ts', PAGES, [
    ['location, { token }', 'location'],
    ['table, token, batch', 'table, undefined, some'],
  ]),
  of('lib/base/ObjectStore.ts', PAGES, [['prefix, { token }', 'prefix, { after: token }']]),
  of('lib/drops/listDrops.ts', PAGES, [['page.next', 'undefined']]),
  of('lib/drops/plan/lookElsewhere.ts', PAGES, [['next !== undefined', "next === ''"]]),
  of('lib/curate/publishViews.ts', PAGES, [['partitions(table, token)', 'partitions(table, undefined)']]),
  of('lib/landing/catalog/catalogCalls.ts', PAGES, [['{ token, folders: true }', '{ folders: true }']]),
  of('lib/landing/catalog/registerPartitions.ts', 'lib/landing/catalog/existingPartitions', [
    ['table.name, token', 'table.name, undefined'],
  ]),
  of('lib/ledger/LandingBucket.ts', CURATE, [['after !== undefined', 'after === null']]),
  of('lib/ledger/sweepVersions.ts', 'lib/drops/load/sweepVersions.contract', [
    ['after = keys.at(-1);', 'after = undefined;'],
    ['await landing.remove([key]);', 'void landing.remove([key]).catch(() => 0);'],
  ]),
  of('observe/readLog.ts', PAGES, [[', nextToken', '']]),
  of('observe/live/deployedLive.ts', PAGES, [['      nextToken: page?.token,\n', '']]),
  // Messages that the queue hands out again.
  of('lib/drops/load/loadMessages.ts', 'lib/drops/load/loadMessages.contract', [
    ["'busy' || loaded.outcome === 'handed_back'", "'busy'"],
    ["busy' || loaded.outcome === '", ''],
    ['loaded.again', 'false'],
    ['swept.failed === 0', 'true'],
    ['(await look(loader, invocation)) && swept', 'swept && (await look(loader, invocation))'],
    ["error', event: 'ingest_files", "error', event: 'ingest_load"],
    ['(error) });\n    return false', '(error) });\n    return true'],
    ['receives >= tries', 'receives > tries'],
  ]),
  of('lib/curate/curateMessages.ts', CURATE, [
    [" && done.outcome !== 'handed_back'", ''],
    ['receives >= tries', 'receives > tries'],
  ]),
  of('lib/curate/planMessages.ts', 'lib/curate/changes.contract', [
    ['if (work.deployments.some((id) => failures.has(id))) failures.add(publishing);\n  else', ''],
  ]),
  of('lib/export/exportMessages.ts', 'lib/export/runRequest.contract lib/export/runTask.contract', [
    ['lasting.length < failed.length', 'false'],
    ["done.outcome === 'busy' ||", ''],
    ['? !(await runRequest(exporter, message)).again', '? ((await runRequest(exporter, message)), true)'],
    [': !(await runTask(exporter, message))', ': ((await runTask(exporter, message)), true)'],
  ]),
  of('lib/drops/plan/planMessages.ts', 'lib/drops/plan/runPlan.contract', [
    ['plan.failed.some(({ transient }) => transient)', 'false'],
    ['await runPlan(planner, request)', '(await runPlan(planner, request), { again: false })'],
  ]),
  of('lib/landing/write/writeMessages.ts', 'functions/write/handler.contract', [
    ['messages ?? []).', 'messages ?? []).slice(0, 1).'],
    ['deadline) return false', 'deadline) return true'],
  ]),
  of('lib/landing/quarantineWriter.ts', 'lib/landing/quarantineWriter', [
    ['.slice(0, MAX_TEXT_LENGTH).toWellFormed()', ''],
  ]),
  // What is to be deleted later, and what a role may.
  of('lib/curate/publishVersion.ts', 'lib/curate/kills.contract', [
    ['await landing.putNote(key);', 'void landing.putNote(key).catch(() => 0);'],
  ]),
  of('lib/curate/makeSlice.ts', 'lib/curate/kills.contract', [
    [
      'await landing.putNote(versionNoteKey(note));',
      'void landing.putNote(versionNoteKey(note)).catch(() => 0);',
    ],
  ]),
  of(
    'lib/drops/load/publishVersion.ts',
    'lib/drops/load/sweepVersions.contract lib/drops/load/failedDays.contract',
    [
      [
        'await landing.putNote(versionNoteKey({ due, table, day, version: replaced }));',
        'void landing.putNote(versionNoteKey({ due, table, day, version: replaced })).catch(() => 0);',
      ],
      ['await landing.remove(stale);', 'void landing.remove(stale).catch(() => 0);'],
    ],
  ),
  of('infra/roles/functionRoles.ts', 'permissions/landing.proof', [['LANDING_NOTES, .', '.']]),
  of('infra/roles/relayRoles.ts', 'permissions/landing.proof', [[", 's3:DeleteObject'", '']]),
  of('infra/roles/customerAccess.ts', 'infra/customerKeys', [
    ['kmsViaS3({ region })', "kmsViaS3({ region: 'us-east-1' })"],
  ]),
  of('infra/roles/exportRole.ts', 'permissions/export.proof', [[", 's3:AbortMultipartUpload'", '']]),
  of('lib/aws/taskQueue.ts', 'lib/drops/plan/runPlan.contract', [['{ MessageGroupId }', '{}']]),
  of('observe/facts/days/curatedDays.ts', 'observe/curatedDays.contract', [
    [') && now - (entry?.queued?.at ?? now) > DAY_MS', ')'],
    ['(now - (entry?.queued?.at ?? now) > DAY_MS', '(entry?.queued'],
  ]),
  // What commands answer a script.
  of('cli/commands/doctor.ts', 'cli/exitCodes.story', [['problems > 0 ? 3 : ', '']]),
  of('cli/commands/status.ts', 'cli/exitCodes.story', [['answer.isWell ? 0 : 3', '0']]),
  of('cli/commands/relay.ts', 'cli/exitCodes.story', [['state.refused.length === 0 ? 0 : 3', '0']]),
  of('cli/commands/ingest.ts', 'cli/exitCodes.story', [
    ['hasProblems ? 3 : ', ''],
    ["state === 'failed' ||", ''],
    ['page.rows.length > 0 ? 3 : ', ''],
  ]),
  of('cli/commands/export.ts', 'cli/exitCodes.story', [['(entry))) ? 3 : 0', '(entry))) ? 0 : 0']]),
  of('cli/commands/curate.ts', 'cli/exitCodes.story', [["['failed', 'lacking']", "['lacking']"]]),
  of('cli/commands/trace.ts', 'cli/exitCodes.story', [
    ['d: 86_400_000', 'd: 600_000'],
    ["result.state === 'nowhere' ? 3 : ", ''],
  ]),
  // Files of customers.
  of('lib/schema/fields/layout.ts', 'lib/schema/fields/layout', [
    ['isValue && i === last', 'i < 0'],
    ['?<month>[1-9]\\d?', '?<month>\\d'],
  ]),
  of('lib/drops/mapping/jsonText.ts', 'lib/drops/mapping/jsonTexts.contract', [
    ['NOT ${isJson(text)} AND ${isJson(nulls)}', '${isJson(text)}'],
  ]),
  of('lib/drops/load/pagesFit.ts', 'lib/drops/load/pagesFit', [['(groups > 1 ? threads + 2 : 1)', '1']]),
  // Between two workers.
  of('lib/curate/curationRun.ts', 'lib/curate/curationRun', [
    ['wanted.kept.version !== known.version', 'false'],
    ['rawRows || rows', 'rawRows && rows'],
  ]),
  of('lib/curate/publishVersion.ts', CURATE, [
    ['if (renewed === null) return null;', ''],
    ['if (settled === null) return null;', ''],
    ['raw.fingerprint !== made.fingerprint', 'false'],
    ['fingerprintFiles(before) !== made.kept.fingerprint', 'false'],
    ['if (extra.length > 0) await landing.remove(extra);', ''],
    ['  await requireTableOfToday(curator, kind, attempts);\n', ''],
    ['missing.size > 0', 'missing.size > files.length'],
    ['&& noteKey !== key', '&& other === key'],
  ]),
  of('lib/curate/curateTask.ts', CURATE, [
    ['if (current.fingerprint !== fingerprint) await takeOutDay(curator, kind, day, entry);', ''],
    ["if (ended === null) return { outcome: 'lost' };", ''],
    ["if (settled === null) return { outcome: 'lost' };", ''],
    ['lost.length > 0 && kept.length !== known?.filesWritten?.length', 'false'],
    ['isFinal || run.isLastAttempt', 'isFinal'],
    ["if (failure !== null) return { outcome: 'handed_back', failure };", ''],
  ]),
  of('lib/curate/decideDay.ts', 'lib/curate/decideDay', [
    ['entry?.version === version && ', ''],
    ['=== version && !isLacking', '=== version'],
    ['lease.until > now', 'lease.until >= now - 1'],
    ['keeps === lost.length > 0', 'true'],
  ]),
  of('lib/curate/checkDays.ts', `${CURATE} lib/curate/planDays.contract`, [
    ['if (listed.fingerprint === fingerprint && listed.shape === shape) ', ''],
  ]),
  of('lib/curate/planDays.ts', `${CURATE} lib/curate/planDays.contract`, [
    ['if (hasBegun || ', 'if ('],
    ['(queued?.at ?? now) > DAY_MS', '(queued?.at ?? now) > 0'],
    [
      '(bodies.map((body) => JSON.stringify(body)))',
      '(bodies.map((body) => JSON.stringify(body))).catch(() => 0)',
    ],
    ['  await publish(plans.some(({ chosen }) => chosen.length > 0));\n', ''],
  ]),
  of('lib/curate/planDays.ts', 'lib/curate/lookAtDays', [[', ...unseen])', '])']]),
  of('lib/curate/ListedDays.ts', 'lib/curate/ListedDays', [
    ['|| before.version > entry.version', ''],
    ['undefined || !isSameDay(seen, entry)', 'undefined'],
    ['now - known.updatedAt > TAKEN_BACK_MS', 'true'],
    ['?.eTag ?? null))', '?.eTag ?? null) || true)'],
  ]),
  of('lib/curate/lostFiles.ts', 'lib/curate/ListedDays', [
    ['forwardedDays - timeWindow.futureDays', 'forwardedDays'],
    ["accepted === 'drop'", "accepted === 'keep'"],
    ['undefined && isMade(run)', 'undefined'],
  ]),
  of('lib/export/exportDay.ts', 'lib/export/exportDay.contract', [
    ['    claim = renewed;\n', ''],

    ["(renewed === null) return { outcome: 'lost' }", '(renewed === null) void 0'],
    ['copies.every', 'copies.some'],
  ]),
  of('lib/drops/load/publishVersion.ts', 'lib/drops/load/loadTask.contract', [
    ['(renewed === null) return false;\n  progress', '(renewed !== null) progress'],
  ]),
  of('lib/landing/write/writeObjects.ts', 'lib/landing/write/writeObjects.contract', [
    ['    if (this.done.failed.has(key)) return false;\n', ''],
    ['await this.#writer.store.removeAll(anyVersion(put)).catch(() => []);', ''],
    ['if (at === from || this.done.failed.has(version.key)) return;', ''],
    ['await writeNote(store, version, { written: true, why, events: counter.counts });', 'void 0;'],
    [', events: counter.counts', ''],
    ['{ from: at, events }', '{ from: at }'],
    ['deleted.has(version.key)', 'true'],
    ['if (!isRedriven(key)) ', ''],
    ['      for (const object of ended) await this.#putAside(object);\n', ''],
    ['{ ...as, expected: object.putETag }', 'as'],
    [
      'await store.write(key, body, { contentType, signal });',
      'void store.write(key, body, { contentType, signal }).catch(() => 0);',
    ],
  ]),
  of('lib/landing/write/openObjects.ts', 'lib/landing/write/openObjects.contract', [
    ['i > 0 && this.#held + asked > AHEAD_BYTES', 'false'],
    ['body.destroy();\n    await', 'await'],
  ]),
  of('lib/landing/write/writeObjects.ts', 'lib/landing/write/openObjects.contract', [
    ['    this.#notes = undefined;\n', ''],
  ]),
  of('lib/ledger/versionFiles.ts', 'lib/ledger/versionFiles', [
    ['before[version] ?? ', ''],
    ['[...lackingDays(before), ...always]', 'always'],
    ['isWhole && noted?.mark === entries.get(day)', 'isWhole'],
    ['isWhole && noted', 'noted'],
    ['if (isNews) await', 'await'],
    ['if (clock.now() - noted >= NOTE_EVERY_MS) await note();', ''],
    ['([, lacks]) => !lacks', '() => true'],
    ['keys.at(-1) ?? `${folder}:`', '`${folder}:`'],
  ]),
  of('lib/ledger/turns.ts', 'lib/ledger/turns', [
    ['share || isDue(day, span)', 'share'],
    ['elapsed >= every || ', 'true || '],
    ['at > now ? Number', 'false ? Number'],
    ['?? 0) <= look.at', '?? 0) <= Number.POSITIVE_INFINITY'],
    ['isKnown(day) && ', ''],
  ]),
  of('lib/curate/lookAtDays.ts', 'lib/curate/lookAtDays', [
    ["if (clock.now() >= until) return 'late';", ''],
    ["if (isOutOfTime(error)) return 'late';", ''],
    ['hasFolder, entry];', 'hasFolder];'],
    ['await note(table.kind, lookOf(noted));', ''],
  ]),
  of('lib/ledger/movePartition.ts', 'lib/ledger/movePartition', [
    ["moved !== 'EntityNotFoundException'", 'false'],
    ["|| made === 'AlreadyExistsException'", ''],
  ]),
  of('lib/ledger/LedgerEntry.ts', 'lib/ledger/ledger', [['(entry), attempts: 0', '(entry)']]),
  of('lib/ledger/Ledger.ts', 'lib/ledger/ledger', [
    ['(lease !== undefined && lease.until > clock.now()) return {', '(lease === undefined) return {'],
    ['if (seen !== undefined && stored?.entry.token !== seen?.token) return false;', ''],
    ['if (there?.entry.token === entry.token) return there;', ''],
    ['=== fingerprint', '!== fingerprint'],
    ['?.entry.lease?.owner !== claim.owner', ' === null'],
  ]),
  of('cli/commands/keys.ts', 'cli/keys.contract', [
    ['if (await secret.replace(edit(text), version))', 'await secret.replace(edit(text), version);'],
  ]),
  // After an error, or an answer that is one in part.
  of('lib/aws/partialAnswers.ts', 'lib/aws/partialAnswers.contract', [
    ['Errors.map(({ Key', '[].map(({ Key'],
    ['Successful.map(({ Id }) => Id)', 'Array.from({ length: 10 }, (_, i) => String(i))'],
    ['Errors.map(({ PartitionValues,', '[].map(({ PartitionValues,'],
    ['Errors.map(({ PartitionValueList,', '[].map(({ PartitionValueList,'],
    ["|| state === 'cancelled'", ''],
  ]),
  of('lib/relay/Tries.ts', 'lib/relay/relayMessages', [
    ['await store.write', 'void store.write'],
    ['since >= TRIED_MS', 'copy.keptAt >= MAX_AGE_MS'],
    ['>= MAX_AGE_MS', '> MAX_AGE_MS'],
  ]),
  of('lib/relay/relayMessages.ts', 'lib/relay/relayMessages', [
    ['await relayer.queues.bury(body)', 'void relayer.queues.bury(body).catch(() => 0)'],
    ['given, eTag', "given, '*'"],
    ['message.sentAt', 'copy.keptAt'],
    ['message.receives', '1'],

    ['if (afterMs !== null) return stay(message, afterMs, relayer);', ''],
    ['await store.remove(given, eTag);', ''],
    ['stay(message, 0, relayer);\n    }', 'true;\n    }'],
  ]),
  of('lib/relay/CopyKeeper.ts', 'lib/relay/CopyKeeper', [
    ['await put(key, text, left())', 'void put(key, text, left()).catch(() => 0)'],
    [': recounted(headers, shown.events)', ''],
    ['choice.redacted', 'choice.redacted || redaction === null'],
  ]),
  of('lib/collect/rows.ts', 'lib/collect/collectBatch', [
    ['? corrected', '? sent'],
    ['corrected >', 'sent >'],
    ['< YEAR_2000_MS', '<= YEAR_2000_MS'],
  ]),
  of('infra/serverless/service.ts', 'infra/ownSettings', [
    ["      functionResponseType: 'ReportBatchItemFailures',\n", ''],
  ]),
  of('lib/access/sessionPolicies.ts', 'lib/access/sessionPolicies.contract', [
    ['tableFolders(layout, kind)', '[tableFolder(layout, kind)]'],
  ]),
  of('lib/reconcile/hourCounts.ts', 'lib/reconcile/reconcileDays', [
    ['share < 1', 'false'],
    [' + sum(preflights.name, MINUTE_MS)', ''],
  ]),
  of('lib/reconcile/judgeHour.ts', 'lib/reconcile/judgeHour', [
    ['facts.areCopies ? 0 : ', ''],
    ['Math.max(events + equal, isExact ? finished : 0)', 'events + equal'],
    ['events + equal', 'events'],
    ['gone > 0 ? rows.unread : ', ''],
  ]),
  of('lib/reconcile/reconcileDays.ts', 'lib/reconcile/reconcileDays', [
    ['now < to + afterMs', 'false'],
    ['{ expected: eTag }', '{}'],
    ['from < from + HOUR_MS + RECORD_MS', 'to < from + HOUR_MS'],
    ['= MINUTE_MS', '= 0'],
    ['isExpired(config, kind, now - from) ? accepted : ', ''],
    ['if (modifiedAt < since) continue;', ''],
    ['      failures.push(error);\n', '      throw error;\n'],
    ["('/') || isRedriven(key)", "('/')"],
    [' || notes.written(object) !== undefined', ''],
  ]),
  of('lib/landing/LandingNotes.ts', 'lib/landing/LandingNotes lib/landing/write/lookAtLanding', [
    ['Math.floor(modifiedAt / 1000)', 'modifiedAt'],
    ['throwsConflict: true', 'throwsConflict: false'],
    ['.filter((_, i) => stored[i] !== null)', ''],
    ["['written', null]", "['written', undefined]"],
  ]),
  of('lib/landing/lines/gzipMember.ts', 'lib/landing/lines/LandedObject', [
    ['isSum && isLength', 'isSum || isLength'],
    ['isSum ? at + 4 :', 'isSum ? end :'],
    ['length - HEADER.length + 1', 'length'],
  ]),
  of('lib/landing/lines/LandedReader.ts', 'lib/landing/lines/LandedObject', [['|| !beginsAsRow(text)', '']]),
  of('lib/landing/lines/landedLines.ts', 'lib/landing/lines/LandedObject', [
    ['> MOST_OTHERS', '> 2 * MOST_OTHERS'],
  ]),
  of('lib/landing/lines/landedLines.ts', 'lib/landing/write/finishedEvents', [
    ['row[found - 1] !== QUOTE', 'false'],
  ]),
  of('lib/landing/heldTimes.ts', 'lib/reconcile/reconcileDays', [
    ['Math.min(at, last)', 'at'],
    ['from + MINUTE_MS', 'from'],
  ]),
  of('lib/landing/lines/Skipped.ts', 'lib/landing/lines/LandedObject', [
    ['whole, ...this.#broken', 'broken, ...this.#whole'],
    [' || !isUtf8(bytes)', ''],
  ]),
  of('lib/landing/write/lookAtLanding.ts', 'lib/landing/write/lookAtLanding', [
    ['if (bodies.length < MOST_SENT) ', ''],
    ['    if (!isLanded(key)) continue;\n', ''],

    ['send(bodies)', 'send(bodies).catch(() => undefined)'],
    ['    if (left.has(object.key)) continue;\n', ''],
    ['for (const note of notes.of(object)) kept.add(note);', ''],
    ['agesReached(last - modifiedAt) &&', '0 &&'],
    ['.filter(({ key }) => deleted.has(key))', ''],
  ]),
  of(
    'lib/landing/write/removeWritten.ts',
    'lib/landing/write/lookAtLanding lib/landing/write/writeObjects.contract',
    [
      ['remaining.map(({ key }) => ({ key, why: errorName(error) }))', '[]'],
      ['&& !answer.gone.includes(key)', ''],
      ['removeAll(remaining)', "removeAll(remaining.map(({ key }) => ({ key, eTag: '*' })))"],
      ['tries < TRIES', 'tries < 1'],
    ],
  ),
  of('lib/landing/catalog/rawDays.ts', 'lib/landing/catalog/rawDays', [
    [
      'await store.write(key, JSON.stringify(next), { expected: stored?.eTag ?? null });',
      'void store.write(key, JSON.stringify(next), { expected: stored?.eTag ?? null }).catch(() => 0);',
    ],
    ['at - SETTLED_MS', 'at'],
    [' && (wasLost || known.seenAt > (await erasedAt()))', ''],
    ['wasLost || known', 'known'],
    ['known.seenAt,', 'now,'],
    ['forwardedDays - config.timeWindow.futureDays', 'forwardedDays'],
    ['{ expected: stored?.eTag ?? null }', '{}'],
  ]),
  of('lib/ledger/erasureNotes.ts', 'lib/ledger/ledger lib/curate/ListedDays', [
    ['undefined || endedAt >= listedAt', 'undefined'],
    ['undefined && now - at < STOPPED_AFTER_MS', 'undefined'],
    ['before, ...replaced', 'replaced'],
    ['get(name) === tag', 'has(name)'],
  ]),
  of('lib/ledger/sweepVersions.ts', 'lib/drops/load/sweepVersions.contract', [
    ["if (!isStillDue) return 'kept';", ''],
    ['location !== null', 'location === undefined'],
    ['table && known.version === version', 'table'],
    ['note.due <= clock.now()', 'true'],
  ]),
  of('lib/ledger/sweepVersions.ts', 'lib/drops/load/pieces.contract', [
    ["if (run?.version === note.version) return 'kept';", ''],
  ]),
  of('observe/findings/judge/place.ts', 'observe/judge', [
    ["state === 'ALARM'", "state !== 'OK'"],
    ['for (const name of names) this.#left.delete(name);', ''],
  ]),
  of('observe/facts/stackFaults.ts', 'e2e/changedByHand.story', [['ResultConfiguration, ', '']]),
  of('observe/findings/judge/landing.ts', 'observe/judge', [['(quotaShare ?? 0) >=', '(quotaShare ?? 0) >']]),
  of('observe/findings/judge/tables.ts', 'observe/judge', [
    ['kind && kept.every((one) => one.day !== day)', 'kind'],
  ]),
  of('observe/findings/judge/days.ts', 'observe/judge', [
    ['>= RESENT.times * usualOf(one)', '> RESENT.times'],
  ]),
  of('observe/facts/flow/changes.ts', 'observe/changes', [
    ['count >= (usual', 'count > (usual'],
    ['count >= RISE *', 'count > RISE *'],
    ['>= SILENT_PERIODS', '> SILENT_PERIODS'],
  ]),
  of('lib/drops/judgeByLogs.ts', 'lib/drops/judgeByLogs', [
    ["name.includes('/')", 'false'],
    ['if (!deleted.has(key)) ', ''],
    ['if (missing >= 0)', 'if (missing > 1e9)'],
  ]),
  of('lib/drops/Drop.ts', 'lib/drops/judgeByLogs', [[' && !committed.has(by)', '']]),
  of('lib/drops/load/skipReason.ts', 'lib/drops/load/logs.contract', [
    ["if (lacksCommit(drop, entry)) return 'marker';", ''],
  ]),
  of('lib/drops/load/loadDrop.ts', 'lib/drops/load/pieces.contract', [
    ['(run?.plans ?? 0) + ', ''],
    ["if (!isWhole) return 'outdated';", ''],
    [': run.hasProblems === true', ': false'],
    ['if (!(await record(load, run))) return null;\n    ', ''],
  ]),
  of('lib/drops/plan/decideDay.ts', 'lib/drops/plan/decideDay', [['now || isUnderWay', 'now']]),
  of('lib/drops/usualRows.ts', 'lib/drops/usualRows', [
    [' && one.missingSince === undefined', ''],
    ['accepted === true || share', 'share'],
    [' && !lacksRows(one)', ''],
  ]),
  of('observe/facts/days/equalFiles.ts', 'observe/equalFiles', [[' || accepted === true', '']]),
  of('lib/aws/secrets.ts', 'cli/keys.contract', [
    [
      "(error instanceof Error && error.name === 'InvalidParameterException') return false",
      "(error instanceof Error && error.name === 'InvalidParameterException') return true",
    ],
  ]),
  of('lib/base/retry.ts', 'lib/base/retry', [['  await wait(pauseMs);\n', '  void wait(pauseMs);\n']]),
  of('lib/base/claim.ts', 'lib/base/claim', [
    ['current?.claim?.owner === owner ? heldClaim(current.eTag) : ', ''],
    ['remove(key, eTag)', "remove(key, '*')"],
  ]),
  of('lib/base/Breaker.ts', 'lib/landing/store/StreamBreaker', [
    ['this.#probeAt = now + this.#pauseMs();\n    ', ''],
  ]),
  of('lib/landing/store/land.ts', 'lib/landing/store/land', [
    ['&& left >= FAIR_CALL_MS', ''],
    ['.update(record)', '.update(record.subarray(0, 64))'],
    ['.update(requestId ?? randomUUID())', ''],
  ]),
  of('lib/wire/decodeBody.ts', 'lib/wire/decodeBody', [
    ['    left -= inflated.length;\n', ''],
    ['last.slice(0, 40)', 'last'],
  ]),
  of('lib/parquet/verifyPages.ts', 'lib/parquet/checksums.contract', [['piece, crc', 'piece']]),
  of('lib/parquet/EngineError.ts', 'lib/parquet/engineFailure', [['.slice(0, MAX_SENTENCE)', '']]),
  of('lib/aws/assumedRole.ts', 'lib/aws/ownSession.contract', [['.slice(0, SESSION_NAME_LENGTH)', '']]),
  of('lib/drops/load/sendReceipt.ts', 'lib/drops/load/receipts.contract', [
    ['entry.receipt?.failingSince ?? ', ''],
  ]),
  of('cli/terminal/output.ts', 'cli/terminal/output', [
    ['visibleLine(cell(row[name]))', 'cell(row[name])'],
    ['[visibleLine(name), ', '[name, '],
  ]),
  of('console/api/live.ts', 'console/pages.story', [
    ['{ row: null }', '{}'],
    ['shortText(value, BRIEF)', 'value'],
  ]),
  of('lib/relay/Target.ts', 'lib/relay/Target', [
    ['now < until ? times : ', ''],
    ['Math.max(until, now + Math.max(afterMs, ownMs))', 'now + Math.max(afterMs, ownMs)'],
  ]),
  of('lib/relay/RelayCopy.ts', 'lib/relay/relayMessages', [
    ["parseRelayWaitingKey(read['key']) === null ? null : ", ''],
  ]),
  of('lib/relay/redactBody.ts', 'lib/relay/CopyKeeper', [['redaction.event(common)', 'common']]),
  of('infra/alarms/alarm.ts', 'infra/alarms', [
    ["'GreaterThanOrEqualToThreshold'", "'GreaterThanThreshold'"],
  ]),
  of('infra/alarms/dropAlarms.ts', 'infra/alarms', [
    ['days_failed,\n', 'datasets_unreadable,\n'],
    ['if (exports.length === 0) ', ''],
  ]),
  of('infra/alarms/curateAlarms.ts', 'infra/alarms', [['(curations_failed)', '(curations_waiting)']]),
  of('lib/landing/catalog/registerMessages.ts', 'lib/landing/catalog/registerMessages', [
    ['ours[index]', 'messages[index]'],
  ]),
  of('lib/ledger/ledgerStore.ts', 'lib/drops/plan/oldestFirst.contract', [['a.at - b.at', '0']]),
  of('lib/drops/plan/lateDrops.ts', 'lib/drops/plan/expectedDrops.contract', [
    ['at || open.includes(day)', 'at'],
    [': due.map(({ day }) => day)', ': []'],
  ]),
  of('lib/drops/plan/planMessages.ts', 'lib/drops/plan/splitSources.contract', [
    ['missing + failed', 'failed'],
    ['&& missing >= left', ''],
    ['!isRun && new Set', 'new Set'],
  ]),
  of('lib/drops/plan/newerFiles.ts', 'lib/drops/plan/newerFiles', [
    ['entry === entry.eTag ? known.writtenAt : 0', 'writtenAt'],
    ['isEnd && round === undefined ? [] : told', '[]'],
  ]),
  of('lib/drops/plan/decideDay.ts', 'lib/drops/plan/decideDay', [['known?.lease', 'entry?.lease']]),
  of('lib/export/planExports.ts', 'lib/export/planExports.contract', [
    ['entry?.files ?? ', ''],
    ['reason }, seen', 'reason }'],
  ]),
  of('infra/streams/queues.ts', 'infra/resources.contract', [
    ['          [`${deadLetters}Policy`]: queuePolicy(deadLetters, rules),\n', ''],
  ]),
  of('infra/streams/schedules.ts', 'infra/resources.contract', [
    ['MaximumRetryAttempts: 10', 'MaximumRetryAttempts: 0'],
    [', deadLetters', ''],
  ]),
  of('infra/streams/objectCreatedRules.ts', 'infra/resources.contract', [
    ["          DeadLetterConfig: { Arn: getAtt(idOf(part, 'DeadLetterQueue')) },\n", ''],
  ]),
  of('infra/data/bucket.ts', 'infra/resources.contract', [
    ["VersioningConfiguration: { Status: 'Enabled' },", ''],
    [', sub(`\\${${id}.Arn}/*`)', ''],
    ['rule.versionDays', '1'],
  ]),
  // By hand.
  of('cli/commands/reconcile.ts', 'e2e/receivedHours.story', [['return closes ? 0 : 3;', 'return 0;']]),
  of('operate/relay/redriveCopies.ts', OPERATE, [
    ['if (dryRun) return;', ''],
    ['      await sqs.', '      void sqs.'],
    [
      `await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: writeRelayedKey(waitingKey) }));
      await store.remove(Key, ETag);`,
      `await store.remove(Key, ETag);
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: writeRelayedKey(waitingKey) }));`,
    ],
    ['>= MAX_AGE_MS', '> MAX_AGE_MS'],
    ['Key, ETag', "Key, '*'"],
  ]),
  of('operate/redriveLanding.ts', OPERATE, [
    ['if (dryRun) return', 'if (dryRun && messages === 0) return'],
    ['if (dryRun) return', 'if (dryRun || messages === 0) return'],
    ['now - modifiedAt >= UNTRIED_MS', 'true'],
  ]),
  of('operate/redriveDamaged.ts', OPERATE, [
    ['remove(key, eTag)', 'remove(key)'],
    [', opened.eTag', ''],
    ['|| key.startsWith(damagedKey(againKey(DAMAGED_FOLDER, now)))', ''],
  ]),
  of('operate/ingest/requests.ts', OPERATE, [
    ['if (!dryRun) await', 'await'],
    ['* DAYS_A_REQUEST)', '* DAYS_A_REQUEST - 1)'],
    ['asked,\n    sources', "asked: 'backfill' as const,\n    sources"],
  ]),
  of('operate/restore.ts', 'operate/restore.contract', [['current !== undefined || ', '']]),
  of('observe/facts/days/goneFiles.ts', 'operate/restore.contract', [
    ['own = files.at(-1)', 'own = files[1]'],
    ['(versions.get(copy)?.files.length ?? 0) > 0', 'false'],
    ['one.isRaw ? replacedFiles(versions) : []', 'replacedFiles(versions)'],
  ]),
  of('operate/curate/requests.ts', 'cli/dryRun.contract observe/curatedDays.contract', [
    ['dryRun ? undefined : entry', 'entry'],
    ["drop ? ('drop' as const) : ", ''],
    ['!dryRun && tables', 'tables'],
    ['{ expected: read.eTag }', '{}'],
  ]),
  of(
    'operate/quarantine/redriveQuarantine.ts',
    'operate/quarantine/redriveRecord.contract operate/quarantine/redriveQuarantine',
    [
      ['isWhole && row.open === 0', 'isWhole'],
      ['  if (land === null) return;\n', ''],
      ['record.hasEvent(eventIdOf(landed.json)) ? []', 'false ? []'],
    ],
  ),
  of('operate/quarantine/redriveRecord.ts', 'operate/quarantine/redriveRecord.contract', [
    ['receivedAt <', 'receivedAt <= Number.MAX_VALUE && this.#rows.has(quarantineId) && 0 <'],
  ]),
  of('cli/trial/removeTrial.ts', 'cli/trial/runTrial.contract', [
    ['describeProcess(pid).command.includes(trialStage(trial))', 'pid > 1'],
  ]),
  of('cli/trial/runTrial.ts', 'cli/trial/runTrial.contract', [['||= isFromCollector(seen)', '= true']]),
  of('lib/access/operators/trialPolicy.ts', 'lib/access/trialPolicies.contract', [
    ['...keepBoundary(boundaryArn),', ''],
  ]),
  of('cli/commands/redrive.ts', 'cli/dryRun.contract', [
    ['redriveLanding(deployment, dryRun)', 'redriveLanding(deployment, false)'],
    ['name, dryRun', 'name, false'],
  ]),
  of('cli/commands/erase.ts', 'cli/dryRun.contract', [["line.values['dry-run'] === true", 'false']]),
  // Wiring of the handlers.
  of('functions/relay/handler.ts', 'functions/relay/handler.contract', [
    ['deadline: endsAt - MARGIN_MS', 'deadline: endsAt'],
    ['attributes.SentTimestamp', 'Date.now()'],
    ['attributes.ApproximateReceiveCount', '1'],
    ['environment.SLUICE_RELAY_DEAD_LETTERS)', 'queue)'],
  ]),
  of('functions/ingest-trigger/handler.ts', 'functions/ingest-trigger/handler.contract', [
    [': environment.SLUICE_ALLOW_ANY_KEY', ': true'],
    ['config.allowAnyKey || environment.SLUICE_ALLOW_ANY_KEY', 'true'],
    [".default('false')", ".default('true')"],
    ['config.keys', '[]'],
  ]),
  of('functions/reconcile/handler.ts', 'functions/reconcile/handler.contract', [
    ["outcome.hasMore ? 'more rows than are read' : ", ''],
    ['.catch(failed)', ''],
    ['SLUICE_AFTER_SECONDS * 1_000', 'SLUICE_AFTER_SECONDS'],
    ['.SLUICE_REGISTER', '.SLUICE_COLLECT'],
  ]),
  of('functions/ingest-load/handler.ts', 'functions/ingest-load/handler.contract', [
    ['session, session', '{ s3: s3Client(), glue: glueClient() }'],
    ['config.sources.some(({ receipt }) => receipt !== undefined)', 'false'],
    ['settings.SLUICE_TRIES', '99'],
  ]),
  of('functions/curate/handler.ts', 'functions/curate/handler.contract', [
    ['(), SLUICE_PLAN_QUEUE', '(), SLUICE_TASK_QUEUE'],
  ]),
  of('functions/ingest-plan/handler.ts', 'functions/ingest-plan/handler.contract', [
    ['(), SLUICE_TASK_QUEUE', '(), SLUICE_PLAN_QUEUE'],
    ['deadline: endsAt - MARGIN_MS', 'deadline: endsAt'],
  ]),
  of('functions/export/handler.ts', 'functions/export/handler.contract', [
    ['deadline: endsAt - MARGIN_MS', 'deadline: endsAt'],
    ['session, attempts, session', '{ s3: s3Client(), glue: glueClient() }, attempts'],
  ]),
  of('operate/erase/erase.ts', 'operate/erase.contract', [
    ['config.relay === undefined ? null : queuedCopies(deployment),', 'null,'],
    ['(day) => day < today', '() => true'],
  ]),
  of('observe/facts/flow/relayCopies.ts', 'operate/erase.contract', [
    [", readQueue(deployment, 'relay-dead-letters')", ''],
  ]),
  of('console/api/route.ts', 'console/actions.contract', [
    ['().default(true)', '().default(false)'],
    ['?? z.never()', '?? z.literal(true)'],
  ]),
  of('console/api/quarantine.ts', 'console/actions.contract', [['selection, isDry', 'selection, false']]),
  of('console/server/serveRequests.ts', 'console/actions.contract', [
    ['route.changes(body) && ', 'false && '],
  ]),
  of('lib/erase/eraseUnits.ts', 'lib/erase/eraseUnits.contract', [
    ['every(({ size }) => size <= MOST_SMALL_BYTES)', 'length > 0'],
    ['turns: new Turns()', 'turns: undefined'],
  ]),
  of('lib/erase/ObjectEraser.ts', 'lib/erase/eraseUnits.contract', [
    ['last = result', 'last = result.catch(() => undefined)'],
  ]),
  of('lib/erase/eraseUnits.ts', 'operate/erase.contract', [
    ['run.startedAt', 'now'],
    ['        if (isFound) await this.#noteFound();\n', ''],
    ["if (eTag === null) throw new EraseError('SLUICE_ERASE_BUSY');", ''],
    [' && entry.run.version === load?.version', ''],
  ]),
  of('lib/erase/erasePlaces.ts', 'operate/erase.contract', [
    ['null && parseRelayRefusedKey(key) === null', 'null'],
  ]),
].flat();
