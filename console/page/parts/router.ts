import { useEffect, useState } from 'preact/hooks';
import type { Params } from './api.ts';

/** Where the page is: `#/live?user=ada` is `/live` with the parameter `user`. */
export interface Route {
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
}

function readRoute(): Route {
  const [path = '', query = ''] = location.hash.slice(1).split('?');
  return { path: path === '' ? '/' : path, params: Object.fromEntries(new URLSearchParams(query)) };
}

/** The address of a page, for `href`. Empty and undefined parameters are left out. */
export function link(path: string, params: Params = {}): string {
  const given = Object.entries(params).flatMap(([name, value]) =>
    value === undefined || value === '' || value === false ? [] : [[name, String(value)]],
  );
  return given.length === 0 ? `#${path}` : `#${path}?${new URLSearchParams(given)}`;
}

let moves = 0;

/** Whether somebody has gone from the first page that this tab showed to another. */
export function hasMoved(): boolean {
  return moves > 0;
}

/** The current route. */
export function useRoute(): Route {
  const [route, setRoute] = useState(readRoute);
  useEffect(() => {
    const change = () => {
      moves += 1;
      setRoute(readRoute());
    };
    window.addEventListener('hashchange', change);
    // The address may have changed between the first drawing and now. That is no move: the focus stays at the page's top.
    setRoute(readRoute());
    return () => window.removeEventListener('hashchange', change);
  }, []);
  return route;
}

/** Goes to a page. */
export function go(path: string, params: Params = {}): void {
  location.hash = link(path, params);
}

/** Changes parameters of the current page without an entry in the history: filters while somebody types. */
export function setParams(change: Params): void {
  const { path, params } = readRoute();
  history.replaceState(null, '', link(path, { ...params, ...change }));
  window.dispatchEvent(new HashChangeEvent('hashchange'));
}
