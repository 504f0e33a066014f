// Loads the worker's program, and holds what the page says meanwhile.
const early = [];
onmessage = (event) => early.push(event);

const { default: init } = await import('/worker/worker.js');
await init({ module_or_path: new URL('/worker/worker_bg.wasm', import.meta.url) });

for (const event of early) self.onmessage(event);
