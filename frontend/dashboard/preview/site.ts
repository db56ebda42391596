/** A made-up site with the real launcher on it; the call it opens is played from a script. */

import { readLauncherConfig } from '../../widget/config.ts';
import { Launcher } from '../../widget/loader/launcher.ts';
import { isPreviewMessage } from './messages.ts';

let launcher: Launcher | null = null;
let open = false;

document.addEventListener('call-widget:open', () => (open = true));
document.addEventListener('call-widget:close', () => (open = false));

function show(config: Record<string, unknown>): void {
  window.previewConfig = config;
  const wasOpen = open;
  document.querySelector('[data-call-widget]')?.remove();
  launcher = null;
  open = false;
  const launcherConfig = readLauncherConfig(config);
  if (!launcherConfig.enabledCall) return;
  const address = new URL('./call.html', location.href);
  address.searchParams.set('parent', location.origin);
  launcher = new Launcher(launcherConfig, address);
  launcher.mount(document.body);
  // Opening takes the focus, which belongs to the form while somebody types there.
  const writing = window.parent.document.activeElement;
  if (wasOpen) launcher.open();
  if (wasOpen && writing instanceof HTMLElement && writing.tagName !== 'IFRAME') writing.focus();
}

window.addEventListener('message', (event) => {
  if (event.origin !== location.origin || event.source !== window.parent || !isPreviewMessage(event.data)) return;
  document.body.dataset.background = event.data.background;
  show(event.data.config);
});
window.parent.postMessage({ kind: 'widget-preview-ready' }, location.origin);
