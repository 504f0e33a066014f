// Loads the worker's program.
import init from '/worker/worker.js';

await init({ module_or_path: new URL('/worker/worker_bg.wasm', import.meta.url) });
