// The HTTP endpoint in front of services.
export { parseAllowedHosts } from './requestGuard.ts';
export { type EdgeOptions, startEdge } from './startEdge.ts';
