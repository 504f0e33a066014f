// Keeps the whole shell of one version on the device: Valise starts without a line, and the code that runs is the code
// the person has, until they choose a newer one. Messages never pass here.
//
// A new version of this file caches its own shell under its own name and goes on serving the one that is in use.
const VERSION = '{{version}}';
const SHELL = 'valise-shell-';
const STATE = 'valise-state';
// Under this, films and sounds are played that may still be on their way.
const PLAYED = '/played/';
// A piece that has not come is asked for again after so long, so many times: four minutes.
const PIECE_AGAIN_MS = 400;
const PIECE_TRIES_MAX = 600;
// A page that was asked and does not answer for so long has lost the question: it is asked again.
const PIECE_ANSWER_MS = 10_000;

self.addEventListener('install', (event) => event.waitUntil(install()));
self.addEventListener('activate', (event) => event.waitUntil(activate()));
self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url);
  const mine = event.request.method === 'GET' && url.origin === location.origin && !url.pathname.startsWith('/v1/');
  if (!mine) return;
  event.respondWith(url.pathname.startsWith(PLAYED) ? play(event, url) : serve(event.request, url));
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

// One piece an answer: the browser asks for the next when it needs it, and nothing is kept alive in between. Only a player is answered,
// so that nothing that somebody sent is ever a document of this origin.
async function play({ request, clientId }, url) {
  const nothing = new Response(null, { status: 404 });
  const client = await self.clients.get(clientId);
  if (!client || !['audio', 'video'].includes(request.destination)) return nothing;
  const at = Number(/^bytes=(\d+)-/.exec(request.headers.get('range') ?? '')?.[1] ?? 0);
  const found = await piece(client, { id: url.pathname.slice(PLAYED.length), at });
  if (!found) return nothing;
  const { size, type, blob } = found;
  if (blob.size === 0) return new Response(null, { status: 416, headers: { 'content-range': `bytes */${size}` } });
  return new Response(blob, {
    status: 206,
    headers: {
      'accept-ranges': 'bytes',
      'cache-control': 'no-store',
      'content-length': `${blob.size}`,
      'content-range': `bytes ${at}-${at + blob.size - 1}/${size}`,
      'content-type': type,
      'x-content-type-options': 'nosniff',
    },
  });
}

async function piece(client, wanted) {
  for (let tries = 0; tries < PIECE_TRIES_MAX; tries += 1) {
    const answer = await new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = ({ data }) => resolve(data);
      setTimeout(() => resolve({ later: true }), PIECE_ANSWER_MS);
      client.postMessage({ piece: wanted }, [port2]);
    });
    if (answer?.blob) return answer;
    if (!answer?.later) return undefined;
    await new Promise((resolve) => setTimeout(resolve, PIECE_AGAIN_MS));
  }
  return undefined;
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
