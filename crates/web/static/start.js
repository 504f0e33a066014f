// Loads the page's program. A file of its own, because the content security policy forbids inline scripts.
import init from '/page/page.js';
import './pieces.js';
import './versions.js';

await init({ module_or_path: new URL('/page/page_bg.wasm', import.meta.url) });
