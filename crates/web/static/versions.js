// Which version of Valise runs here. The service worker keeps one version until the person chooses another: nothing is
// swapped behind their back. The page's program hears `valise-newer` and says `valise-use-newer`.
const workers = navigator.serviceWorker;

if (workers) {
  workers.addEventListener('message', ({ data }) => {
    if (data?.newer) dispatchEvent(new Event('valise-newer'));
    if (data?.taken) location.reload();
  });
  addEventListener('valise-use-newer', async () => {
    (await workers.ready).active?.postMessage('use-newer');
  });
  const look = async () => {
    const registration = await workers.ready;
    registration.active?.postMessage('is-there-a-newer');
  };
  workers.addEventListener('controllerchange', look);
  // A page that cannot have a service worker (private windows) works all the same, but not offline.
  workers.register('/service-worker.js', { updateViaCache: 'none' }).then(look, () => {});
}
