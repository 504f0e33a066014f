// Keeps the whole shell of one version on the device: Valise starts without a line, and the code that runs is the code
// the person has, until they choose a newer one. Messages never pass here.
//
// A new version of this file caches its own shell under its own name and goes on serving the one that is in use.
const VERSION = '{{version}}';
const SHELL = 'valise-shell-';
const STATE = 'valise-state';

self.addEventListener('install', (event) => event.waitUntil(install()));
self.addEventListener('activate', (event) => event.waitUntil(activate()));
self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url);
  const mine = event.request.method === 'GET' && url.origin === location.origin && !url.pathname.startsWith('/v1/');
  if (mine) event.respondWith(serve(event.request, url));
});
self.addEventListener('message', (event) => {
  const answer = { 'is-there-a-newer': tellNewer, 'use-newer': useNewer }[event.data];
  if (answer) event.waitUntil(answer(event.source));
});

async function install() {
  const { version, files } = await (await fetch('/files.json', { cache: 'no-store' })).json();
  if (version !== VERSION) throw new Error('The files are of another version; the next look finds one that fits.');
  const shell = await caches.open(SHELL + VERSION);
  await Promise.all(files.filter(({ path }) => path !== 'service-worker.js').map(async ({ path, integrity }) => {
    const url = path === 'index.html' ? '/' : `/${path}`;
    const response = await fetch(url, { cache: 'no-store', integrity });
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    await shell.put(`/${path}`, response);
  }));
  if (!(await inUse())) await use(VERSION);
  // Only this script takes over now; the shell in use stays.
  await self.skipWaiting();
}

async function activate() {
  const keep = [STATE, SHELL + VERSION, SHELL + (await inUse())];
  for (const name of await caches.keys()) if (!keep.includes(name)) await caches.delete(name);
  await self.clients.claim();
  await tellNewer();
}

async function serve(request, url) {
  const path = request.mode === 'navigate' ? '/index.html' : url.pathname;
  const shell = await caches.open(SHELL + (await inUse()));
  return (await shell.match(path)) ?? fetch(request);
}

async function tellNewer(client) {
  if ((await inUse()) === VERSION) return;
  const clients = client ? [client] : await self.clients.matchAll();
  for (const one of clients) one.postMessage({ newer: true });
}

// All tabs go together, so that no two versions share one store.
async function useNewer() {
  await use(VERSION);
  for (const client of await self.clients.matchAll()) client.postMessage({ taken: true });
  await activate();
}

async function inUse() {
  const state = await caches.open(STATE);
  return (await state.match('/version'))?.text();
}

async function use(version) {
  const state = await caches.open(STATE);
  await state.put('/version', new Response(version));
}
