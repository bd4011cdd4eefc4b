// The core of a function at its limits, in a process with a part of the function's heap. The argument says which.

import { systemTiming } from '../../../lib/base/retry.ts';
import { addDays, DAY_MS } from '../../../lib/base/time.ts';
import { collectPlan } from '../../../lib/collect/rows/plan.ts';
import { collectBatch } from '../../../lib/collect/rows.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { MAX_OBJECTS } from '../../../lib/drops/limits.ts';
import { findLateDrops } from '../../../lib/drops/plan/late/lateDrops.ts';
import type { PartitionCatalog } from '../../../lib/landing/catalog/PartitionCatalog.ts';
import { dayLocation } from '../../../lib/landing/catalog/registerPartitions.ts';
import { MAX_PAGES, repairTable } from '../../../lib/landing/catalog/repairTable.ts';
import { encodeLines } from '../../../lib/landing/store/encodeLines.ts';
import { lookAtLanding } from '../../../lib/landing/write/lookAtLanding.ts';
import { Ledger } from '../../../lib/ledger/Ledger.ts';
import { ledgerStore } from '../../../lib/ledger/ledgerStore.ts';
import { sweepVersions } from '../../../lib/ledger/sweepVersions.ts';
import { reconcileDay } from '../../../lib/reconcile/reconcileDays.ts';
import { SENT_AT_ONCE } from '../../../lib/relay/limits.ts';
import { writeRelayCopy, writeRelayedKey } from '../../../lib/relay/RelayCopy.ts';
import { relayMessages } from '../../../lib/relay/relayMessages.ts';
import { Target } from '../../../lib/relay/Target.ts';
import { LANDING_NOTES, versionNoteKey } from '../../../lib/tables/ledgerKeys.ts';
import { DAMAGED_FOLDER, LANDING_FOLDER } from '../../../lib/tables/objectKeys.ts';
import { relayId, relayWaitingKey } from '../../../lib/tables/relayKeys.ts';
import { MAX_BODY_BYTES, MAX_DECODED_BYTES, MAX_EVENTS } from '../../../lib/wire/limits.ts';
import { sender } from '../../lib/collect/collectOne.ts';
import { LargeFolders } from './LargeFolders.ts';
import { ManyFiles } from './ManyFiles.ts';

const NOW = Date.UTC(2026, 10, 20, 9);
const DAY = '2026-11-19';
const THOUSAND = 1_000;
/** Objects of the landing, and notes that they are written: more than are listed. */
const WAITING = 101 * THOUSAND;
const clock = { now: () => NOW };
const timing = { ...systemTiming, clock, deadline: Number.POSITIVE_INFINITY };
const log = () => {};
const config = defineConfig({
  bucket: 'acme-experiments',
  sources: [
    {
      name: 'acme',
      bucket: 'acme-drops',
      owner: '111122223333',
      datasets: ['d0', 'd1'].map((name) => ({
        name,
        kind: 'events' as const,
        expectedBy: { hour: 6, daysAfter: 1 },
      })),
    },
  ],
});
const { bucket } = config;

/** A ledger whose entries name as many files as they may. */
const manyFiles = new Ledger({
  store: ledgerStore(new ManyFiles(() => MAX_OBJECTS)),
  newToken: () => 't',
  ...timing,
});

/** A page of items that are made when it is read. */
function pageOf<Item>(count: number, token: string | undefined, item: (number: number) => Item) {
  const from = Number(token ?? 0);
  const to = Math.min(count, from + THOUSAND);
  const items = Array.from({ length: to - from }, (_, i) => item(from + i));
  return { items, next: to < count ? String(to) : undefined };
}

const columns = (Type: string) => Array.from({ length: 12 }, (_, i) => ({ Name: `column_${i}`, Type }));
/** A catalog of these partitions, whose changes succeed. */
function catalogOf(page: (days: readonly string[] | undefined, token: string | undefined) => PartitionPage) {
  const catalog: PartitionCatalog = {
    getTable: async (_, name) => ({ name, storage: { Columns: columns('string') }, partitionKeys: ['ds'] }),
    listPage: async (_, _table, token, days) => page(days, token),
    batchCreate: async () => [],
    batchUpdate: async () => [],
  };
  return catalog;
}
type PartitionPage = Awaited<ReturnType<PartitionCatalog['listPage']>>;

/** The folders of the landing with as many objects as may wait there. */
function fullLanding(): LargeFolders {
  const folder = (prefix: string, name: string, end: string) => ({
    prefix,
    count: WAITING,
    object: (number: number) => ({
      key: `${prefix}${name}${String(number).padStart(64, '0')}${end}`,
      size: 1,
      eTag: `"${String(number).padStart(32, '0')}"`,
      modifiedAt: NOW,
    }),
  });
  const hour = '2026/11/19/07/';
  return new LargeFolders([
    folder(LANDING_FOLDER, hour, '.ndjson.gz'),
    folder(DAMAGED_FOLDER, hour, '.ndjson.gz'),
    folder(LANDING_NOTES, '', '-0123456789abcdef.written.json'),
  ]);
}

const works: Readonly<Record<string, () => Promise<unknown>>> = {
  async collect() {
    const event = { eventName: 'purchase', value: 1, metadata: { page: '' } };
    event.metadata.page = 'x'.repeat(MAX_DECODED_BYTES / MAX_EVENTS - JSON.stringify(event).length - 2);
    const text = JSON.stringify({ events: Array.from({ length: MAX_EVENTS }, () => event) });
    const { rows } = collectBatch(text, sender, collectPlan(config));
    return { events: rows.events.length, isRecord: encodeLines(rows) !== null };
  },

  async register() {
    const count = MAX_PAGES * THOUSAND;
    const dayOf = (number: number) => addDays('1800-01-01', number);
    const catalog = catalogOf((_days, token) =>
      pageOf(count, token, (number) => {
        const Location = dayLocation(config, bucket, 'events', dayOf(number));
        return { values: [dayOf(number)], storage: { Columns: columns('int'), Location } };
      }),
    );
    const objects = new LargeFolders([]);
    objects.listFolders = async (_prefix, { token } = {}) => pageOf(count, token, dayOf);
    const { updated } = await repairTable({ config, bucket, catalog, objects, attempts: timing }, 'events');
    return updated.length;
  },

  async write() {
    let reported = 0;
    const send = async (bodies: readonly string[]) => {
      reported = bodies.length;
    };
    const store = fullLanding();
    await lookAtLanding(
      { ...timing, store, clock: { now: () => NOW + DAY_MS }, log, stage: 'test', config },
      { send, waiting: async () => 0 },
    );
    return reported;
  },

  async reconcile() {
    const names = { stage: 'test', collect: 'collect', register: 'register', stream: 'stream' };
    const ports = { config, names, afterMs: 0, store: fullLanding(), now: NOW };
    const none = { readMetrics: async () => new Map(), ask: async () => [] };
    const rows = await reconcileDay({ ...ports, ...none }, DAY);
    return Math.max(...rows.map(({ waiting_objects: waiting }) => Number(waiting)));
  },

  async 'ingest-plan'() {
    const open = ['2026-11-16', '2026-11-17'];
    const notes = { read: async () => ({ at: NOW, open, late: [] }), write: async () => {} };
    const bucketOf = () => ({ list: async () => ({ objects: [], next: undefined }) });
    const looks = { entries: async () => new Map() };
    const ports = {
      sources: config.sources,
      bucketOf,
      ledger: manyFiles,
      looks,
      lateNotes: notes,
      ...timing,
    };
    return (await findLateDrops(ports, {})).datasets;
  },

  async 'ingest-load'() {
    const keys = [15, 16, 17, 18].map((day) => {
      return versionNoteKey({ due: 0, table: 'acme_d0', day: `2026-11-${day}`, version: 'v0' });
    });
    const landing = {
      list: async (prefix: string, after?: string) =>
        keys.filter((key) => after === undefined && key.startsWith(prefix)),
      remove: async () => {},
    };
    const catalog = catalogOf(([day = ''] = []) => {
      return { items: [{ values: [day], storage: { Location: 's3://elsewhere/' } }], next: undefined };
    });
    const sweeper = { config, bucket, landing, catalog, ledger: manyFiles, log, ...timing };
    return sweepVersions(sweeper, { ...timing, signal: new AbortController().signal });
  },

  async relay() {
    const body = Buffer.alloc(MAX_BODY_BYTES, 'x');
    const ids = Array.from({ length: SENT_AT_ONCE }, (_, i) => relayId(NOW, String(i).repeat(24)));
    const copy = { keptAt: NOW, path: '/v1/rgstr', query: '', headers: {}, body };
    const store = new LargeFolders([], (key) => {
      const id = ids.find((copyId) => relayWaitingKey(copyId) === key);
      return id === undefined ? null : writeRelayCopy({ ...copy, id });
    });
    const send = async () => ({ status: 202, retryAfter: null, saysFailure: false, isPage: false });
    const target = new Target({ target: { statsig: true }, clock, random: () => 0, log, send });
    const queues = { hide: async () => {}, bury: async () => {} };
    const messages = ids.map((id) => {
      return {
        messageId: id,
        receipt: id,
        body: writeRelayedKey(relayWaitingKey(id)),
        receives: 1,
        sentAt: NOW,
      };
    });
    return relayMessages({ target, queues, store, ...timing, log, stage: 'test' }, messages);
  },
};

const [name = ''] = process.argv.slice(2);
process.stdout.write(JSON.stringify(await works[name]?.()));
