import { SortedMembers } from '../../base/canonicalJson.ts';
import { isEmptyJson, isJsonObject, type JsonObject } from '../../base/json.ts';
import { idText } from '../../tables/memberWriter.ts';
import { EvaluationText } from '../../wire/EvaluationText.ts';
import { eventRefusal } from '../../wire/EventError.ts';
import { holdoutTest } from '../../wire/isAssignment.ts';
import { ACCEPTED, RequestError, refusalAnswer } from '../../wire/RequestError.ts';
import { TELEMETRY_EVENTS } from '../../wire/sdkEvents.ts';
import { eventFilter, type ItemList } from '../eventFilter.ts';
import type { EventReader, Protocol, ReaderContext } from '../Protocol.ts';
import { Evaluations, EXPOSURE_KINDS, storedEvaluation } from './exposures.ts';
import { parseBatch } from './parseBatch.ts';
import { eventNames, fromCustomExposure, readEvent } from './readEvent.ts';
import { isExceptionReport, readSdkRequest, reservedDetail, reservedEndpoint } from './statsigRequest.ts';

/**
 * Statsig's SDKs and its HTTP API. Any path may be the log path, because customers rename it to avoid blockers, but those from
 * which SDKs read.
 */
export const statsig: Protocol = {
  name: 'statsig',
  takes: () => true,
  readRequest: readSdkRequest,
  requireEvents({ path }) {
    const endpoint = reservedEndpoint(path);
    if (endpoint !== null) throw new RequestError('SLUICE_PATH_RESERVED', reservedDetail(endpoint));
  },
  isReport: ({ path }) => isExceptionReport(path),
  endpointName: reservedEndpoint,
  accepted: ACCEPTED,
  refusal: refusalAnswer,
  isRelayed: true,
  reader: statsigReader,
};

function statsigReader(context: ReaderContext): EventReader {
  const { known, holdouts, landTelemetry, resolveExperiment } = context;
  const evaluations = new Evaluations(context.writeEvaluation, resolveExperiment, known);
  const isHeldOut = holdoutTest([...known.holdouts, ...(holdouts ?? [])]);
  const eventOf = (item: unknown, list: ItemList) => (list === 'events' ? item : fromCustomExposure(item));
  return {
    filter: eventFilter(context, (item, list) => {
      const found = eventNames(eventOf(item, list), resolveExperiment);
      // Telemetry that does not land anyway is counted under its own name.
      const isCounted =
        !landTelemetry && found?.kind === 'events' && TELEMETRY_EVENTS.has(found.names[0] ?? '');
      return isCounted ? null : found;
    }),
    parse: parseBatch,
    read: (item, list, { user }) => readEvent(eventOf(item, list), user, landTelemetry),
    evaluate({ name, metadata, secondaryExposures }, json) {
      const kind = EXPOSURE_KINDS.get(name);
      if (kind === undefined || !isJsonObject(metadata)) throw eventRefusal('SLUICE_EVENT_BAD_EXPOSURE');
      return evaluations.get(kind, metadata, json, isHeldOut?.(secondaryExposures) ?? false);
    },
    storedEvaluation({ metadata }, redaction, json) {
      if (!isJsonObject(metadata)) throw eventRefusal('SLUICE_EVENT_BAD_EXPOSURE');
      return storedEvaluation(new SortedMembers(EvaluationText.parsed(metadata)), redaction, json);
    },
    sent(item) {
      if (!isJsonObject(item) || !(item['metadata'] instanceof EvaluationText)) return item;
      return { ...item, metadata: item['metadata'].toObject() };
    },
    redacted: (item, redaction, meter) => redaction.event(item, meter),
    common: ({ user, senderMetadata }, { sessionId, clientTime }) => ({
      ...(user === null ? null : { user }),
      ...withSession(senderMetadata, sessionId),
      ...(clientTime === null ? null : { clientTime }),
    }),
    body(lists, common) {
      const text = lists.map(([list, items]) => `"${list}":[${items}]`).join();
      return common === '{}' ? `{${text}}` : `{${text},${common.slice(1)}`;
    },
  };
}

/** The batch's metadata with a session that only a header or the query stated: it is part of the sender's identity. */
function withSession(metadata: JsonObject | null, sessionId: string | null) {
  const told = sessionId === null || idText(metadata?.['sessionID']) !== null;
  const all = told ? metadata : { ...metadata, sessionID: sessionId };
  return isEmptyJson(all) ? null : { statsigMetadata: all };
}
