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

/** Faults of a file. Suites are named without `test/` and `.test.ts`. */
interface FaultsOfFile {
  readonly file: string;
  readonly suites: readonly string[];
  readonly faults: readonly (readonly [old: string, fault: string])[];
}

const CURATE = ['lib/curate/curateTask.contract'];
const OPERATE = ['operate/redrives.contract'];

const table: readonly FaultsOfFile[] = [
  // Files of customers.
  {
    file: 'lib/schema/fields/layout.ts',
    suites: ['lib/schema/fields/layout'],
    faults: [
      ['isValue && i === last ? MIDNIGHT', 'i < 0 ? MIDNIGHT'],
      ['M: String.raw`(?<month>[1-9]\\d?)`', 'M: String.raw`(?<month>\\d)`'],
    ],
  },
  {
    file: 'lib/drops/mapping/jsonText.ts',
    suites: ['lib/drops/mapping/jsonTexts.contract'],
    faults: [['NOT ${isJson(text)} AND ${isJson(nulls)}', '${isJson(text)}']],
  },
  {
    file: 'lib/drops/load/chooseEngine.ts',
    suites: ['lib/drops/athena/chooseEngine'],
    faults: [['(groups > 1 ? threads + 2 : 1)', '1']],
  },
  // Between two workers.
  {
    file: 'lib/curate/curationRun.ts',
    suites: ['lib/curate/curationRun'],
    faults: [
      [' && lease?.owner === owner ?', ' ?'],
      ['known.lease.until > now', 'known.lease.until < now'],
      ["wanted.kept.version !== known.version) return { begin: 'busy' }", "false) return { begin: 'busy' }"],
      ['known.lease !== undefined,\n', 'false,\n'],
      ['!== rawRows || rows + resends', '!== rawRows && rows + resends'],
    ],
  },
  {
    file: 'lib/curate/publishVersion.ts',
    suites: CURATE,
    faults: [
      ['if (kept.entry === undefined) return null;', ''],
      ['if (settled.entry === undefined) return null;', ''],
      ['raw.fingerprint !== made.fingerprint', 'false'],
      ['fingerprintFiles(before) !== made.kept.fingerprint', 'false'],
      ['if (extra.length > 0) await landing.remove(extra);', ''],
      ['  await requireTableOfToday(curator, kind, attempts);\n', ''],
      ['if (missing.size > 0) {', 'if (missing.size > files.length) {'],
      ['isOfVersion && other !== key', 'isOfVersion && other === key'],
    ],
  },
  {
    file: 'lib/curate/curateTask.ts',
    suites: CURATE,
    faults: [
      ['if (now.fingerprint !== fingerprint) await takeOutDays(curator, kind, new Map([[day, entry]]));', ''],
      ["if (ended.entry === undefined) return { outcome: 'lost' };", ''],
      ["if (settled === null) return { outcome: 'lost' };", ''],
      ['lost.length > 0 && kept.length !== known?.curated?.filesWritten', 'false'],
      ['isFinal || run.isLastAttempt', 'isFinal'],
      ["if (failure !== null) return { outcome: 'handed_back', failure };", ''],
    ],
  },
  {
    file: 'lib/curate/decideDay.ts',
    suites: ['lib/curate/decideDay'],
    faults: [
      ['const isRead = entry?.version === version;', 'const isRead = true;'],
      ['entry.lease.until > now', 'entry.lease.until >= now - 1'],
      ['keeps === lost.length > 0', 'true'],
    ],
  },
  {
    file: 'lib/curate/planDays.ts',
    suites: [...CURATE, 'lib/curate/planDays.contract'],
    faults: [
      ['if (now.fingerprint === entry.fingerprint) return true;', 'return true;'],
      ['if (hasBegun || ', 'if ('],
      [
        'await tasks.send(bodies.map((body) => JSON.stringify(body)));',
        'await tasks.send(bodies.map((body) => JSON.stringify(body))).catch(() => 0);',
      ],
      ['  await publish();\n', ''],
    ],
  },
  {
    file: 'lib/curate/ListedDays.ts',
    suites: ['lib/curate/ListedDays'],
    faults: [
      ['|| before.version > entry.version', ''],
      ['seen === undefined || !isSameDay(seen, entry)', 'seen === undefined'],
      ['clock.now() - known.updatedAt > TAKEN_BACK_MS', 'true'],
      ['stored?.eTag ?? null)) return true', 'stored?.eTag ?? null) || true) return true'],
    ],
  },
  {
    file: 'lib/curate/lostFiles.ts',
    suites: ['lib/curate/ListedDays'],
    faults: [
      ['forwardedDays - timeWindow.futureDays', 'forwardedDays'],
      ["kept.accepted === 'drop'", "kept.accepted === 'keep'"],
      ['run !== undefined && isMade(run)', 'run !== undefined'],
    ],
  },
  {
    file: 'lib/export/exportDay.ts',
    suites: ['lib/export/exportDay.contract'],
    faults: [
      ['    claim = renewed;\n', ''],

      ["if (renewed === null) return { outcome: 'lost' };", 'if (renewed === null) void 0;'],
      ['copies.every(Boolean)', 'copies.some(Boolean)'],
    ],
  },
  {
    file: 'lib/drops/load/publishVersion.ts',
    suites: ['lib/drops/load/loadTask.contract'],
    faults: [['if (renewed === null) return false;\n  progress', 'if (renewed !== null) progress']],
  },
  {
    file: 'lib/landing/write/writeObjects.ts',
    suites: ['lib/landing/write/writeObjects.contract'],
    faults: [
      ['    if (this.done.failed.has(key)) return false;\n', ''],
      ['await this.#writer.store.removeAll(put).catch(() => []);', ''],
      ['if (at === from || this.done.failed.has(version.key)) return;', ''],
      ['if (why !== undefined) await writeNote(store, version, { written: true, why });', ''],
      ['      for (const object of ended) await this.#putAside(object);\n', ''],
    ],
  },
  {
    file: 'lib/ledger/movePartition.ts',
    suites: ['lib/ledger/movePartition'],
    faults: [
      ["moved !== 'EntityNotFoundException'", 'false'],
      ["|| made === 'AlreadyExistsException'", ''],
    ],
  },
  {
    file: 'lib/ledger/Ledger.ts',
    suites: ['lib/ledger/ledger'],
    faults: [
      ['(isPutDown ? 0 : 1)', '1'],
      ['queued: noted, attempts: 0 }', 'queued: noted }'],

      [
        "const kept = without(claim.entry, 'lease');\n    return (await this.#write({ ...kept, state: 'loading' }",
        "const kept = without(claim.entry, 'lease', 'athena');\n    return (await this.#write({ ...kept, state: 'loading' }",
      ],

      [
        'if (lease !== undefined && lease.until > clock.now()) return { busyUntil',
        'if (lease === undefined) return { busyUntil',
      ],
      ['if (seen !== undefined && stored?.entry.token !== seen?.token) return false;', ''],
      ['if (there?.entry.token === entry.token) return there;', ''],
      ['queued.fingerprint === queuedFor', 'queued.fingerprint !== queuedFor'],
    ],
  },
  {
    file: 'cli/commands/keys.ts',
    suites: ['cli/keys.contract'],
    faults: [
      [
        'if (await secret.replace(edit(text), version)) return;',
        'await secret.replace(edit(text), version); return;',
      ],
    ],
  },
  // After an error, or an answer that is one in part.
  {
    file: 'lib/aws/partialAnswers.ts',
    suites: ['lib/aws/partialAnswers.contract'],
    faults: [
      ['Errors.map(({ Key', '[].map(({ Key'],
      ['new Set(Successful.map(({ Id }) => Id))', 'new Set(Array.from({ length: 10 }, (_, i) => String(i)))'],
      ['Errors.map(({ PartitionValues,', '[].map(({ PartitionValues,'],
      ['Errors.map(({ PartitionValueList,', '[].map(({ PartitionValueList,'],
      ["|| state === 'cancelled'", ''],
    ],
  },
  {
    file: 'lib/relay/Tries.ts',
    suites: ['lib/relay/relayMessages'],
    faults: [
      ['await store.write(key', 'void store.write(key'],
      ['clock.now() - since >= TRIED_MS', 'clock.now() - copy.keptAt >= MAX_AGE_MS'],
      ['age >= MAX_AGE_MS', 'age > MAX_AGE_MS'],
    ],
  },
  {
    file: 'lib/relay/relayMessages.ts',
    suites: ['lib/relay/relayMessages'],
    faults: [
      ['await relayer.queues.bury(body)', 'void relayer.queues.bury(body).catch(() => 0)'],
      ['tries.settle(copy, message.sentAt)', 'tries.settle(copy, copy.keptAt)'],
      ['retryDelayMs(message.receives, afterMs, random)', 'retryDelayMs(1, afterMs, random)'],

      ['if (afterMs !== null) return stay(message, afterMs, relayer);', ''],
      ["if (typeof given === 'string') await store.remove(given);", ''],
      ['      return stay(message, 0, relayer);\n    }),', '      return true;\n    }),'],
    ],
  },
  {
    file: 'lib/relay/CopyKeeper.ts',
    suites: ['lib/relay/CopyKeeper'],
    faults: [
      [
        'if (!isMessage) await put(key, text, left());',
        'if (!isMessage) void put(key, text, left()).catch(() => 0);',
      ],
      ['headers: recounted(headers, shown.events)', 'headers'],
      ['if (!choice.redacted) return', 'if (!choice.redacted || redaction === null) return'],
    ],
  },
  {
    file: 'lib/collect/rows.ts',
    suites: ['lib/collect/collectBatch'],
    faults: [
      ['isInWindow ? corrected : receivedAt', 'isInWindow ? sent : receivedAt'],
      ['const isInWindow = corrected >=', 'const isInWindow = sent >='],
      ['corrected < YEAR_2000_MS', 'corrected <= YEAR_2000_MS'],
    ],
  },
  {
    file: 'infra/serverless/service.ts',
    suites: ['infra/ownSettings'],
    faults: [["      functionResponseType: 'ReportBatchItemFailures',\n", '']],
  },
  {
    file: 'lib/access/sessionPolicies.ts',
    suites: ['lib/access/sessionPolicies.contract'],
    faults: [['tableFolders(layout, kind)', '[tableFolder(layout, kind)]']],
  },
  {
    file: 'observe/reconcile/reconcile.ts',
    suites: ['observe/reconcile.contract'],
    faults: [['hour + HOUR_MS + afterMs', 'hour + HOUR_MS']],
  },
  {
    file: 'lib/landing/LandingNotes.ts',
    suites: ['lib/landing/LandingNotes', 'lib/landing/write/lookAtLanding'],
    faults: [
      ['Math.floor(modifiedAt / 1000)', 'modifiedAt'],
      ['throwsConflict: true', 'throwsConflict: false'],
      ['keys: all.filter((_, i) => stored[i] !== null)', 'keys: all'],
      ["(['written', null] as const)", "(['written', undefined] as const)"],
    ],
  },
  {
    file: 'lib/landing/lines/LandedObject.ts',
    suites: ['lib/landing/lines/LandedObject'],
    faults: [
      ['if (isSum && isLength)', 'if (isSum || isLength)'],
      ['isSum ? at + 4 : isLength', 'isSum ? end : isLength'],
      ['bytes.length - HEADER.length + 1)', 'bytes.length)'],
      ['|| !beginsAsRow(text)) return BROKEN', ') return BROKEN'],
      ["others.length > MOST_OTHERS ? 'many", "others.length > 2 * MOST_OTHERS ? 'many"],
      ['[...this.#whole, ...this.#broken]', '[...this.#broken, ...this.#whole]'],
    ],
  },
  {
    file: 'lib/landing/write/lookAtLanding.ts',
    suites: ['lib/landing/write/lookAtLanding'],
    faults: [
      ['if (bodies.length < MOST_TOLD) await store.write', 'await store.write'],
      ['    if (!isLanded(key)) continue;\n', ''],

      ['  await queue.send(bodies);\n', '  await queue.send(bodies).catch(() => undefined);\n'],
      ['if (!left.has(object.key)) for', 'for'],
      ['for (const note of notes.of(object)) kept.add(note);', ''],
      ['agesReached(last - modifiedAt) &&', '0 &&'],
    ],
  },
  {
    file: 'lib/landing/write/removeWritten.ts',
    suites: ['lib/landing/write/lookAtLanding', 'lib/landing/write/writeObjects.contract'],
    faults: [
      ['store.removeAll(asked).catch(failed)', 'store.removeAll(asked).catch(() => [])'],
      ['tries < TRIES && left.size > 0', 'tries < 1 && left.size > 0'],
    ],
  },
  {
    file: 'lib/landing/catalog/rawDays.ts',
    suites: ['lib/landing/catalog/rawDays'],
    faults: [
      ['last - first >= SEEN_MS', 'true'],
      ['forwardedDays - timeWindow.futureDays', 'forwardedDays'],
      ['{ expected: before?.eTag ?? null }', '{}'],
    ],
  },
  {
    file: 'lib/ledger/erasureNotes.ts',
    suites: ['lib/ledger/ledger', 'lib/curate/ListedDays'],
    faults: [
      ['endedAt === undefined || endedAt >= listedAt', 'endedAt === undefined'],
      ['endedAt === undefined && now - at < STOPPED_AFTER_MS', 'endedAt === undefined'],
      ['{ ...note, replaced: [...before, ...replaced] }', '{ ...note, replaced: [...replaced] }'],
      ['if (there.get(name) === tag) return true;', 'if (there.has(name)) return true;'],
    ],
  },
  {
    file: 'lib/ledger/sweepVersions.ts',
    suites: ['lib/drops/load/sweepVersions.contract'],
    faults: [
      ["if (!isStillDue) return 'kept';", ''],
      ['known?.table === table && known.version === version', 'known?.table === table'],
      ['note.due <= clock.now()', 'true'],
    ],
  },
  {
    file: 'observe/findings/judge.ts',
    suites: ['observe/judge'],
    faults: [
      ['(quotaShare ?? 0) >= NEAR', '(quotaShare ?? 0) > NEAR'],
      ['table === kind && kept.every((one) => one.day !== day)', 'table === kind'],
      ['share >= RESENT.times * usualOf(one)', 'share > RESENT.times'],
    ],
  },
  {
    file: 'observe/facts/flow/changes.ts',
    suites: ['observe/changes'],
    faults: [
      ['count >= (usual === 0', 'count > (usual === 0'],
      ['count >= RISE * (usual ?? 0)', 'count > RISE * (usual ?? 0)'],
      ['at - from >= SILENT_PERIODS', 'at - from > SILENT_PERIODS'],
    ],
  },
  {
    file: 'lib/drops/judgeByLogs.ts',
    suites: ['lib/drops/judgeByLogs'],
    faults: [
      ["name.includes('/')", 'false'],
      ['if (!deleted.has(key)) named', 'named'],
      ['if (missing >= 0)', 'if (missing > 1e9)'],
    ],
  },
  {
    file: 'lib/drops/Drop.ts',
    suites: ['lib/drops/judgeByLogs'],
    faults: [[' && !committed.has(by)', '']],
  },
  {
    file: 'lib/drops/load/loadByAthena.ts',
    suites: ['lib/drops/load/logs.contract'],
    faults: [["!drop.files.every(isCounted)) return 'settling';", '!drop.files.every(isCounted)) void 0;']],
  },
  {
    file: 'lib/drops/load/loadTask.ts',
    suites: ['lib/drops/load/logs.contract'],
    faults: [["if (lacksCommit(drop, entry)) return 'marker';", '']],
  },
  {
    file: 'lib/drops/usualRows.ts',
    suites: ['lib/drops/usualRows'],
    faults: [
      [' && missingSince === undefined', ''],
      ['accepted === true ||', ''],
    ],
  },
  {
    file: 'lib/aws/secrets.ts',
    suites: ['cli/keys.contract'],
    faults: [
      [
        "if (error instanceof Error && error.name === 'InvalidParameterException') return false;",
        "if (error instanceof Error && error.name === 'InvalidParameterException') return true;",
      ],
    ],
  },
  {
    file: 'lib/base/retry.ts',
    suites: ['lib/base/retry'],
    faults: [['  await wait(pauseMs);\n', '  void wait(pauseMs);\n']],
  },
  {
    file: 'lib/base/claim.ts',
    suites: ['lib/base/claim'],
    faults: [
      ['now?.claim?.owner === owner ? mine(now.eTag) : null', 'null'],
      ['await store.remove(key, eTag);', 'await store.remove(key);'],
    ],
  },
  {
    file: 'lib/base/Breaker.ts',
    suites: ['lib/landing/store/StreamBreaker'],
    faults: [['this.#probeAt = now + this.#pauseMs();\n    return true;', 'return true;']],
  },
  {
    file: 'lib/landing/store/land.ts',
    suites: ['lib/landing/store/land'],
    faults: [['&& left >= FAIR_CALL_MS', '']],
  },
  {
    file: 'lib/relay/Target.ts',
    suites: ['lib/relay/Target'],
    faults: [
      ['const failed = now < until ? times : times + 1;', 'const failed = times + 1;'],
      ['Math.max(until, now + Math.max(afterMs, ownMs))', 'now + Math.max(afterMs, ownMs)'],
    ],
  },
  {
    file: 'lib/relay/RelayCopy.ts',
    suites: ['lib/relay/relayMessages'],
    faults: [
      ["return parseRelayWaitingKey(read['key']) === null ? null : read['key'];", "return read['key'];"],
    ],
  },
  {
    file: 'lib/relay/redactBody.ts',
    suites: ['lib/relay/CopyKeeper'],
    faults: [['const shared = redaction.event(common);', 'const shared = common;']],
  },
  {
    file: 'infra/alarms/alarm.ts',
    suites: ['infra/alarms'],
    faults: [["'GreaterThanOrEqualToThreshold'", "'GreaterThanThreshold'"]],
  },
  {
    file: 'infra/alarms/dropAlarms.ts',
    suites: ['infra/alarms'],
    faults: [
      ['        metric: days_failed,\n', '        metric: datasets_unreadable,\n'],
      ['if (exports.length === 0) return {};', 'return {};'],
    ],
  },
  {
    file: 'infra/alarms/curateAlarms.ts',
    suites: ['infra/alarms'],
    faults: [['...ofPlan(curations_failed)', '...ofPlan(curations_waiting)']],
  },
  {
    file: 'lib/landing/catalog/registerMessages.ts',
    suites: ['lib/landing/catalog/registerMessages'],
    faults: [['ours[index]', 'messages[index]']],
  },
  {
    file: 'lib/drops/plan/decideDay.ts',
    suites: ['lib/drops/plan/decideDay'],
    faults: [
      ['const leasedUntil = known?.lease?.until ?? 0;', 'const leasedUntil = entry?.lease?.until ?? 0;'],
    ],
  },
  {
    file: 'lib/export/planExports.ts',
    suites: ['lib/export/planExports.contract'],
    faults: [
      ['entry?.files ?? [], clock.now()', '[], clock.now()'],
      ['{ fingerprint, reason }, entry)', '{ fingerprint, reason })'],
    ],
  },
  {
    file: 'infra/streams/queues.ts',
    suites: ['infra/resources.contract'],
    faults: [['          [`${deadLetters}Policy`]: queuePolicy(deadLetters, rules),\n', '']],
  },
  {
    file: 'infra/streams/schedules.ts',
    suites: ['infra/resources.contract'],
    faults: [['MaximumRetryAttempts: made.attempts', 'MaximumRetryAttempts: 0']],
  },
  {
    file: 'infra/streams/objectCreatedRules.ts',
    suites: ['infra/resources.contract'],
    faults: [['          DeadLetterConfig: { Arn: getAtt(rule.deadLetters) },\n', '']],
  },
  {
    file: 'infra/data/bucket.ts',
    suites: ['infra/resources.contract'],
    faults: [
      ["        VersioningConfiguration: { Status: 'Enabled' },\n", ''],
      ['NoncurrentDays: rule.versionDays', 'NoncurrentDays: 1'],
    ],
  },
  // By hand.
  {
    file: 'cli/commands/reconcile.ts',
    suites: ['observe/reconcile.contract'],
    faults: [['return result.closes ? 0 : 3;', 'return 0;']],
  },
  {
    file: 'operate/relay/redriveCopies.ts',
    suites: OPERATE,
    faults: [
      ['if (dryRun) return;', ''],
      ['      await sqs.send(new SendMessage', '      void sqs.send(new SendMessage'],
      [
        `await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: writeRelayedKey(waitingKey) }));
      await s3.send(new DeleteObjectCommand({ Bucket, Key }));`,
        `await s3.send(new DeleteObjectCommand({ Bucket, Key }));
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: writeRelayedKey(waitingKey) }));`,
      ],
      ['>= MAX_AGE_MS', '> MAX_AGE_MS'],
    ],
  },
  {
    file: 'operate/redriveLanding.ts',
    suites: OPERATE,
    faults: [['count > 0 && !dryRun', 'count > 0']],
  },
  {
    file: 'operate/redriveDamaged.ts',
    suites: OPERATE,
    faults: [
      ['await store.remove(key, eTag);', 'await store.remove(key);'],
      ['if (!dryRun && (await store.remove', 'if ((await store.remove'],
      ['|| key.startsWith(damagedKey(againKey(DAMAGED_FOLDER, now)))', ''],
    ],
  },
  {
    file: 'operate/ingest/requests.ts',
    suites: OPERATE,
    faults: [
      [
        "if (!dryRun) await sendRequests(deployment, 'ingest-plan', requests);",
        "await sendRequests(deployment, 'ingest-plan', requests);",
      ],
      ['(i + 1) * DAYS_A_REQUEST)', '(i + 1) * DAYS_A_REQUEST - 1)'],
      ["({ sluice: 'plan', asked } as const)", "({ sluice: 'plan', asked: 'backfill' } as const)"],
    ],
  },
  {
    file: 'operate/curate/requests.ts',
    suites: ['cli/dryRun.contract', 'observe/curatedDays.contract'],
    faults: [
      ['dryRun ? undefined : entry', 'entry'],
      ["drop ? ('drop' as const) : ('keep' as const)", "('keep' as const)"],
      ['if (drop && !dryRun && tables.length > 0)', 'if (drop && tables.length > 0)'],
      ['{ expected: read.eTag }', '{}'],
    ],
  },
  {
    file: 'operate/quarantine/redriveQuarantine.ts',
    suites: ['operate/quarantine/redriveRecord.contract', 'operate/quarantine/redriveQuarantine'],
    faults: [
      ['row.isWhole && row.open === 0', 'row.isWhole'],
      ['  if (land === null) return;\n', ''],
      ['record.hasEvent(eventIdOf(landed.json)) ? []', 'false ? []'],
    ],
  },
  {
    file: 'operate/quarantine/redriveRecord.ts',
    suites: ['operate/quarantine/redriveRecord.contract'],
    faults: [
      [
        'return receivedAt < (',
        'return receivedAt <= Number.MAX_VALUE && this.#rows.has(quarantineId) && 0 < (',
      ],
    ],
  },
  {
    file: 'cli/commands/redrive.ts',
    suites: ['cli/dryRun.contract'],
    faults: [['redriveLanding(deployment, dryRun)', 'redriveLanding(deployment, false)']],
  },
  {
    file: 'cli/commands/erase.ts',
    suites: ['cli/dryRun.contract'],
    faults: [["dryRun: line.values['dry-run'] === true", 'dryRun: false']],
  },
  {
    file: 'lib/erase/eraseUnits.ts',
    suites: ['operate/erase.contract'],
    faults: [
      ['run.startedAt >= foundUntil', 'now >= foundUntil'],
      ['        if (isFound) await this.#noteFound();\n', ''],
      ["if (eTag === null) throw new EraseError('SLUICE_ERASE_BUSY');", ''],
    ],
  },
  {
    file: 'lib/erase/erasePlaces.ts',
    suites: ['operate/erase.contract'],
    faults: [
      [
        'parseRelayWaitingKey(key) === null && parseRelayRefusedKey(key) === null',
        'parseRelayWaitingKey(key) === null',
      ],
    ],
  },
];

/** All of them. */
export const mutations: readonly Mutation[] = table.flatMap(({ file, suites, faults }) =>
  faults.map(([old, fault]) => ({
    ...{ file, old, fault },
    suites: suites.map((suite) => `test/${suite}.test.ts`),
  })),
);
