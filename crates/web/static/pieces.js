// Films and sounds are played while they come: the service worker asks the page that plays for each piece, and the page's program asks
// the core. What the page's program hears as `valise-piece` it answers at the port that comes along.
navigator.serviceWorker?.addEventListener('message', ({ data, ports: [port] }) => {
  if (data?.piece && port) dispatchEvent(new CustomEvent('valise-piece', { detail: { ...data.piece, port } }));
});
