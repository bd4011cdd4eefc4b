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
    ['this.counts[hour] ??= {};', 'this.counts[hour] ??= this.#inHour;'],
  ]),
  // Pieces.
  of('lib/drops/load/loadTask.ts', 'lib/drops/load/pieces.contract', [
    ['      await sendNextPiece(loader, task, known);\n', ''],
    ["failure.code === 'SLUICE_LOAD_FILES_CHANGING' && run !== undefined", 'false'],
  ]),
  of('lib/drops/load/loadDrop.ts', 'lib/drops/load/pieces.contract', [
    ['Math.max(longest, perByte * bytesOf(files))', 'longest'],
    ['progress.reasonFor(fingerprint)', 'progress.reason'],
  ]),
  // Keys.
  of('lib/wire/keys/KeyCache.ts', 'lib/wire/keys/KeyGate', [
    ['Promise.race([this.#underWay, late.promise])', 'this.#underWay'],
    ['this.#keyring === undefined ? AFTER_FIRST_FAILURE : AFTER_FAILURE', 'AFTER_FAILURE'],
    ['isNeeded ? deadline : Math.min(deadline, usual)', 'deadline'],
    ['this.#failure = described.code;', ''],
    ['this.#failures > 0', 'false'],
    [' || this.#isOlder(UNKNOWN_KEY_PAUSE_MS)', ''],
  ]),
  // Later pages of lists.
  of('lib/aws/gluePartitionCatalog.ts', PAGES, [['            NextToken: token,\n', '']]),
  of('lib/aws/glueViews.ts', PAGES, [['            NextToken: token,\n', '']]),
  of('lib/aws/customerBucket.ts', PAGES, [['{ ContinuationToken: next }', '{}']]),
  of('lib/aws/athenaStatements.ts', PAGES, [['MaxResults, NextToken: token }', 'MaxResults }']]),
  of('lib/aws/exportBucket.ts', PAGES, [
    ['UploadIdMarker: NextUploadIdMarker', 'UploadIdMarker: undefined'],
    ['store.listPage(prefix, { token })', 'store.listPage(prefix)'],
  ]),
  of('lib/aws/s3EraseBucket.ts', PAGES, [
    ['VersionIdMarker: answer.NextVersionIdMarker', 'VersionIdMarker: undefined'],
  ]),
  of('observe/facts/days/goneFiles.ts', PAGES, [
    ['VersionIdMarker: answer.NextVersionIdMarker', 'VersionIdMarker: undefined'],
  ]),
  of('lib/aws/landingBucket.ts', PAGES, [['store.listPage(prefix, { after })', 'store.listPage(prefix)']]),
  of('lib/aws/landedTable.ts', PAGES, [
    ['store.listPage(location, { token })', 'store.listPage(location)'],
    ['catalog.listPage(database, table, token, some)', 'catalog.listPage(database, table, undefined, some)'],
  ]),
  of('lib/base/ObjectStore.ts', PAGES, [
    ['store.listPage(prefix, { token })', 'store.listPage(prefix, { after: token })'],
  ]),
  of('lib/drops/listDrops.ts', PAGES, [['next = page.next;', 'next = undefined;']]),
  of('lib/drops/plan/lookElsewhere.ts', PAGES, [['page.next !== undefined', "page.next === ''"]]),
  of('lib/curate/publishViews.ts', PAGES, [
    ['catalog.partitions(table, token)', 'catalog.partitions(table, undefined)'],
  ]),
  of('lib/landing/catalog/catalogCalls.ts', PAGES, [['{ token, folders: true }', '{ folders: true }']]),
  of('lib/landing/catalog/registerPartitions.ts', 'lib/landing/catalog/existingPartitions', [
    ['table.name, token, some)', 'table.name, undefined, some)'],
  ]),
  of('lib/ledger/LandingBucket.ts', CURATE, [['while (after !== undefined);', 'while (after === null);']]),
  of('lib/ledger/sweepVersions.ts', 'lib/drops/load/sweepVersions.contract', [
    ['after = keys.at(-1);', 'after = undefined;'],
    ['await landing.remove([key]);', 'void landing.remove([key]).catch(() => 0);'],
  ]),
  of('observe/readLog.ts', PAGES, [['limit, nextToken }', 'limit }']]),
  of('observe/live/deployedLive.ts', PAGES, [['      nextToken: page?.token,\n', '']]),
  // Messages that the queue hands out again.
  of('lib/drops/load/loadMessages.ts', 'lib/drops/load/loadMessages.contract', [
    ["loaded.outcome === 'busy' || loaded.outcome === 'handed_back'", "loaded.outcome === 'busy'"],
    ["loaded.outcome === 'busy' || loaded.outcome === 'handed_back'", "loaded.outcome === 'handed_back'"],
    ['return loaded.again;', 'return false;'],
    ['return swept.failed === 0;', 'return true;'],
    ['(await look(loader, invocation)) && swept', 'swept && (await look(loader, invocation))'],
    ["level: 'error', event: 'ingest_files'", "level: 'error', event: 'ingest_load'"],
    [
      "event: 'ingest_sweep', ...failureFields(error) });\n    return false;",
      "event: 'ingest_sweep', ...failureFields(error) });\n    return true;",
    ],
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
    ['again: lasting.length < failed.length,', 'again: false,'],
    ["done.outcome === 'busy' ||", ''],
    ['? !(await runRequest(exporter, message)).again', '? ((await runRequest(exporter, message)), true)'],
    [': !(await runTask(exporter, message))', ': ((await runTask(exporter, message)), true)'],
  ]),
  of('lib/drops/plan/planMessages.ts', 'lib/drops/plan/runPlan.contract', [
    ['plan.failed.some(({ transient }) => transient)', 'false'],
    [
      ': await runPlan(planner, request)).again;',
      ': (await runPlan(planner, request), { again: false })).again;',
    ],
  ]),
  of('lib/landing/write/writeMessages.ts', 'functions/write/handler.contract', [
    ['(named.get(key)?.messages ?? []).map(', '(named.get(key)?.messages ?? []).slice(0, 1).map('],
    ['>= time.deadline) return false;', '>= time.deadline) return true;'],
  ]),
  of('lib/landing/quarantineWriter.ts', 'lib/landing/quarantineWriter', [
    ['text.slice(0, MAX_TEXT_LENGTH).toWellFormed()', 'text'],
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
  of('infra/roles/functionRoles.ts', 'permissions/landing.proof', [
    ['objects([LANDING_FOLDER, LANDING_NOTES, ...tables])', 'objects([LANDING_FOLDER, ...tables])'],
  ]),
  of('infra/roles/relayRoles.ts', 'permissions/landing.proof', [
    ["['s3:GetObject', 's3:DeleteObject']", "['s3:GetObject']"],
  ]),
  of('infra/roles/customerAccess.ts', 'infra/customerKeys', [
    ['kmsViaS3({ region })', "kmsViaS3({ region: 'us-east-1' })"],
  ]),
  of('infra/roles/exportRole.ts', 'permissions/export.proof', [
    ["'s3:DeleteObject', 's3:AbortMultipartUpload'],", "'s3:DeleteObject'],"],
  ]),
  of('lib/aws/taskQueue.ts', 'lib/drops/plan/runPlan.contract', [['{ MessageGroupId }', '{}']]),
  of('infra/data/bucket.ts', 'infra/resources.contract', [
    ['[bucketArn(stack), objectsArn(stack)]', '[bucketArn(stack)]'],
  ]),
  of('observe/facts/days/curatedDays.ts', 'observe/curatedDays.contract', [
    ["'outdated') && now - (entry?.queued?.at ?? now) > DAY_MS", "'outdated')"],
    [
      'flatMap(({ day, entry }) => (now - (entry?.queued?.at ?? now) > DAY_MS',
      'flatMap(({ day, entry }) => (entry?.queued',
    ],
  ]),
  // What commands answer a script.
  of('cli/commands/doctor.ts', 'cli/exitCodes.story', [['problems > 0 ? 3 : 0', '0']]),
  of('cli/commands/status.ts', 'cli/exitCodes.story', [['answer.isWell ? 0 : 3', '0']]),
  of('cli/commands/relay.ts', 'cli/exitCodes.story', [['state.refused.length === 0 ? 0 : 3', '0']]),
  of('cli/commands/ingest.ts', 'cli/exitCodes.story', [
    ['hasProblems ? 3 : 0', '0'],
    ["return state === 'failed' ||", 'return '],
    ['page.rows.length > 0 ? 3 : 0', '0'],
  ]),
  of('cli/commands/export.ts', 'cli/exitCodes.story', [
    ['isFailing(entry))) ? 3 : 0', 'isFailing(entry))) ? 0 : 0'],
  ]),
  of('cli/commands/curate.ts', 'cli/exitCodes.story', [["['failed', 'lacking']", "['lacking']"]]),
  of('cli/commands/trace.ts', 'cli/exitCodes.story', [
    ['d: 86_400_000', 'd: 600_000'],
    ["result.state === 'nowhere' ? 3 : 0", '0'],
  ]),
  // Files of customers.
  of('lib/schema/fields/layout.ts', 'lib/schema/fields/layout', [
    ['isValue && i === last ? MIDNIGHT', 'i < 0 ? MIDNIGHT'],
    ['M: String.raw`(?<month>[1-9]\\d?)`', 'M: String.raw`(?<month>\\d)`'],
  ]),
  of('lib/drops/mapping/jsonText.ts', 'lib/drops/mapping/jsonTexts.contract', [
    ['NOT ${isJson(text)} AND ${isJson(nulls)}', '${isJson(text)}'],
  ]),
  of('lib/drops/load/pagesFit.ts', 'lib/drops/load/pagesFit', [['(groups > 1 ? threads + 2 : 1)', '1']]),
  // Between two workers.
  of('lib/curate/curationRun.ts', 'lib/curate/curationRun', [
    ["wanted.kept.version !== known.version) return { begin: 'busy' }", "false) return { begin: 'busy' }"],
    ['!== rawRows || rows + resends', '!== rawRows && rows + resends'],
  ]),
  of('lib/curate/publishVersion.ts', CURATE, [
    ['if (renewed === null) return null;', ''],
    ['if (settled === null) return null;', ''],
    ['raw.fingerprint !== made.fingerprint', 'false'],
    ['fingerprintFiles(before) !== made.kept.fingerprint', 'false'],
    ['if (extra.length > 0) await landing.remove(extra);', ''],
    ['  await requireTableOfToday(curator, kind, attempts);\n', ''],
    ['if (missing.size > 0) {', 'if (missing.size > files.length) {'],
    ['isOfVersion && other !== key', 'isOfVersion && other === key'],
  ]),
  of('lib/curate/curateTask.ts', CURATE, [
    ['if (now.fingerprint !== fingerprint) await takeOutDays(curator, kind, new Map([[day, entry]]));', ''],
    ["if (ended === null) return { outcome: 'lost' };", ''],
    ["if (settled === null) return { outcome: 'lost' };", ''],
    ['lost.length > 0 && kept.length !== known?.filesWritten?.length', 'false'],
    ['isFinal || run.isLastAttempt', 'isFinal'],
    ["if (failure !== null) return { outcome: 'handed_back', failure };", ''],
  ]),
  of('lib/curate/decideDay.ts', 'lib/curate/decideDay', [
    ['const isRead = entry?.version === version && !isLacking;', 'const isRead = !isLacking;'],
    ['=== version && !isLacking', '=== version'],
    ['entry.lease.until > now', 'entry.lease.until >= now - 1'],
    ['keeps === lost.length > 0', 'true'],
  ]),
  of('lib/curate/planDays.ts', `${CURATE} lib/curate/planDays.contract`, [
    ['if (fingerprint === entry.fingerprint) return true;', 'return true;'],
    ['if (hasBegun || ', 'if ('],
    ['now - (queued?.at ?? now) > DAY_MS', 'now - (queued?.at ?? now) > 0'],
    [
      'await tasks.send(bodies.map((body) => JSON.stringify(body)));',
      'await tasks.send(bodies.map((body) => JSON.stringify(body))).catch(() => 0);',
    ],
    ['  await publish(plans.some(({ chosen }) => chosen.length > 0));\n', ''],
  ]),
  of('lib/curate/planDays.ts', 'lib/curate/lookAtDays', [[', ...unseen])', '])']]),
  of('lib/curate/ListedDays.ts', 'lib/curate/ListedDays', [
    ['|| before.version > entry.version', ''],
    ['seen === undefined || !isSameDay(seen, entry)', 'seen === undefined'],
    ['now - known.updatedAt > TAKEN_BACK_MS', 'true'],
    ['stored?.eTag ?? null)) return true', 'stored?.eTag ?? null) || true) return true'],
  ]),
  of('lib/curate/lostFiles.ts', 'lib/curate/ListedDays', [
    ['forwardedDays - timeWindow.futureDays', 'forwardedDays'],
    ["kept.accepted === 'drop'", "kept.accepted === 'keep'"],
    ['run !== undefined && isMade(run)', 'run !== undefined'],
  ]),
  of('lib/export/exportDay.ts', 'lib/export/exportDay.contract', [
    ['    claim = renewed;\n', ''],

    ["if (renewed === null) return { outcome: 'lost' };", 'if (renewed === null) void 0;'],
    ['copies.every(Boolean)', 'copies.some(Boolean)'],
  ]),
  of('lib/drops/load/publishVersion.ts', 'lib/drops/load/loadTask.contract', [
    ['if (renewed === null) return false;\n  progress', 'if (renewed !== null) progress'],
  ]),
  of('lib/landing/write/writeObjects.ts', 'lib/landing/write/writeObjects.contract', [
    ['    if (this.done.failed.has(key)) return false;\n', ''],
    ['await this.#writer.store.removeAll(anyVersion(put)).catch(() => []);', ''],
    ['if (at === from || this.done.failed.has(version.key)) return;', ''],
    ['await writeNote(store, version, { written: true, why, events: counter.counts });', 'void 0;'],
    ['{ written: true, why, events: counter.counts }', '{ written: true, why }'],
    ['{ from: at, events }', '{ from: at }'],
    ['deleted.has(version.key)', 'true'],
    ['if (!isRedriven(key)) this', 'this'],
    ['      for (const object of ended) await this.#putAside(object);\n', ''],
    ['{ ...as, expected: object.putETag }', 'as'],
    [
      'await store.write(key, body, { contentType, signal });',
      'void store.write(key, body, { contentType, signal }).catch(() => 0);',
    ],
  ]),
  of('lib/landing/write/openObjects.ts', 'lib/landing/write/openObjects.contract', [
    ['i > 0 && this.#held + asked > AHEAD_BYTES', 'false'],
    ['    body.destroy();\n    await room;', '    await room;'],
  ]),
  of('lib/landing/write/writeObjects.ts', 'lib/landing/write/openObjects.contract', [
    ['    this.#notes = undefined;\n', ''],
  ]),
  of('lib/ledger/versionFiles.ts', 'lib/ledger/versionFiles', [
    ['before[version] ?? now', 'now'],
    ['new Set([...lackingDays(before), ...always])', 'new Set(always)'],
    ['isWhole && noted?.mark === entries.get(day)', 'isWhole'],
    ['isWhole && noted?.mark', 'noted?.mark'],
    ['if (isNews) await noteLooks', 'await noteLooks'],
    ['if (clock.now() - noted >= NOTE_EVERY_MS) await note();', ''],
    ['filter(([, lacks]) => !lacks)', 'filter(() => true)'],
    ['after = keys.at(-1) ?? `${folder}:`;', 'after = `${folder}:`;'],
  ]),
  of('lib/ledger/turns.ts', 'lib/ledger/turns', [
    ['i < share || isDue(day, span)', 'i < share'],
    ['elapsed >= every || ', 'true || '],
    ['at > now ? Number.NEGATIVE_INFINITY', 'false ? Number.NEGATIVE_INFINITY'],
    ['?? 0) <= look.at', '?? 0) <= Number.POSITIVE_INFINITY'],
    ['isKnown(day) && at <= now', 'at <= now'],
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
  of('lib/ledger/LedgerEntry.ts', 'lib/ledger/ledger', [
    ['released(entry), attempts: 0 }', 'released(entry) }'],
  ]),
  of('lib/ledger/Ledger.ts', 'lib/ledger/ledger', [
    [
      'if (lease !== undefined && lease.until > clock.now()) return { busyUntil',
      'if (lease === undefined) return { busyUntil',
    ],
    ['if (seen !== undefined && stored?.entry.token !== seen?.token) return false;', ''],
    ['if (there?.entry.token === entry.token) return there;', ''],
    ['entry.queued.fingerprint === fingerprint', 'entry.queued.fingerprint !== fingerprint'],
    ['if (there?.entry.lease?.owner !== claim.owner) return null;', 'if (there === null) return null;'],
  ]),
  of('cli/commands/keys.ts', 'cli/keys.contract', [
    [
      'if (await secret.replace(edit(text), version)) return;',
      'await secret.replace(edit(text), version); return;',
    ],
  ]),
  // After an error, or an answer that is one in part.
  of('lib/aws/partialAnswers.ts', 'lib/aws/partialAnswers.contract', [
    ['Errors.map(({ Key', '[].map(({ Key'],
    ['new Set(Successful.map(({ Id }) => Id))', 'new Set(Array.from({ length: 10 }, (_, i) => String(i)))'],
    ['Errors.map(({ PartitionValues,', '[].map(({ PartitionValues,'],
    ['Errors.map(({ PartitionValueList,', '[].map(({ PartitionValueList,'],
    ["|| state === 'cancelled'", ''],
  ]),
  of('lib/relay/Tries.ts', 'lib/relay/relayMessages', [
    ['await store.write(key', 'void store.write(key'],
    ['clock.now() - since >= TRIED_MS', 'clock.now() - copy.keptAt >= MAX_AGE_MS'],
    ['age >= MAX_AGE_MS', 'age > MAX_AGE_MS'],
  ]),
  of('lib/relay/relayMessages.ts', 'lib/relay/relayMessages', [
    ['await relayer.queues.bury(body)', 'void relayer.queues.bury(body).catch(() => 0)'],
    ['await store.remove(given, eTag);', "await store.remove(given, '*');"],
    ['tries.settle(copy, message.sentAt)', 'tries.settle(copy, copy.keptAt)'],
    ['retryDelayMs(message.receives, afterMs, random)', 'retryDelayMs(1, afterMs, random)'],

    ['if (afterMs !== null) return stay(message, afterMs, relayer);', ''],
    ['await store.remove(given, eTag);', ''],
    ['      return stay(message, 0, relayer);\n    }),', '      return true;\n    }),'],
  ]),
  of('lib/relay/CopyKeeper.ts', 'lib/relay/CopyKeeper', [
    [
      'if (!isMessage) await put(key, text, left());',
      'if (!isMessage) void put(key, text, left()).catch(() => 0);',
    ],
    ['headers: recounted(headers, shown.events)', 'headers'],
    ['if (!choice.redacted) return', 'if (!choice.redacted || redaction === null) return'],
  ]),
  of('lib/collect/rows.ts', 'lib/collect/collectBatch', [
    ['isInWindow ? corrected : receivedAt', 'isInWindow ? sent : receivedAt'],
    ['const isInWindow = corrected >=', 'const isInWindow = sent >='],
    ['corrected < YEAR_2000_MS', 'corrected <= YEAR_2000_MS'],
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
    ['facts.areCopies ? 0 : notDelivered', 'notDelivered'],
    ['Math.max(events + equal, isExact ? finished : 0)', 'events + equal'],
    ['events + equal, isExact', 'events, isExact'],
    ['gone > 0 ? rows.unread : null', 'null'],
  ]),
  of('lib/reconcile/reconcileDays.ts', 'lib/reconcile/reconcileDays', [
    ['now < to + afterMs', 'false'],
    ['{ expected: eTag }', '{}'],
    ['time.from < from + HOUR_MS + RECORD_MS && time.to', 'time.to < from + HOUR_MS && time.to'],
    ['const RECORD_MS = MINUTE_MS;', 'const RECORD_MS = 0;'],
    ['isExpired(config, kind, now - from) ? accepted : look.taken', 'look.taken'],
    ['if (modifiedAt < since) continue;', ''],
    ['      failures.push(error);\n', '      throw error;\n'],
    ["key.endsWith('/') || isRedriven(key)", "key.endsWith('/')"],
    [' || notes.written(object) !== undefined', ''],
  ]),
  of('lib/landing/LandingNotes.ts', 'lib/landing/LandingNotes lib/landing/write/lookAtLanding', [
    ['Math.floor(modifiedAt / 1000)', 'modifiedAt'],
    ['throwsConflict: true', 'throwsConflict: false'],
    ['keys: all.filter((_, i) => stored[i] !== null)', 'keys: all'],
    ["(['written', null] as const)", "(['written', undefined] as const)"],
  ]),
  of('lib/landing/lines/gzipMember.ts', 'lib/landing/lines/LandedObject', [
    ['if (isSum && isLength)', 'if (isSum || isLength)'],
    ['isSum ? at + 4 : isLength', 'isSum ? end : isLength'],
    ['bytes.length - HEADER.length + 1)', 'bytes.length)'],
  ]),
  of('lib/landing/lines/LandedReader.ts', 'lib/landing/lines/LandedObject', [
    ['|| !beginsAsRow(text)) return BROKEN', ') return BROKEN'],
  ]),
  of('lib/landing/lines/landedLines.ts', 'lib/landing/lines/LandedObject', [
    ["others.length > MOST_OTHERS ? 'many", "others.length > 2 * MOST_OTHERS ? 'many"],
  ]),
  of('lib/landing/lines/landedLines.ts', 'lib/landing/write/finishedEvents', [
    ['row[found - 1] !== QUOTE', 'false'],
  ]),
  of('lib/landing/heldTimes.ts', 'lib/reconcile/reconcileDays', [
    ['Math.min(at, last)', 'at'],
    ['from + MINUTE_MS', 'from'],
  ]),
  of('lib/landing/lines/Skipped.ts', 'lib/landing/lines/LandedObject', [
    ['[...this.#whole, ...this.#broken]', '[...this.#broken, ...this.#whole]'],
    [' || !isUtf8(bytes)', ''],
  ]),
  of('lib/landing/write/lookAtLanding.ts', 'lib/landing/write/lookAtLanding', [
    ['if (bodies.length < MOST_TOLD) await store.write', 'await store.write'],
    ['    if (!isLanded(key)) continue;\n', ''],

    ['  await queue.send(bodies);\n', '  await queue.send(bodies).catch(() => undefined);\n'],
    ['    if (left.has(object.key)) continue;\n', ''],
    ['for (const note of notes.of(object)) kept.add(note);', ''],
    ['agesReached(last - modifiedAt) &&', '0 &&'],
    ['tried.filter(({ key }) => deleted.has(key))', 'tried'],
  ]),
  of(
    'lib/landing/write/removeWritten.ts',
    'lib/landing/write/lookAtLanding lib/landing/write/writeObjects.contract',
    [
      ['left: asked.map(({ key }) => ({ key, why: errorName(error) }))', 'left: []'],
      ['&& !answer.gone.includes(key)', ''],
      ['store.removeAll(asked)', "store.removeAll(asked.map(({ key }) => ({ key, eTag: '*' })))"],
      ['tries < TRIES && left.size > 0', 'tries < 1 && left.size > 0'],
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
    ['known.seenAt, now)', 'now, now)'],
    ['forwardedDays - config.timeWindow.futureDays', 'forwardedDays'],
    ['{ expected: stored?.eTag ?? null }', '{}'],
  ]),
  of('lib/ledger/erasureNotes.ts', 'lib/ledger/ledger lib/curate/ListedDays', [
    ['endedAt === undefined || endedAt >= listedAt', 'endedAt === undefined'],
    ['endedAt === undefined && now - at < STOPPED_AFTER_MS', 'endedAt === undefined'],
    ['{ ...note, replaced: [...before, ...replaced] }', '{ ...note, replaced: [...replaced] }'],
    ['if (there.get(name) === tag) return true;', 'if (there.has(name)) return true;'],
  ]),
  of('lib/ledger/sweepVersions.ts', 'lib/drops/load/sweepVersions.contract', [
    ["if (!isStillDue) return 'kept';", ''],
    ['if (location !== null) return location ===', 'if (location === undefined) return location ==='],
    ['known?.table === table && known.version === version', 'known?.table === table'],
    ['note.due <= clock.now()', 'true'],
  ]),
  of('lib/ledger/sweepVersions.ts', 'lib/drops/load/pieces.contract', [
    ["if (run?.version === note.version) return 'kept';", ''],
  ]),
  of('observe/findings/judge/place.ts', 'observe/judge', [
    ["state === 'ALARM'", "state !== 'OK'"],
    ['for (const name of names) this.#left.delete(name);', ''],
  ]),
  of('observe/facts/stackFaults.ts', 'e2e/changedByHand.story', [
    ['State, ResultConfiguration, ', 'State, '],
  ]),
  of('observe/findings/judge/landing.ts', 'observe/judge', [
    ['(quotaShare ?? 0) >= NEAR', '(quotaShare ?? 0) > NEAR'],
  ]),
  of('observe/findings/judge/tables.ts', 'observe/judge', [
    ['table === kind && kept.every((one) => one.day !== day)', 'table === kind'],
  ]),
  of('observe/findings/judge/days.ts', 'observe/judge', [
    ['share >= RESENT.times * usualOf(one)', 'share > RESENT.times'],
  ]),
  of('observe/facts/flow/changes.ts', 'observe/changes', [
    ['count >= (usual === 0', 'count > (usual === 0'],
    ['count >= RISE * (usual ?? 0)', 'count > RISE * (usual ?? 0)'],
    ['at - from >= SILENT_PERIODS', 'at - from > SILENT_PERIODS'],
  ]),
  of('lib/drops/judgeByLogs.ts', 'lib/drops/judgeByLogs', [
    ["name.includes('/')", 'false'],
    ['if (!deleted.has(key)) named', 'named'],
    ['if (missing >= 0)', 'if (missing > 1e9)'],
  ]),
  of('lib/drops/Drop.ts', 'lib/drops/judgeByLogs', [[' && !committed.has(by)', '']]),
  of('lib/drops/load/skipReason.ts', 'lib/drops/load/logs.contract', [
    ["if (lacksCommit(drop, entry)) return 'marker';", ''],
  ]),
  of('lib/drops/load/loadDrop.ts', 'lib/drops/load/pieces.contract', [
    ['(run?.plans ?? 0) + 1', '1'],
    ["if (!isWhole) return 'outdated';", ''],
    ['describeOnly: run.hasProblems === true', 'describeOnly: false'],
    ['if (!(await record(load, run))) return null;\n    await loader', 'await loader'],
  ]),
  of('lib/drops/plan/decideDay.ts', 'lib/drops/plan/decideDay', [
    ['leasedUntil > now || isUnderWay,', 'leasedUntil > now,'],
  ]),
  of('lib/drops/usualRows.ts', 'lib/drops/usualRows', [
    [' && missingSince === undefined', ''],
    ['accepted === true ||', ''],
  ]),
  of('observe/facts/days/equalFiles.ts', 'observe/equalFiles', [
    [' || accepted === true) return null;', ') return null;'],
  ]),
  of('lib/aws/secrets.ts', 'cli/keys.contract', [
    [
      "if (error instanceof Error && error.name === 'InvalidParameterException') return false;",
      "if (error instanceof Error && error.name === 'InvalidParameterException') return true;",
    ],
  ]),
  of('lib/base/retry.ts', 'lib/base/retry', [['  await wait(pauseMs);\n', '  void wait(pauseMs);\n']]),
  of('lib/base/claim.ts', 'lib/base/claim', [
    ['now?.claim?.owner === owner ? mine(now.eTag) : null', 'null'],
    ['await store.remove(key, eTag);', "await store.remove(key, '*');"],
  ]),
  of('lib/base/Breaker.ts', 'lib/landing/store/StreamBreaker', [
    ['this.#probeAt = now + this.#pauseMs();\n    return true;', 'return true;'],
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
  of('lib/parquet/verifyPages.ts', 'lib/parquet/checksums.contract', [
    ['crc = crc32(piece, crc);', 'crc = crc32(piece);'],
  ]),
  of('lib/parquet/EngineError.ts', 'lib/parquet/engineFailure', [['bare.slice(0, MAX_SENTENCE)', 'bare']]),
  of('lib/aws/assumedRole.ts', 'lib/aws/ownSession.contract', [
    ['sessionName.slice(0, SESSION_NAME_LENGTH)', 'sessionName'],
  ]),
  of('lib/drops/load/sendReceipt.ts', 'lib/drops/load/receipts.contract', [
    ['entry.receipt?.failingSince ?? clock.now()', 'clock.now()'],
  ]),
  of('infra/data/statsigBucket.ts', 'infra/resources.contract', [
    ['              sub(`\\${${logicalIds.statsigBucket}.Arn}/*`),\n', ''],
  ]),
  of('infra/readers/readers.ts', 'infra/resources.contract', [[', sub(`\\${${id}.Arn}/*`)])]', '])]']]),
  of('cli/terminal/output.ts', 'cli/terminal/output', [
    ['visibleLine(cell(row[name]))', 'cell(row[name])'],
    ['[visibleLine(name), ', '[name, '],
  ]),
  of('console/api/live.ts', 'console/pages.story', [
    ['{ row: null }', '{}'],
    ['shortText(value, BRIEF)', 'value'],
  ]),
  of('lib/relay/Target.ts', 'lib/relay/Target', [
    ['const failed = now < until ? times : times + 1;', 'const failed = times + 1;'],
    ['Math.max(until, now + Math.max(afterMs, ownMs))', 'now + Math.max(afterMs, ownMs)'],
  ]),
  of('lib/relay/RelayCopy.ts', 'lib/relay/relayMessages', [
    ["return parseRelayWaitingKey(read['key']) === null ? null : read['key'];", "return read['key'];"],
  ]),
  of('lib/relay/redactBody.ts', 'lib/relay/CopyKeeper', [
    ['const shared = redaction.event(common);', 'const shared = common;'],
  ]),
  of('infra/alarms/alarm.ts', 'infra/alarms', [
    ["'GreaterThanOrEqualToThreshold'", "'GreaterThanThreshold'"],
  ]),
  of('infra/alarms/dropAlarms.ts', 'infra/alarms', [
    ['        metric: days_failed,\n', '        metric: datasets_unreadable,\n'],
    ['if (exports.length === 0) return {};', 'return {};'],
  ]),
  of('infra/alarms/curateAlarms.ts', 'infra/alarms', [
    ['...ofPlan(curations_failed)', '...ofPlan(curations_waiting)'],
  ]),
  of('lib/landing/catalog/registerMessages.ts', 'lib/landing/catalog/registerMessages', [
    ['ours[index]', 'messages[index]'],
  ]),
  of('lib/ledger/ledgerStore.ts', 'lib/drops/plan/oldestFirst.contract', [['a.at - b.at', '0']]),
  of('lib/drops/plan/lateDrops.ts', 'lib/drops/plan/expectedDrops.contract', [
    ['due > at || open.includes(day)', 'due > at'],
    ['open: due.map(({ day }) => day)', 'open: []'],
  ]),
  of('lib/drops/plan/planMessages.ts', 'lib/drops/plan/splitSources.contract', [
    ['planValues(counts, missing + failed, stopped)', 'planValues(counts, failed, stopped)'],
    ['&& missing >= left', ''],
    ['if (!isRun && new Set(', 'if (new Set('],
  ]),
  of('lib/drops/plan/newerFiles.ts', 'lib/drops/plan/newerFiles', [
    ['known.entry === entry.eTag ? known.writtenAt : 0', 'known.writtenAt'],
    ['isEnd && round === undefined ? [] : told', '[]'],
  ]),
  of('lib/drops/plan/decideDay.ts', 'lib/drops/plan/decideDay', [
    ['const leasedUntil = known?.lease?.until ?? 0;', 'const leasedUntil = entry?.lease?.until ?? 0;'],
  ]),
  of('lib/export/planExports.ts', 'lib/export/planExports.contract', [
    ['entry?.files ?? [], clock.now()', '[], clock.now()'],
    ['{ fingerprint, reason }, seen)', '{ fingerprint, reason })'],
  ]),
  of('infra/streams/queues.ts', 'infra/resources.contract', [
    ['          [`${deadLetters}Policy`]: queuePolicy(deadLetters, rules),\n', ''],
  ]),
  of('infra/streams/schedules.ts', 'infra/resources.contract', [
    ['MaximumRetryAttempts: 10', 'MaximumRetryAttempts: 0'],
    ['Resource: [Arn, deadLetters]', 'Resource: [Arn]'],
  ]),
  of('infra/streams/objectCreatedRules.ts', 'infra/resources.contract', [
    ['          DeadLetterConfig: { Arn: getAtt(rule.deadLetters) },\n', ''],
  ]),
  of('infra/data/bucket.ts', 'infra/resources.contract', [
    ["        VersioningConfiguration: { Status: 'Enabled' },\n", ''],
    ['NoncurrentDays: rule.versionDays', 'NoncurrentDays: 1'],
  ]),
  // By hand.
  of('cli/commands/reconcile.ts', 'e2e/receivedHours.story', [['return closes ? 0 : 3;', 'return 0;']]),
  of('operate/relay/redriveCopies.ts', OPERATE, [
    ['if (dryRun) return;', ''],
    ['      await sqs.send(new SendMessage', '      void sqs.send(new SendMessage'],
    [
      `await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: writeRelayedKey(waitingKey) }));
      await store.remove(Key, ETag);`,
      `await store.remove(Key, ETag);
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: writeRelayedKey(waitingKey) }));`,
    ],
    ['>= MAX_AGE_MS', '> MAX_AGE_MS'],
    ['await store.remove(Key, ETag);', "await store.remove(Key, '*');"],
  ]),
  of('operate/redriveLanding.ts', OPERATE, [
    ['if (dryRun) return', 'if (dryRun && messages === 0) return'],
    ['if (dryRun) return', 'if (dryRun || messages === 0) return'],
    ['now - modifiedAt >= UNTRIED_MS', 'true'],
  ]),
  of('operate/redriveDamaged.ts', OPERATE, [
    ['await store.remove(key, eTag);', 'await store.remove(key);'],
    ['store.remove(key, opened.eTag)', 'store.remove(key)'],
    ['|| key.startsWith(damagedKey(againKey(DAMAGED_FOLDER, now)))', ''],
  ]),
  of('operate/ingest/requests.ts', OPERATE, [
    [
      "if (!dryRun) await sendRequests(deployment, 'ingest-plan', requests);",
      "await sendRequests(deployment, 'ingest-plan', requests);",
    ],
    ['(i + 1) * DAYS_A_REQUEST)', '(i + 1) * DAYS_A_REQUEST - 1)'],
    ['    asked,\n    sources: [source],', "    asked: 'backfill' as const,\n    sources: [source],"],
  ]),
  of('operate/restore.ts', 'operate/restore.contract', [['current !== undefined || ', '']]),
  of('observe/facts/days/goneFiles.ts', 'operate/restore.contract', [
    ['const own = files.at(-1);', 'const own = files[1];'],
    ['(versions.get(copy)?.files.length ?? 0) > 0', 'false'],
    ['one.isRaw ? replacedFiles(versions) : []', 'replacedFiles(versions)'],
  ]),
  of('operate/curate/requests.ts', 'cli/dryRun.contract observe/curatedDays.contract', [
    ['dryRun ? undefined : entry', 'entry'],
    ["drop ? ('drop' as const) : ('keep' as const)", "('keep' as const)"],
    ['if (drop && !dryRun && tables.length > 0)', 'if (drop && tables.length > 0)'],
    ['{ expected: read.eTag }', '{}'],
  ]),
  of(
    'operate/quarantine/redriveQuarantine.ts',
    'operate/quarantine/redriveRecord.contract operate/quarantine/redriveQuarantine',
    [
      ['row.isWhole && row.open === 0', 'row.isWhole'],
      ['  if (land === null) return;\n', ''],
      ['record.hasEvent(eventIdOf(landed.json)) ? []', 'false ? []'],
    ],
  ),
  of('operate/quarantine/redriveRecord.ts', 'operate/quarantine/redriveRecord.contract', [
    [
      'return receivedAt < (',
      'return receivedAt <= Number.MAX_VALUE && this.#rows.has(quarantineId) && 0 < (',
    ],
  ]),
  of('cli/trial/removeTrial.ts', 'cli/trial/runTrial.contract', [
    ['if (describeProcess(pid).command.includes(trialStage(trial)))', 'if (pid > 1)'],
  ]),
  of('cli/trial/runTrial.ts', 'cli/trial/runTrial.contract', [
    ['isAnswered ||= isFromCollector(seen);', 'isAnswered = true;'],
  ]),
  of('lib/access/operators/trialPolicy.ts', 'lib/access/trialPolicies.contract', [
    ['...keepBoundary(boundaryArn),', ''],
  ]),
  of('cli/commands/redrive.ts', 'cli/dryRun.contract', [
    ['redriveLanding(deployment, dryRun)', 'redriveLanding(deployment, false)'],
    ['discardDamaged(deployment, name, dryRun)', 'discardDamaged(deployment, name, false)'],
  ]),
  of('cli/commands/erase.ts', 'cli/dryRun.contract', [
    ["dryRun: line.values['dry-run'] === true", 'dryRun: false'],
  ]),
  // Wiring of the handlers.
  of('functions/relay/handler.ts', 'functions/relay/handler.contract', [
    ['deadline: endsAt - MARGIN_MS', 'deadline: endsAt'],
    ['sentAt: attributes.SentTimestamp', 'sentAt: Date.now()'],
    ['receives: attributes.ApproximateReceiveCount', 'receives: 1'],
    ['environment.SLUICE_RELAY_DEAD_LETTERS)', 'queue)'],
  ]),
  of('functions/ingest-trigger/handler.ts', 'functions/ingest-trigger/handler.contract', [
    ['anyKeyStartsAll: environment.SLUICE_ALLOW_ANY_KEY,', 'anyKeyStartsAll: true,'],
    ['config.allowAnyKey || environment.SLUICE_ALLOW_ANY_KEY', 'true'],
    [".default('false')", ".default('true')"],
    ['configured: config.keys', 'configured: []'],
  ]),
  of('functions/reconcile/handler.ts', 'functions/reconcile/handler.contract', [
    ["outcome.hasMore ? 'more rows than are read' : null", 'null'],
    ['.catch(failed)', ''],
    ['env.SLUICE_AFTER_SECONDS * 1_000', 'env.SLUICE_AFTER_SECONDS'],
    ['register: env.SLUICE_REGISTER', 'register: env.SLUICE_COLLECT'],
  ]),
  of('functions/ingest-load/handler.ts', 'functions/ingest-load/handler.contract', [
    [
      '...makePorts(bucket, session, session)',
      '...makePorts(bucket, { s3: s3Client(), glue: glueClient() })',
    ],
    ['config.sources.some(({ receipt }) => receipt !== undefined)', 'false'],
    ['settings.SLUICE_TRIES', '99'],
  ]),
  of('functions/curate/handler.ts', 'functions/curate/handler.contract', [
    [
      'requests: taskQueue(sqsClient(), SLUICE_PLAN_QUEUE',
      'requests: taskQueue(sqsClient(), SLUICE_TASK_QUEUE',
    ],
  ]),
  of('functions/ingest-plan/handler.ts', 'functions/ingest-plan/handler.contract', [
    ['tasks: taskQueue(sqsClient(), SLUICE_TASK_QUEUE', 'tasks: taskQueue(sqsClient(), SLUICE_PLAN_QUEUE'],
    ['deadline: endsAt - MARGIN_MS', 'deadline: endsAt'],
  ]),
  of('functions/export/handler.ts', 'functions/export/handler.contract', [
    ['deadline: endsAt - MARGIN_MS', 'deadline: endsAt'],
    [
      '...makePorts(bucket, session, attempts, session)',
      '...makePorts(bucket, { s3: s3Client(), glue: glueClient() }, attempts)',
    ],
  ]),
  of('operate/erase/erase.ts', 'operate/erase.contract', [
    ['config.relay === undefined ? null : queuedCopies(deployment),', 'null,'],
    ['.filter((day) => day < today)', '.filter(() => true)'],
  ]),
  of('observe/facts/flow/relayCopies.ts', 'operate/erase.contract', [
    [", readQueue(deployment, 'relay-dead-letters')", ''],
  ]),
  of('console/api/route.ts', 'console/actions.contract', [
    ['z.boolean().default(true)', 'z.boolean().default(false)'],
    ['?? z.never()', '?? z.literal(true)'],
  ]),
  of('console/api/quarantine.ts', 'console/actions.contract', [
    ['redrive(deployment, selection, isDry)', 'redrive(deployment, selection, false)'],
  ]),
  of('console/server/serveRequests.ts', 'console/actions.contract', [
    ['route.changes(body) && ', 'false && '],
  ]),
  of('lib/erase/eraseUnits.ts', 'lib/erase/eraseUnits.contract', [
    ['versions.every(({ size }) => size <= MOST_SMALL_BYTES)', 'versions.length > 0'],
    ['turns: new Turns()', 'turns: undefined'],
  ]),
  of('lib/erase/ObjectEraser.ts', 'lib/erase/eraseUnits.contract', [
    ['    this.#last = result;\n', '    this.#last = result.catch(() => undefined);\n'],
  ]),
  of('lib/erase/eraseUnits.ts', 'operate/erase.contract', [
    ['run.startedAt >= foundUntil', 'now >= foundUntil'],
    ['        if (isFound) await this.#noteFound();\n', ''],
    ["if (eTag === null) throw new EraseError('SLUICE_ERASE_BUSY');", ''],
    [' && entry.run.version === load?.version', ''],
  ]),
  of('lib/erase/erasePlaces.ts', 'operate/erase.contract', [
    [
      'parseRelayWaitingKey(key) === null && parseRelayRefusedKey(key) === null',
      'parseRelayWaitingKey(key) === null',
    ],
  ]),
].flat();
